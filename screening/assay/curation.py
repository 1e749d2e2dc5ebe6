"""From the table of an assay to compounds with labels: one structure, one row, one truth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.assay.labels import GIVE_THRESHOLD, Label, Rule, Threshold, read_label
from screening.assay.ledger import Ledger, Merge
from screening.assay.sanity import warnings_before, warnings_of
from screening.assay.structures import Structure, read_structures
from screening.assay.tasks import Conflicts, LabelTask, MeasuredTask, Row, Task, ValueTask
from screening.assay.values.beside import Beside
from screening.assay.values.cells import words_note
from screening.assay.values.column import CellError, ValueColumn, read_values
from screening.assay.values.units import Unit
from screening.chemistry import Failure, Level, Limits, Reject, Standardiser
from screening.errors import UserError
from screening.tables import AssayTable, Origin


@dataclass
class Assay:
    """Compounds with known activity, ready to learn from.

    Attributes
    ----------
    tasks : tuple of str
        Names of the target columns.
    ids, smiles : list of str
        Names, and standardised canonical structures.
    rows : int64 array
        Line of the file that each compound came from.
    mols : list of Mol
    labels : float32 array of shape (n, n_tasks)
        1 active, 0 inactive, NaN missing.
    values : float64 array of shape (n, n_tasks)
        Measured values, NaN where the file has only labels.
    ledger : Ledger
    standardize : str
        How structures were standardised: none, parent or tautomer.
    rules : dict of str to Rule
        Of the tasks that have measured values, by name.
    conflicts : str
        What was done with structures that are both active and inactive.
    origins : list of Origin
        One a compound.
    relations : str array of shape (n, n_tasks)
        `=`, or `<` and `>` where the value is a limit.

    Examples
    --------
    >>> from screening import read_assay
    >>> with open("assay.csv", "w") as file:
    ...     print("smiles,toxic", "CCO.Cl,0", "CCN,1", "CC#N,", sep=chr(10), file=file)
    >>> assay = read_assay("assay.csv", targets="toxic")
    >>> len(assay), assay.tasks, assay.smiles
    (2, ('toxic',), ['CCO', 'CCN'])
    >>> assay.ledger.unlabelled
    1
    """

    tasks: tuple[str, ...]
    ids: list[str]
    smiles: list[str]
    rows: NDArray[np.int64]
    mols: list[Chem.Mol]
    labels: NDArray[np.float32]
    values: NDArray[np.float64]
    ledger: Ledger
    standardize: Level = "parent"
    rules: dict[str, Rule] = field(default_factory=dict)
    conflicts: Conflicts = "drop"
    origins: list[Origin] = field(default_factory=list)
    relations: NDArray[np.str_] = field(default_factory=lambda: np.array([], dtype="<U1"))

    def __post_init__(self) -> None:
        if self.relations.shape != self.labels.shape:
            self.relations = np.full(self.labels.shape, "=", dtype="<U1")
        self.origins = self.origins or [Origin(self.ledger.source)] * len(self.smiles)

    def __len__(self) -> int:
        return len(self.smiles)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Assay:
        """Return some of the compounds, with the ledger of all."""
        return Assay(
            self.tasks,
            [self.ids[i] for i in indices],
            [self.smiles[i] for i in indices],
            self.rows[indices],
            [self.mols[i] for i in indices],
            self.labels[indices],
            self.values[indices],
            self.ledger,
            self.standardize,
            self.rules,
            self.conflicts,
            [self.origins[i] for i in indices],
            self.relations[indices],
        )


def curate(
    table: AssayTable,
    targets: Sequence[str],
    *,
    threshold: Threshold | None = None,
    beside: Mapping[str, Beside] | None = None,
    standardiser: Standardiser | None = None,
    limits: Limits | None = None,
    conflicts: Conflicts = "drop",
    workers: int = 1,
    on_row: Callable[[], None] = lambda: None,
    structures: Iterable[Structure | Failure] | None = None,
) -> Assay:
    """Standardise, label, merge and resolve.

    Parameters
    ----------
    table
        The assay as read.
    targets
        Columns of labels or values; an empty cell is a missing label.
    threshold
        Turns values into labels; None when the columns hold labels.
    beside
        The columns beside each target of values; none where it is not named.
    standardiser, limits
        What is done to structures, and how large they may be.
    conflicts
        What to do with a structure that is both active and inactive: `drop` its label, take the
        `majority` (a tie is dropped), or stop with an `error`. Measured values are combined first
        (`screening.assay.values.repeats.combine`), and are a conflict only where the result lies
        within 0.3 log units of the threshold and the values on both sides of it.
    workers
        Processes that standardise; the result is the same for any number.
    on_row
        Called after each row, for progress.
    structures
        One for each row, as `read_structures` gives them, where they were standardised before.

    Raises
    ------
    UserError
        A target column is missing or holds something else than labels or numbers, no compound is
        left, or all compounds of a task are of one class.
    """
    if not targets:
        raise UserError("no target column is named; give one with targets (--target-column).")
    targets = [table.column(target, "targets, --target-column") for target in targets]
    ledger = Ledger(source=table.source, read=len(table.cells), place=table.place)
    standardiser = standardiser or Standardiser()
    beside = beside or {}
    tasks: list[Task] = [
        label_task(table, target, ledger)
        if threshold is None
        else value_task(table, target, threshold, beside.get(target, Beside()), ledger)
        for target in targets
    ]
    assay = gather(
        table,
        tasks,
        ledger,
        standardiser=standardiser,
        limits=limits,
        conflicts=conflicts,
        workers=workers,
        on_row=on_row,
        structures=structures,
    )
    _check_classes(assay)
    ledger.warnings += warnings_of(assay.tasks, assay.labels)
    return assay


def gather(
    table: AssayTable,
    tasks: Sequence[Task],
    ledger: Ledger,
    *,
    standardiser: Standardiser,
    limits: Limits | None = None,
    conflicts: Conflicts = "drop",
    workers: int = 1,
    on_row: Callable[[], None] = lambda: None,
    structures: Iterable[Structure | Failure] | None = None,
) -> Assay:
    """Standardise, merge and resolve, whatever classes there are: also those of a few results.

    Parameters
    ----------
    table
    tasks
        What its rows say; see `label_task` and `value_task`.
    ledger
        Of the table; every row is entered.
    standardiser, limits, conflicts, workers, on_row, structures
        See `curate`.
    """
    groups: dict[str, list[Row]] = {}
    texts = table.smiles
    if structures is None:
        structures = read_structures(texts, standardiser, limits, workers)
    for index, (structure, name) in enumerate(zip(structures, table.ids, strict=True)):
        line = int(table.rows[index])
        problem = table.problems.get(index)
        found = structure if problem is None else Failure("parse", problem)
        on_row()
        if not isinstance(found, Failure):
            known = any(task.known(index) for task in tasks)
            bad = "" if known else next(filter(None, (task.problem(index) for task in tasks)), "")
            if known:
                groups.setdefault(found.smiles, []).append(Row(index, line, name, found.mol))
            elif not bad:
                ledger.unlabelled += 1
            if known or not bad:
                continue
            found = Failure("value", bad)
        text, reason, message = texts[index], found.reason, found.message
        ledger.rejects.append(Reject(table.source, line, name, text, reason, message))
    return _assemble(groups, tasks, conflicts, ledger, standardiser.level)


def label_task(table: AssayTable, target: str, ledger: Ledger) -> LabelTask:
    """Read a column of labels.

    Raises
    ------
    UserError
        A cell is no label.
    """
    labels, words = [], Counter[str]()
    for index, cell in enumerate(table.cells[target]):
        try:
            label = read_label(cell)
        except ValueError as error:
            hint = f"labels are 1/0 or active/inactive; for measured values {GIVE_THRESHOLD}"
            raise _cell_error(table, target, index, f"{error}; {hint}") from error
        if math.isnan(label) and cell.strip():
            words[cell.strip()] += 1
        labels.append(label)
    if words:
        ledger.notes.append(words_note(target, words))
    return LabelTask(target, labels)


def value_task(
    table: AssayTable, target: str, threshold: Threshold, beside: Beside, ledger: Ledger
) -> ValueTask:
    """Read a column of values that a threshold turns into labels.

    Raises
    ------
    UserError
        A cell is no value, or none can be compared with the threshold.
    """
    column = _read_column(table, target, beside, threshold.unit)
    task = ValueTask(column, threshold, table.smiles)
    asked = threshold.describe()
    used = task.threshold.describe()
    ledger.notes += [
        f"{target}: active when {used}{'' if asked == used else f' ({asked})'}.",
        *column.notes,
    ]
    types = None if beside.types is None else list(table.cells[beside.types])
    ledger.warnings += warnings_before(task, threshold, types)
    return task


def measured_task(
    table: AssayTable, target: str, beside: Beside, wanted: Unit | None, ledger: Ledger
) -> MeasuredTask:
    """Read a column of values that are learned as they are.

    Parameters
    ----------
    table, target, beside
    wanted
        Unit that they are brought to; that of most of them when None.
    ledger
        Is told what was recognised.

    Raises
    ------
    UserError
        A cell is no value, or none can be brought to the unit.
    """
    column = _read_column(table, target, beside, wanted)
    column = column if wanted is None else column.brought_to(wanted)
    ledger.notes += column.notes
    return MeasuredTask(column, table.smiles)


def _read_column(
    table: AssayTable, target: str, beside: Beside, wanted: Unit | None
) -> ValueColumn:
    def cells(name: str | None) -> list[str] | None:
        return None if name is None else list(table.cells[name])

    try:
        return read_values(
            target,
            list(table.cells[target]),
            relations=cells(beside.relation),
            turned=beside.turned,
            units=cells(beside.units),
            types=cells(beside.types),
            wanted=wanted,
            commas_apart=table.commas_apart,
        )
    except CellError as error:
        raise _cell_error(table, target, error.index, str(error)) from error


def _cell_error(table: AssayTable, target: str, index: int, message: str) -> UserError:
    return UserError(
        f"{table.source}, {table.place} {table.rows[index]}, column {target!r}: {message}."
    )


def _assemble(
    groups: dict[str, list[Row]],
    tasks: Sequence[Task],
    conflicts: Conflicts,
    ledger: Ledger,
    standardize: Level,
) -> Assay:
    kept: list[tuple[str, Row, list[Label]]] = []
    for smiles, rows in groups.items():
        if len(rows) > 1:
            ledger.merges.append(
                Merge(smiles, tuple(r.line for r in rows), tuple(r.id for r in rows))
            )
        before = len(ledger.conflicts)
        labels = [task.agree(smiles, rows, conflicts, ledger) for task in tasks]
        if any(task.teaches(label) for task, label in zip(tasks, labels, strict=True)):
            kept.append((smiles, rows[0], labels))
        elif len(ledger.conflicts) == before:
            ledger.unlabelled += 1
    ledger.kept = len(kept)
    ledger.notes += [
        f"{task.undecided} compounds have only limits (< or >) of {task.name} that do not decide "
        "whether they are active, and count as missing."
        for task in tasks
        if task.undecided
    ]
    ledger.repeats.sort(key=lambda repeat: -repeat.spread)
    return Assay(
        tasks=tuple(task.name for task in tasks),
        ids=[row.id for _, row, _ in kept],
        smiles=[smiles for smiles, _, _ in kept],
        rows=np.array([row.line for _, row, _ in kept], dtype=np.int64),
        mols=[row.mol for _, row, _ in kept],
        **columns_of([labels for *_, labels in kept], len(tasks)),
        ledger=ledger,
        standardize=standardize,
        rules={
            task.name: Rule(task.threshold, task.column.scale)
            for task in tasks
            if isinstance(task, ValueTask)
        },
        conflicts=conflicts,
    )


def columns_of(labels: Sequence[Sequence[Label]], n_tasks: int) -> dict[str, Any]:
    """Return `labels`, `values` and `relations` of an assay, each of shape (n, n_tasks)."""
    shape = (len(labels), n_tasks)
    flat = [label for own in labels for label in own]
    return {
        "labels": np.array([x.label for x in flat], dtype=np.float32).reshape(shape),
        "values": np.array([x.value for x in flat], dtype=np.float64).reshape(shape),
        "relations": np.array([x.relation for x in flat], dtype="<U1").reshape(shape),
    }


def _check_classes(assay: Assay) -> None:
    if not len(assay):
        raise UserError(f"{assay.ledger.source}: no compound is left after curation.")
    for task, labels in zip(assay.tasks, assay.labels.T, strict=True):
        active, inactive = int((labels == 1).sum()), int((labels == 0).sum())
        if not active or not inactive:
            raise UserError(
                f"{assay.ledger.source}, column {task!r}: {active} active and {inactive} inactive "
                "compounds; a model needs both classes. Check the threshold and the labels."
            )
