"""The table of hits: its columns, how scored molecules are described, and where it is kept."""

from screening.hits.about import AboutHit, about_hits, molecule_of
from screening.hits.clusters import clusters
from screening.hits.describe import describe, describe_hits, describe_scores, restated
from screening.hits.marks import Mark, change_marks, marked, read_marks
from screening.hits.schema import (
    COLUMNS,
    LOG_ODDS,
    SCORES,
    VALUE,
    VALUE_SPREAD,
    Column,
    columns_for,
    named,
    score_columns,
)
from screening.hits.scored_rows import (
    Beside,
    Places,
    places_among,
    sampled_scores,
    score_parts,
    scores_beside,
    structure_named,
)
from screening.hits.table import (
    CSV,
    PARQUET,
    By,
    Hits,
    Ranked,
    Wanted,
    csv_columns,
    csv_table,
    make_hits,
    read_hits,
    write_hits,
)
from screening.hits.tag import TAGS, tag_of

__all__ = [
    "COLUMNS",
    "CSV",
    "LOG_ODDS",
    "PARQUET",
    "SCORES",
    "TAGS",
    "VALUE",
    "VALUE_SPREAD",
    "AboutHit",
    "Beside",
    "By",
    "Column",
    "Hits",
    "Mark",
    "Places",
    "Ranked",
    "Wanted",
    "about_hits",
    "change_marks",
    "clusters",
    "columns_for",
    "csv_columns",
    "csv_table",
    "describe",
    "describe_hits",
    "describe_scores",
    "make_hits",
    "marked",
    "molecule_of",
    "named",
    "places_among",
    "read_hits",
    "read_marks",
    "restated",
    "sampled_scores",
    "score_columns",
    "score_parts",
    "scores_beside",
    "structure_named",
    "tag_of",
    "write_hits",
]
