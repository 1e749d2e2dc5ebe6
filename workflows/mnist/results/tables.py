"""Tables "documented / here": on the terminal and as CSV, with the spread over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from screening import tables
from workflows.mnist.training.stages import ExperimentFolder


@dataclass(frozen=True)
class ComparisonRow:
    """A number of the literature beside the one reached here.

    Attributes
    ----------
    what : str
    documented : str
        As printed in the source, or "-".
    source : str
    here : sequence of float
        One value for each seed.
    protocol : str
        What the number here follows.
    digits : int
        Decimals to print.
    """

    what: str
    documented: str
    source: str
    here: Sequence[float]
    protocol: str
    digits: int = 4

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.here)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds; None for one seed."""
        return statistics.stdev(self.here) if len(self.here) > 1 else None

    def shown(self) -> str:
        """Return mean and standard deviation as text."""
        text = f"{self.mean:.{self.digits}f}"
        return text if self.deviation is None else f"{text} ± {self.deviation:.{self.digits}f}"

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a dict for a CSV."""
        return {
            "what": self.what,
            "documented": self.documented,
            "here_mean": round(self.mean, 6),
            "here_standard_deviation": None if self.deviation is None else round(self.deviation, 6),
            "seeds": len(self.here),
            "protocol": self.protocol,
            "source": self.source,
        }


def publish(folder: ExperimentFolder, rows: Sequence[ComparisonRow], name: str = "summary") -> None:
    """Write the comparison as NAME.csv, and say it."""
    write_csv([row.as_dict() for row in rows], folder.path / f"{name}.csv")
    cells = [("", "documented", "here", "seeds", "protocol")]
    cells += [(r.what, r.documented, r.shown(), str(len(r.here)), r.protocol) for r in rows]
    for line in aligned(cells):
        folder.say(line)


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text with columns of equal width; the first row is the head."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def write_csv(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write dicts as CSV, moved into place."""
    tables.write_csv(pd.DataFrame(rows), path)
