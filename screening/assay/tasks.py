"""One structure, one truth: a column of the assay, and what its rows of one structure come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from screening.assay.labels import MISSING, Label, Threshold, decide
from screening.assay.ledger import Conflict, Ledger, Repeat
from screening.assay.values.column import Reading, ValueColumn
from screening.assay.values.repeats import Combined, combine
from screening.chemistry import read_molecule
from screening.errors import UserError

Conflicts = Literal["drop", "majority", "error"]
# Measured again in the same laboratory, an IC50 is off by a factor of two about as often as not.
# A combined value that is as close to the threshold decides nothing its repeats do not agree on.
LOG_BAND = 0.3
# Where nothing says that values are concentrations: a tenth of what the middle 80 % of them span.
LINEAR_BAND = 0.1


@dataclass
class Row:
    """A row with a structure.

    Attributes
    ----------
    index : int
        Its position in the table.
    line : int
    id : str
    mol : Mol
        Standardised.
    """

    index: int
    line: int
    id: str
    mol: Chem.Mol


class Task(Protocol):
    """A column that teaches something.

    Attributes
    ----------
    undecided : int
        Structures so far whose limits leave open on which side of the threshold they are.
    """

    undecided: int

    @property
    def name(self) -> str:
        """Name of the column."""

    def known(self, index: int) -> bool:
        """Tell whether a row says anything."""

    def problem(self, index: int) -> str:
        """Return why what a row says cannot be used; empty when it can, or it says nothing."""

    def teaches(self, label: Label) -> bool:
        """Tell whether there is anything to learn from what the rows of a structure come to."""

    def agree(
        self, smiles: str, rows: Sequence[Row], conflicts: Conflicts, ledger: Ledger
    ) -> Label:
        """Return what the rows of one structure come to, and enter disagreements.

        Raises
        ------
        UserError
            They contradict each other, and that is to be an error.
        """


@dataclass
class LabelTask:
    """A column of labels: one a row, 1, 0 or NaN."""

    name: str
    labels: Sequence[float]
    undecided: int = 0

    def known(self, index: int) -> bool:
        """Tell whether a row has a label."""
        return not math.isnan(self.labels[index])

    def problem(self, index: int) -> str:
        """Return nothing: what is no label has ended the reading."""
        del index
        return ""

    def teaches(self, label: Label) -> bool:
        """Tell whether there is a label."""
        return not math.isnan(label.label)

    def agree(
        self, smiles: str, rows: Sequence[Row], conflicts: Conflicts, ledger: Ledger
    ) -> Label:
        """Return the label that all rows have, or what `conflicts` makes of several."""
        known = [row for row in rows if self.known(row.index)]
        votes = [int(self.labels[row.index]) for row in known]
        if len(set(votes)) == 1:
            return Label(float(votes[0]))
        return resolve(smiles, self.name, known, votes, conflicts, ledger) if votes else MISSING


class MeasuredTask:
    """A column of values that are learned as they are.

    Parameters
    ----------
    column
        The values.
    smiles
        The structures as drawn, for their molecular weight.
    """

    def __init__(self, column: ValueColumn, smiles: Sequence[str]) -> None:
        self.column = column
        self.undecided = 0
        self._smiles = smiles

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name

    def known(self, index: int) -> bool:
        """Tell whether a row has a value."""
        return self.column.readings[index].measured

    def problem(self, index: int) -> str:
        """Return why the value of a row cannot be used."""
        return self.column.readings[index].problem

    def teaches(self, label: Label) -> bool:
        """Tell whether there is a value, or a limit of it."""
        return not math.isnan(label.value)

    def agree(
        self, smiles: str, rows: Sequence[Row], conflicts: Conflicts, ledger: Ledger
    ) -> Label:
        """Return the combined value; values contradict no label."""
        del conflicts
        measured = self._measured(rows)
        return self._combined(smiles, measured, ledger) if measured else MISSING

    def _measured(self, rows: Sequence[Row]) -> list[tuple[Row, Reading]]:
        own = ((row, self.column.readings[row.index]) for row in rows)
        return [(row, self._weighed(row, reading)) for row, reading in own if reading.measured]

    def _weighed(self, row: Row, reading: Reading) -> Reading:
        if reading.unit is None:
            return reading
        # As drawn, with its counter-ions: that is what was weighed.
        drawn = read_molecule(self._smiles[row.index])
        weighed = drawn if isinstance(drawn, Chem.Mol) else row.mol
        return self.column.weighed(reading, rdMolDescriptors._CalcMolWt(weighed))

    def _combined(
        self, smiles: str, measured: Sequence[tuple[Row, Reading]], ledger: Ledger
    ) -> Label:
        readings = [reading for _, reading in measured]
        combined = combine(readings, logarithmic=self.column.scale.logarithmic)
        if len(measured) > 1:
            ledger.repeats.append(self._repeat(smiles, measured, combined))
        return Label(math.nan, combined.value, combined.relation)

    def _repeat(
        self, smiles: str, measured: Sequence[tuple[Row, Reading]], combined: Combined
    ) -> Repeat:
        scale = self.column.scale
        return Repeat(
            smiles,
            self.name,
            tuple(row.line for row, _ in measured),
            tuple(row.id for row, _ in measured),
            tuple(scale.text(reading.relation, reading.value) for _, reading in measured),
            scale.text(combined.relation, combined.value),
            round(combined.spread, 4),
            "log units" if scale.in_log_units else scale.unit.name if scale.unit else "",
        )


class ValueTask(MeasuredTask):
    """A column of values, and the threshold that makes labels of them.

    Parameters
    ----------
    column
        The values.
    threshold
        As given; in the unit of the column from here on.
    smiles
        The structures as drawn, for their molecular weight.
    """

    def __init__(self, column: ValueColumn, threshold: Threshold, smiles: Sequence[str]) -> None:
        super().__init__(column, smiles)
        self.threshold = threshold.on(column.scale)
        values = [reading.value for reading in column.readings if reading.measured]
        linear = LINEAR_BAND * np.ptp(np.quantile(values, [0.1, 0.9])) if values else 0.0
        self.band = LOG_BAND if column.scale.in_log_units else float(linear)
        natural = not column.scale.logarithmic
        # Without effect at any concentration is not what is sought only where effect is sought.
        self._inactive = 0.0 if self.threshold.active_is_above == natural else math.nan

    def known(self, index: int) -> bool:
        """Tell whether a row has a value, or says inactive."""
        reading = self.column.readings[index]
        return reading.measured or (reading.inactive and not math.isnan(self._inactive))

    def teaches(self, label: Label) -> bool:
        """Tell whether there is a label; a limit that decides nothing teaches nothing."""
        return not math.isnan(label.label)

    def agree(
        self, smiles: str, rows: Sequence[Row], conflicts: Conflicts, ledger: Ledger
    ) -> Label:
        """Return the label of the combined value.

        Where it lies close to the threshold, and the rows lie on both sides, `conflicts` decides.
        """
        measured = self._measured(rows)
        says_inactive = any(self.column.readings[row.index].inactive for row in rows)
        if not measured:
            return Label(self._inactive) if says_inactive else MISSING
        combined = self._combined(smiles, measured, ledger)
        if len(measured) > 1 and self._is_close(combined.value):
            sides = [decide(r.relation, r.value, self.threshold) for _, r in measured]
            decided = [(row, int(s)) for (row, _), s in zip(measured, sides, strict=True) if s >= 0]
            if len({side for _, side in decided}) == 2:
                known, votes = [row for row, _ in decided], [side for _, side in decided]
                vote = resolve(smiles, self.name, known, votes, conflicts, ledger)
                return Label(vote.label, combined.value, combined.relation)
        side = decide(combined.relation, combined.value, self.threshold)
        if math.isnan(side) and says_inactive:
            side = self._inactive
        self.undecided += math.isnan(side)
        return Label(side, combined.value, combined.relation)

    def _is_close(self, value: float) -> bool:
        limit = self.threshold.value
        if self.column.scale.logarithmic:
            return abs(math.log10(value / limit)) <= self.band
        return abs(value - limit) <= self.band


def resolve(
    smiles: str,
    task: str,
    rows: Sequence[Row],
    votes: Sequence[int],
    conflicts: Conflicts,
    ledger: Ledger,
) -> Label:
    """Decide between rows of one structure that say active and inactive, and enter it.

    Raises
    ------
    UserError
        That is to be an error.
    """
    lines = tuple(row.line for row in rows)
    if conflicts == "error":
        raise UserError(
            f"{ledger.source}: {ledger.place}s {', '.join(map(str, lines))} are one structure "
            f"({smiles}) with contradicting labels of {task}; "
            "correct them, or have them dropped by conflicts (--conflicts drop)."
        )
    balance = 2 * sum(votes) - len(votes)
    dropped = conflicts == "drop" or balance == 0
    resolution = "dropped" if dropped else "active" if balance > 0 else "inactive"
    ids = tuple(row.id for row in rows)
    ledger.conflicts.append(Conflict(smiles, task, lines, ids, tuple(votes), resolution))
    return MISSING if dropped else Label(float(balance > 0))
