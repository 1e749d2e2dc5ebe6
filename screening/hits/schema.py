"""The columns of the table of hits, spelled once: name, type, meaning, and how each is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from screening.model import Scores, ValueModel

TEXT, WHOLE, NUMBER, TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_ATOMS = pa.list_(pa.int32())
_ALERTS = pa.list_(pa.struct([("catalog", TEXT), ("name", TEXT), ("atoms", _ATOMS)]))
_KNOWN = pa.struct(
    [
        ("id", TEXT),
        ("similarity", pa.float32()),
        ("position", WHOLE),
        ("atoms", _ATOMS),
        ("known_atoms", _ATOMS),
    ]
)


@dataclass(frozen=True)
class Column:
    """One column of the table of hits.

    Attributes
    ----------
    name : str
    type : DataType
        In hits.parquet.
    meaning : str
    made : str
        How the value comes about.
    in_csv : bool
        Whether hits.csv has it too.
    per_task : bool
        Whether a model of several tasks has one for each, called `<name>_<task>`.
    of_values : bool
        Whether only tasks with enough measured values have it.
    """

    name: str
    type: pa.DataType
    meaning: str
    made: str
    in_csv: bool = True
    per_task: bool = False
    of_values: bool = False


_per_task = partial(Column, per_task=True)
_of_values = partial(Column, per_task=True, of_values=True)
_parquet_only = partial(Column, in_csv=False)


# In the order of hits.csv; columns of hits.parquet alone follow.
COLUMNS = (
    Column(
        "rank",
        WHOLE,
        "place in the ranking, 1 is best",
        "by the log odds in scores/, or the value with --rank-by value, the wanted first; ties in "
        "input order",
    ),
    Column("id", TEXT, "name of the compound", "from the library, or row-N for line N"),
    Column("smiles", TEXT, "structure", "from the library, as it is there"),
    _per_task(
        "score",
        NUMBER,
        "probability of being active, 0-1",
        "calibrated at the assay's base rate, or restated for --prevalence",
    ),
    _per_task(
        "score_std",
        NUMBER,
        "how far the networks disagree",
        "standard deviation of their probabilities, at the assay's base rate",
    ),
    _per_task(
        "p_active",
        NUMBER,
        "conformal p-value of being active, 0-1",
        "against held-out actives of like nearest_similarity",
    ),
    _per_task(
        "p_inactive",
        NUMBER,
        "conformal p-value of being inactive, 0-1",
        "against held-out inactives of like nearest_similarity",
    ),
    _per_task(
        "prediction_set",
        TEXT,
        "active, inactive, either or neither",
        "the classes whose p-value exceeds --risk; of new compounds drawn like the assay's, about "
        "that share of each class is missed",
    ),
    _of_values(
        "value",
        NUMBER,
        "predicted value, in the unit of the assay",
        "kernel machine and forest, blended by what they said of held-out compounds",
    ),
    _of_values(
        "value_low",
        NUMBER,
        "lower end of its interval",
        "conformal at --risk, wider where less is known; empty where it has no end",
    ),
    _of_values("value_high", NUMBER, "upper end of its interval", "as value_low"),
    _of_values(
        "potency",
        NUMBER,
        "the predicted value as -log10 of mol/L",
        "from value, where the unit is a concentration or its logarithm",
    ),
    Column(
        "in_domain",
        TRUTH,
        "whether it lies in the applicability domain",
        "by nearest_similarity, with the model's limit: 5 % of its held-out compounds are outside",
    ),
    Column(
        "novelty_percentile",
        NUMBER,
        "how strange it is to the first RBM, 0-100",
        "percentile among held-out compounds of the assay",
    ),
    Column("nearest_id", TEXT, "the most similar compound of the assay", "by Morgan fingerprints"),
    Column("nearest_similarity", NUMBER, "its Tanimoto similarity, 0-1", "to four decimals"),
    Column("nearest_label", TEXT, "active, inactive or empty", "its label for the ranked task"),
    Column(
        "alerts",
        _ALERTS,
        "structural alerts; in hits.csv as `CATALOG: name`",
        "RDKit's PAINS, BRENK and NIH catalogs, with the atoms of the first match",
    ),
    Column("scaffold", TEXT, "Bemis-Murcko scaffold; empty without a ring", "without stereo"),
    Column("source", TEXT, "file of the library", "as it was named"),
    Column(
        "row",
        WHOLE,
        "line in that file, or row of the sheet",
        "the header is line 1; SDF and Parquet: the record",
    ),
    Column(
        "duplicate_of",
        TEXT,
        "name of the first hit with the same structure; empty for that hit",
        "among the hits, by rank, by the standardised structure",
    ),
    Column("in_training", TRUTH, "whether the assay tested it", "by the standardised structure"),
    Column(
        "same_skeleton",
        TRUTH,
        "whether the assay tested it in another form only",
        "by the standardised structure without stereo and isotopes; false where in_training",
    ),
    _parquet_only(
        "structure",
        TEXT,
        "standardised structure; atoms are counted along it, from 0",
        "canonical SMILES after standardisation",
    ),
    _parquet_only("fingerprint", pa.binary(), "Morgan bits", "radius 2, 2048 bits, packed"),
    _parquet_only("cluster", WHOLE, "cluster of similar hits", "similarity 0.4 to a leader"),
    _parquet_only(
        "nearest_active",
        _KNOWN,
        "the most similar active of the assay, and the atoms that both share",
        "by Morgan fingerprints; common circular substructures",
    ),
    _parquet_only(
        "nearest_inactive", _KNOWN, "the same for the most similar inactive", "as nearest_active"
    ),
    _parquet_only("mw", NUMBER, "molecular weight, g/mol", "average of the isotopes"),
    _parquet_only("logp", NUMBER, "calculated logP", "Crippen"),
    _parquet_only("tpsa", NUMBER, "polar surface area, Å²", "Ertl, N and O only"),
    _parquet_only("hbd", WHOLE, "H-bond donors", "RDKit"),
    _parquet_only("hba", WHOLE, "H-bond acceptors", "RDKit"),
    _parquet_only("rotatable_bonds", WHOLE, "rotatable bonds", "RDKit, strict"),
    _parquet_only("fsp3", NUMBER, "share of sp3 carbons, 0-1", "RDKit"),
    _parquet_only("qed", NUMBER, "drug-likeness, 0-1", "QED"),
    _parquet_only("sa_score", NUMBER, "synthetic accessibility, 1 easy to 10", "Ertl, RDKit"),
    _parquet_only(
        "not_described",
        TEXT,
        "which of the above are empty because they failed, and why",
        "each part of a molecule is worked out for itself",
    ),
)
# Of the columns per task, those that every scored row has.
SCORES = ("score", "score_std", "p_active", "p_inactive")
# What ranks rows, one for each task too: in `scores/` alone.
LOG_ODDS = "log_odds"
# Of tasks with a value model, beside the columns above: how far the value may be off, on the scale
# that it was learned on. In `scores/` alone.
VALUE, VALUE_SPREAD = "value", "value_spread"


def named(column: str, task: str, tasks: Sequence[str]) -> str:
    """Return the column's name for a task: `score`, or `score_<task>` where there are several."""
    return column if len(tasks) == 1 else f"{column}_{task}"


