"""From the table of an assay to compounds with labels: one structure, one row, one truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.assay.labels import GIVE_THRESHOLD, MISSING, Label, Threshold, read_label
from screening.assay.ledger import Conflict, Ledger, Merge
from screening.assay.structures import read_structures
from screening.chemistry import Failure, Level, Limits, Reject, Standardiser
from screening.errors import UserError
from screening.tables import AssayTable

Conflicts = Literal["drop", "majority", "error"]


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
        )


@dataclass
class _Row:
    line: int
    id: str
    mol: Chem.Mol
    labels: list[Label]


def curate(
    table: AssayTable,
    targets: Sequence[str],
    *,
    threshold: Threshold | None = None,
    standardiser: Standardiser | None = None,
    limits: Limits | None = None,
    conflicts: Conflicts = "drop",
    workers: int = 1,
    on_row: Callable[[], None] = lambda: None,
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
    standardiser, limits
        What is done to structures, and how large they may be.
    conflicts
        What to do with a structure that is both active and inactive: `drop` its label, take the
        `majority` (a tie is dropped), or stop with an `error`.
    workers
        Processes that standardise; the result is the same for any number.
    on_row
        Called after each row, for progress.

    Raises
    ------
    UserError
        A target column is missing or holds something else than labels or numbers, no compound is
        left, or all compounds of a task are of one class.
    """
    _check_targets(table, targets)
    ledger = Ledger(source=table.source, read=len(table.cells), place=table.place)
    if threshold is not None:
        ledger.notes.append(f"{', '.join(targets)}: {threshold.describe()}.")
    standardiser = standardiser or Standardiser()
    groups: dict[str, list[_Row]] = {}
    labels = [_column_labels(table, target, threshold, ledger) for target in targets]
    texts = table.smiles
    structures = read_structures(texts, standardiser, limits, workers)
    for index, (structure, name) in enumerate(zip(structures, table.ids, strict=True)):
        line = int(table.rows[index])
        problem = table.problems.get(index)
        found = structure if problem is None else Failure("parse", problem)
        on_row()
        if isinstance(found, Failure):
            text, reason, message = texts[index], found.reason, found.message
            ledger.rejects.append(Reject(table.source, line, name, text, reason, message))
            continue
        row = _Row(line, name, found.mol, [column[index] for column in labels])
        if all(np.isnan(label.label) for label in row.labels):
            ledger.unlabelled += 1
            continue
        groups.setdefault(found.smiles, []).append(row)
    return _assemble(groups, tuple(targets), conflicts, ledger, standardiser.level)


def _check_targets(table: AssayTable, targets: Sequence[str]) -> None:
    if not targets:
        raise UserError("no target column is named; give one with targets (--target-column).")
    for target in targets:
        if target not in table.cells.columns:
            raise UserError(
                f"{table.source} has no column {target!r} (targets, --target-column); "
                f"its columns are {', '.join(table.columns.names)}."
            )


def _column_labels(
    table: AssayTable, target: str, threshold: Threshold | None, ledger: Ledger
) -> list[Label]:
    found, undecided = [], 0
    for line, cell in zip(table.rows, table.cells[target], strict=True):
        try:
            label = read_label(cell, threshold)
        except ValueError as error:
            hint = (
                f"labels are 1/0 or active/inactive; for measured values {GIVE_THRESHOLD}"
                if threshold is None
                else "leave the cell empty when nothing was measured"
            )
            raise UserError(
                f"{table.source}, {table.place} {line}, column {target!r}: {error}; {hint}."
            ) from error
        undecided += bool(label.note)
        found.append(label)
    if undecided:
        ledger.notes.append(
            f"{undecided} censored values of {target} do not decide the label and count as missing."
        )
    return found


def _assemble(
    groups: dict[str, list[_Row]],
    tasks: tuple[str, ...],
    conflicts: Conflicts,
    ledger: Ledger,
    standardize: Level,
) -> Assay:
    kept: list[tuple[str, _Row, list[Label]]] = []
    for smiles, rows in groups.items():
        if len(rows) > 1:
            ledger.merges.append(
                Merge(smiles, tuple(r.line for r in rows), tuple(r.id for r in rows))
            )
        labels = [
            _agree(smiles, task, rows, [r.labels[t] for r in rows], conflicts, ledger)
            for t, task in enumerate(tasks)
        ]
        if not all(np.isnan(label.label) for label in labels):
            kept.append((smiles, rows[0], labels))
    ledger.kept = len(kept)
    assay = Assay(
        tasks=tasks,
        ids=[row.id for _, row, _ in kept],
        smiles=[smiles for smiles, _, _ in kept],
        rows=np.array([row.line for _, row, _ in kept], dtype=np.int64),
        mols=[row.mol for _, row, _ in kept],
        labels=np.array([[x.label for x in labels] for *_, labels in kept], dtype=np.float32),
        values=np.array([[x.value for x in labels] for *_, labels in kept], dtype=np.float64),
        ledger=ledger,
        standardize=standardize,
    )
    _check_classes(assay)
    return assay


def _agree(
    smiles: str,
    task: str,
    rows: list[_Row],
    labels: list[Label],
    conflicts: Conflicts,
    ledger: Ledger,
) -> Label:
    known = [(row, label) for row, label in zip(rows, labels, strict=True) if label.label >= 0]
    if not known:
        return MISSING
    votes = [int(label.label) for _, label in known]
    value = float(np.median([label.value for _, label in known]))
    if len(set(votes)) == 1:
        return Label(float(votes[0]), value)
    lines = tuple(row.line for row, _ in known)
    if conflicts == "error":
        raise UserError(
            f"{ledger.source}: {ledger.place}s {', '.join(map(str, lines))} are one structure "
            f"({smiles}) with contradicting labels of {task}; "
            "correct them, or have them dropped by conflicts (--conflicts drop)."
        )
    balance = 2 * sum(votes) - len(votes)
    dropped = conflicts == "drop" or balance == 0
    label = np.nan if dropped else float(balance > 0)
    resolution = "dropped" if dropped else "active" if label else "inactive"
    names = tuple(row.id for row, _ in known)
    ledger.conflicts.append(Conflict(smiles, task, lines, names, tuple(votes), resolution))
    return MISSING if dropped else Label(label, value)


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
