"""What curation did with every row, kept for the model file and the report."""

from __future__ import annotations

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
        Rows whose structure could not be used.
    unlabelled : int
        Rows with a structure and no label.
    merges : list of Merge
    conflicts : list of Conflict
    notes : list of str
        Sentences: the rule that made labels, values that could not be decided, warnings.
    """

    source: str
    read: int = 0
    kept: int = 0
    rejects: list[Reject] = field(default_factory=list)
    unlabelled: int = 0
    merges: list[Merge] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-able dict."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """Return what a user should be told, one sentence an item."""
        merged = sum(len(merge.rows) - 1 for merge in self.merges)
        dropped = [c for c in self.conflicts if c.resolution == "dropped"]
        lines = [f"{self.source}: {self.read} rows, {self.kept} compounds kept."]
        if self.rejects:
            first = self.rejects[0]
            lines.append(
                f"{len(self.rejects)} rows rejected; the first is line {first.row} "
                f"({first.reason}: {first.message})."
            )
        if self.unlabelled:
            lines.append(f"{self.unlabelled} rows have no label and are left out.")
        if merged:
            lines.append(f"{merged} rows repeat a structure and were merged.")
        if self.conflicts:
            lines.append(
                f"{len(self.conflicts)} structures have contradicting labels "
                f"({len(dropped)} dropped); the first is on lines "
                f"{', '.join(map(str, self.conflicts[0].rows))}."
            )
        return lines + self.notes
