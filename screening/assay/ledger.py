"""What curation did with every row, kept for the model file and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from screening.chemistry import Reject


@dataclass(frozen=True)
class Merge:
    """Rows of one structure and one label, kept as one compound.

    Attributes
    ----------
    smiles : str
        The standardised structure.
    rows : tuple of int
        Lines of the file; the first is the one that is kept.
    ids : tuple of str
        Their names.
    """

    smiles: str
    rows: tuple[int, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """Rows of one structure that disagree about a task.

    Attributes
    ----------
    smiles : str
        The standardised structure.
    task : str
    rows : tuple of int
    ids : tuple of str
    labels : tuple of int
        One a row: 1 active, 0 inactive.
    resolution : str
        dropped, active or inactive.
    """

    smiles: str
    task: str
    rows: tuple[int, ...]
    ids: tuple[str, ...]
    labels: tuple[int, ...]
    resolution: str


@dataclass(frozen=True)
class Repeat:
    """Several measured values of one structure, combined to one.

    Attributes
    ----------
    smiles : str
        The standardised structure.
    task : str
    rows : tuple of int
    ids : tuple of str
    values : tuple of str
        One a row, in the unit of the column; limits with < or >.
    combined : str
        Their median; see `screening.assay.values.repeats`.
    spread : float
        Largest less smallest of those that took part, in `unit`.
    unit : str
        Of the spread: log units for concentrations and p-values.
    """

    smiles: str
    task: str
    rows: tuple[int, ...]
    ids: tuple[str, ...]
    values: tuple[str, ...]
    combined: str
    spread: float
    unit: str

    def spread_text(self) -> str:
        """Return the spread with its unit."""
        return f"{self.spread:.3g} {self.unit}".strip()


@dataclass
class Ledger:
    """Counts that add up, and every row that is not in the training set as it was written.

    Attributes
    ----------
    source : str
        The assay file.
    read : int
        Rows of the file.
    kept : int
        Compounds after curation.
    rejects : list of Reject
        Rows whose structure or value could not be used.
    unlabelled : int
        Rows, and merged structures, that have a structure and no label.
    merges : list of Merge
    conflicts : list of Conflict
    repeats : list of Repeat
        The widest spread first.
    notes : list of str
        Sentences: the rule that made labels, values that could not be decided.
    warnings : list of str
        Sentences on what is probably not meant, or will not do.
    place : str
        What rows are counted by: the line of a file, or the position in a sequence.
    """

    source: str
    read: int = 0
    kept: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlabelled: int = 0
    merges: list[Merge] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    place: str = "line"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Ledger:
        """Build the ledger that `to_dict` described."""
        kinds = (
            ("rejects", Reject),
            ("merges", Merge),
            ("conflicts", Conflict),
            ("repeats", Repeat),
        )
        lists = {
            name: [kind(**_with_tuples(item)) for item in stored.get(name, ())]
            for name, kind in kinds
        }
        return cls(**{**stored, **lists})

    def sentences(self) -> list[str]:
        """Return what a user should be told, one sentence an item."""
        head = f"{self.source}: {self.read} rows, {self.kept} compounds kept."
        return [head, *self.losses(), *self.notes]

    def losses(self) -> list[str]:
        """Return what became of rows that are no compound of their own, one sentence an item."""
        merged = sum(len(merge.rows) - 1 for merge in self.merges)
        dropped = [c for c in self.conflicts if c.resolution == "dropped"]
        lines = []
        if self.rejects:
            first = self.rejects[0]
            lines.append(
                f"{_count(self.rejects, 'row')} rejected; the first is {self.place} {first.row} "
                f"({first.reason}: {first.message})."
            )
        if self.unlabelled == 1:
            lines.append("1 row has no label and is left out.")
        elif self.unlabelled:
            lines.append(f"{self.unlabelled} rows have no label and are left out.")
        if merged == 1:
            lines.append("1 row repeats a structure and was merged.")
        elif merged:
            lines.append(f"{merged} rows repeat a structure and were merged.")
        if self.conflicts:
            places = ", ".join(map(str, self.conflicts[0].rows))
            has = "has" if len(self.conflicts) == 1 else "have"
            lines.append(
                f"{_count(self.conflicts, 'structure')} {has} contradicting labels "
                f"({len(dropped)} dropped); the first is on {self.place}s {places}."
            )
        if self.repeats:
            lines.append(self._spread())
        return lines

    def _spread(self) -> str:
        widest = self.repeats[0]
        one = len(self.repeats) == 1
        shown = f"{', '.join(map(str, widest.rows[:4]))}{', ...' if len(widest.rows) > 4 else ''}"
        return (
            f"{_count(self.repeats, 'structure')} {'has' if one else 'have'} several values and "
            f"{'gets' if one else 'get'} their median; the widest spread is "
            f"{widest.spread_text()} ({widest.ids[0]}, {self.place}s {shown})."
        )


def _count(things: Sequence[Any], name: str) -> str:
    return f"1 {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _with_tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as it was before JSON made lists of its tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}
