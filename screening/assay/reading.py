"""From a file, or from sequences in memory, to a curated assay in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.assay.curation import Assay, curate
from screening.assay.labels import GIVE_THRESHOLD, Threshold, decide, make_threshold, read_label
from screening.assay.structures import Structure
from screening.assay.targets import choose_targets
from screening.assay.tasks import Conflicts
from screening.assay.values.beside import Beside, columns_beside
from screening.assay.values.cells import is_missing_word
from screening.assay.values.column import read_values
from screening.chemistry import (
    Failure,
    Level,
    Limits,
    Standardiser,
    is_missing,
    shortened,
    smiles_of,
)
from screening.errors import UserError
from screening.tables import Announce, AssayTable, Columns, read_table, silent

# Name of the one task whose labels have no name.
ACTIVE = "active"


def read_assay(
    path: str | Path | AssayTable,
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    sheet: str | None = None,
    targets: str | Sequence[str] = (),
    active_above: float | str | None = None,
    active_below: float | str | None = None,
    relation_column: str | None = None,
    units_column: str | None = None,
    conflicts: Conflicts = "drop",
    standardize: Level = "parent",
    limits: Limits | None = None,
    workers: int = 1,
    announce: Announce = silent,
    structures: Iterable[Structure | Failure] | None = None,
) -> Assay:
    """Read a file of tested compounds: standardise, label, merge, and tell contradictions.

    Parameters
    ----------
    path
        A file: CSV, TSV, SMILES, SDF, Parquet or Excel, also gzipped. Or a table that was read,
        which has its columns.
    smiles_column, id_column
        Of a file: columns of structures and names; guessed where there is one candidate.
    sheet
        Of an Excel file; its first when None.
    targets
        Columns of labels or measured values, one a task; guessed where there is one candidate.
    active_above, active_below
        Compounds whose measured value is above (below) this one are active; one of the two, or
        none where the columns hold labels. A number in the unit of the column, or with a unit of
        its own (`"100nM"`), which also works for a column of p-values.
    relation_column, units_column
        Columns beside the values, of `>` and the like and of units; found by their names when not
        given, `"none"` where there is none.
    conflicts
        What is done with a structure that is both active and inactive: drop its label, take the
        majority, or stop with an error. Measured values are combined first; see `curate`.
    standardize
        none, parent or tautomer.
    limits
        How large a molecule may be; the default limits when None.
    workers
        Processes; the assay is the same for any number.
    announce
        Is told what was recognised.
    structures
        Of a table that was read, one a row: see `curate`.

    Returns
    -------
    Assay
        Its `ledger` tells what became of every row.

    Raises
    ------
    UserError
        The file cannot be read, a column is missing or not clear, a cell is no label, or no
        compound, or one class only, is left.

    Examples
    --------
    >>> from screening import read_assay
    >>> rows = ["smiles,pIC50", "CCO,7.5", "OCC,7.7", "CCN,4.1", "CCCl,<5", "CC(,6"]
    >>> with open("assay.csv", "w") as file:
    ...     print(*rows, sep=chr(10), file=file)
    >>> assay = read_assay("assay.csv", active_above=7)
    >>> assay.smiles, assay.labels[:, 0].tolist()
    (['CCO', 'CCN', 'CCCl'], [1.0, 0.0, 0.0])
    >>> for sentence in assay.ledger.sentences():
    ...     print(sentence)
    assay.csv: 5 rows, 3 compounds kept.
    1 row rejected; the first is line 6 (parse: ...).
    1 row repeats a structure and was merged.
    1 structure has several values and gets their median; the widest spread is 0.2 log units (...).
    pIC50: active when above 7.
    """
    table = (
        path
        if isinstance(path, AssayTable)
        else read_table(
            str(path),
            smiles_column=smiles_column,
            id_column=id_column,
            sheet=sheet,
            announce=announce,
        )
    )
    threshold = make_threshold(active_above, active_below)
    wanted = (targets,) if isinstance(targets, str) else tuple(targets)
    if threshold is None and (relation_column or units_column):
        raise UserError(
            f"relations and units are of measured values, which need a threshold; {GIVE_THRESHOLD}."
        )
    chosen = choose_targets(table, wanted, threshold, announce)
    beside: dict[str, Beside] = {}
    for target in chosen if threshold else ():
        beside[target] = columns_beside(table, target, chosen, relation_column, units_column)
        if said := beside[target].describe(target):
            announce(f"{table.source}, {said}")
    return curate(
        table,
        chosen,
        threshold=threshold,
        beside=beside,
        standardiser=Standardiser(standardize),
        limits=limits,
        conflicts=conflicts,
        workers=workers,
        structures=structures,
    )


@dataclass(frozen=True)
class ClassPair:
    """How a caller writes the two classes.

    Attributes
    ----------
    inactive, active : object
        Two labels of one type: numbers, bools or texts.
    """

    inactive: Any
    active: Any

    def sorted(self) -> NDArray[Any]:
        """Return both as scikit-learn orders classes."""
        return np.unique([self.inactive, self.active])


PLAIN = ClassPair(0, 1)


def assay_of(
    X: Any,
    y: Any,
    *,
    threshold: Threshold | None = None,
    active_class: Any = None,
    **curation: Any,
) -> tuple[Assay, ClassPair]:
    """Make an assay of compounds and labels in memory.

    Parameters
    ----------
    X : sequence of n str or Mol
    y : sequence of n labels or values, or table of shape (n, n_tasks)
        None, NaN and empty texts are missing.
    threshold
        Turns values into labels; None where y holds labels.
    active_class
        Which label is the active one, where that is not clear.
    **curation
        See `curate`.

    Returns
    -------
    assay : Assay
        Rows are positions in X, from 0.
    classes : ClassPair
        How y writes the classes; 0 and 1 where it holds values.

    Raises
    ------
    ValueError
        y has another length than X, has not two classes, or does not say which is active.
    UserError
        See `curate`.
    """
    columns, classes = target_columns(y), PLAIN
    if threshold is None:
        classes = find_classes([v for values in columns.values() for v in values], active_class)
        columns = {name: _as_labels(values, classes) for name, values in columns.items()}
    table = table_of(X, columns)
    return curate(table, tuple(columns), threshold=threshold, **curation), classes


def table_of(X: Any, columns: Mapping[str, Sequence[Any]]) -> AssayTable:
    """Return compounds and what is known of them as a table; rows are positions, from 0.

    Parameters
    ----------
    X : sequence of n str or Mol
    columns : dict of str to sequence of n

    Raises
    ------
    ValueError
        A column has another length.
    """
    import pandas as pd

    smiles = smiles_of(X)
    for name, values in columns.items():
        if len(values) != len(smiles):
            raise ValueError(f"{len(smiles)} compounds have {len(values)} labels of {name!r}.")
    cells = {name: [as_cell(v) for v in values] for name, values in columns.items()}
    structures = "smiles"
    while structures in cells:
        structures += "_"
    return AssayTable(
        "the assay",
        Columns(structures, None, (structures, *cells)),
        np.arange(len(smiles), dtype=np.int64),
        pd.DataFrame({structures: smiles, **cells}, dtype=str),
        place="position",
    )


def labels_of(y: Any, classes: ClassPair, threshold: Threshold | None) -> NDArray[np.float32]:
    """Return 1, 0 or NaN for each label or value, shape (n, n_tasks).

    Raises
    ------
    ValueError
        A text is no number, where there is a threshold.
    """
    columns = target_columns(y).items()
    if threshold is None:
        labels = [
            [read_label(as_cell(v)) for v in _as_labels(values, classes)] for _, values in columns
        ]
    else:
        labels = [_decided(name, values, threshold) for name, values in columns]
    return np.array(labels, dtype=np.float32).T


def _decided(name: str, values: Sequence[Any], threshold: Threshold) -> list[float]:
    column = read_values(name, [as_cell(v) for v in values], wanted=threshold.unit)
    here = threshold.on(column.scale)
    return [
        decide(reading.relation, reading.value, here) if reading.usable else np.nan
        for reading in column.readings
    ]


def find_classes(values: Sequence[Any], active_class: Any = None) -> ClassPair:
    """Tell the two labels apart, and which is the active one.

    Of numbers and bools it is the larger. Of texts it is the one that says so: active, yes, true,
    hit, 1 and their like. Other texts need `active_class`.

    Raises
    ------
    ValueError
        There are not two labels, or it is not clear which is the active one.

    Examples
    --------
    >>> find_classes(["inactive", "active", None])
    ClassPair(inactive='inactive', active='active')
    >>> find_classes(["safe", "toxic"], active_class="toxic")
    ClassPair(inactive='safe', active='toxic')
    """
    found = list(dict.fromkeys(_plain(value) for value in values if not _no_label(value)))
    if len(found) != 2:
        shown = ", ".join(shortened(repr(label)) for label in found[:5])
        if len(found) < 2:
            raise ValueError(
                f"labels are of {len(found)} class ({shown or 'none'}); a model needs an active "
                "and an inactive one."
            )
        raise ValueError(
            f"Only binary classification is supported, and labels are of {len(found)} classes "
            f"({shown}{', ...' if len(found) > 5 else ''}); for measured values give active_above "
            "or active_below."
        )
    if active_class is not None:
        if active_class not in found:
            raise ValueError(f"active_class {active_class!r} is none of the labels {found}.")
        return ClassPair(*sorted(found, key=lambda label: bool(label == active_class)))
    if any(isinstance(label, str) for label in found):
        return ClassPair(*_by_meaning(found))
    return ClassPair(*sorted(found))


def _by_meaning(labels: Sequence[Any]) -> list[Any]:
    """Return the inactive label and the active one, by what their words say."""
    try:
        said = [read_label(str(label)) for label in labels]
    except ValueError:
        said = []
    if sorted(said) != [0, 1]:
        raise ValueError(f"which of the labels {labels} is the active one? Give active_class.")
    return [labels[said.index(0)], labels[said.index(1)]]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _no_label(value: Any) -> bool:
    if isinstance(value, str):
        return is_missing_word(value.strip(), of_value=False)
    return is_missing(value)


def _as_labels(values: Sequence[Any], classes: ClassPair) -> list[Any]:
    return [None if _no_label(v) else int(_plain(v) == classes.active) for v in values]


def as_cell(value: Any) -> str:
    """Return a value as a table has it; empty where it is missing."""
    return "" if is_missing(value) else str(_plain(value))


def target_columns(y: Any) -> dict[str, list[Any]]:
    """Return the labels of each task by its name."""
    import pandas as pd

    if y is None:
        raise ValueError("labels are missing: give y beside the compounds.")
    if isinstance(y, pd.DataFrame):
        return {str(name): list(y[name]) for name in y.columns}
    if isinstance(y, pd.Series):
        return {ACTIVE if y.name is None else str(y.name): list(y)}
    array = np.asarray(y, dtype=object)
    if array.ndim == 2 and array.shape[1] > 1:
        return {f"task_{i}": array[:, i].tolist() for i in range(array.shape[1])}
    if array.ndim == 2:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"labels are a sequence or a table, not an array of shape {array.shape}.")
    return {ACTIVE: array.tolist()}