def columns_for(
    tasks: Sequence[str], *, csv: bool = False, valued: Collection[str] = ()
) -> dict[str, Column]:
    """Return the columns of a model's hits by name, in their order, one block for each task.

    Parameters
    ----------
    tasks
        Of the model.
    csv
        Leave out what hits.csv does not have.
    valued
        Those of them whose values it predicts; the others have no columns of values.
    """
    block = [column for column in COLUMNS if column.per_task]
    found: dict[str, Column] = {}
    for column in COLUMNS:
        if column == block[0]:
            for task in tasks:
                own = (c for c in block if task in valued or not c.of_values)
                found |= {named(c.name, task, tasks): c for c in own}
        elif not column.per_task and (column.in_csv or not csv):
            found[column.name] = column
    return found


def score_columns(
    scores: Scores, tasks: Sequence[str], values: Mapping[str, ValueModel] | None = None
) -> dict[str, NDArray[Any]]:
    """Return scores by column name, as `scores/` has them and `describe` takes them.

    Parameters
    ----------
    scores, tasks
    values
        The value models of the tasks that have one.
    """
    found: dict[str, NDArray[Any]] = {}
    for index, task in enumerate(tasks):
        for column in (*SCORES, LOG_ODDS):
            found[named(column, task, tasks)] = getattr(scores, column)[:, index]
        if values and task in values:
            own = values[task].scale.values(scores.value[:, index])
            found[named(VALUE, task, tasks)] = own
            found[named(VALUE_SPREAD, task, tasks)] = scores.value_spread[:, index]
    found["novelty_percentile"] = scores.novelty_percentile
    found["nearest_similarity"] = scores.nearest_similarity
    return found


def free_names(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Return each name of the library's own columns, as `input_<name>` where it is taken."""
    others = set(taken)
    found: dict[str, str] = {}
    for name in names:
        free = name
        while free in others:
            free = f"input_{free}"
        found[name] = free
        others.add(free)
    return found
