"""The table of hits: its columns, how scored molecules are described, and where it is kept."""

from screening.hits.about import AboutHit, about_hits, molecule_of
from screening.hits.clusters import clusters
from screening.hits.describe import describe, describe_hits, describe_scores, restated
from screening.hits.schema import (
    COLUMNS,
    LOG_ODDS,
    SCORES,
    Column,
    columns_for,
    named,
    score_columns,
)
from screening.hits.table import (
    CSV,
    PARQUET,
    Hits,
    Ranked,
    Wanted,
    csv_columns,
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
    "AboutHit",
    "Column",
    "Hits",
    "Ranked",
    "Wanted",
    "about_hits",
    "clusters",
    "columns_for",
    "csv_columns",
    "describe",
    "describe_hits",
    "describe_scores",
    "make_hits",
    "molecule_of",
    "named",
    "read_hits",
    "restated",
    "score_columns",
    "tag_of",
    "write_hits",
]
