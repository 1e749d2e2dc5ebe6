"""What a comparison comes to: a verdict, what to be careful about, sections and tables."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

PAGE = "report.html"
# Characters of a cell; the CSV files have names whole.
_LONGEST = 80
FIRST, SECOND = "A", "B"


@dataclass(frozen=True)
class Section:
    """A part of a comparison.

    Attributes
    ----------
    title : str
    sentences : tuple of str
    head : tuple of str
        Of its table; empty where it has none.
    rows : tuple of tuples of str
        As a reader sees them.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        lines = [self.title, *self.sentences]
        if self.head:
            lines += _aligned([self.head, *self.rows])
        return "\n".join(lines)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    found = []
    for row in rows:
        first = f"  {row[0]:{widths[0]}}"
        rest = (f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        found.append("".join([first, *rest]).rstrip())
    return found


@dataclass(frozen=True)
class Mover:
    """A compound whose rank changed much, and why.

    Attributes
    ----------
    name, title, sentence : str
    pictures : list of (str, str)
        SVG text and what it shows; empty where the structure could not be drawn.
    """

    name: str
    title: str
    sentence: str
    pictures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """Two models or two runs beside each other.

    Attributes
    ----------
    kind : str
        What was compared, for the head of the page.
    first, second : str
        What A and B are.
    headline, verdict : str
        A few words, and a sentence.
    notes : tuple of str
        What to be careful about, and what could not be compared.
    sections : tuple of Section
    tables : dict of str to DataFrame
        Everything with all digits, by the names of their CSV files.
    movers : tuple of Mover
        Of runs.

    Examples
    --------
    >>> from screening import Comparison
    >>> found = Comparison("two models", "old.ebm", "new.ebm", "Cannot tell", "Too few compounds.")
    >>> print(found)
    A: old.ebm
    B: new.ebm
    <BLANKLINE>
    Too few compounds.
    """

    kind: str
    first: str
    second: str
    headline: str
    verdict: str
    notes: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    movers: tuple[Mover, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        head = f"{FIRST}: {self.first}\n{SECOND}: {self.second}"
        told = "\n".join([self.verdict, *(f"- {note}" for note in self.notes)])
        return "\n\n".join([head, told, *map(str, self.sections)])

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.verdict)}</b></p>"]
        parts += [f"<pre>{html.escape(str(section))}</pre>" for section in self.sections]
        return "".join(parts)

    def write(self, output: str | Path) -> list[Path]:
        """Write the page, and with a folder all tables as CSV; return the files.

        Parameters
        ----------
        output
            A name that ends in .html, for the page alone; else a folder.
        """
        # What draws is loaded only when it is wanted.
        from screening.turns.comparing.page import write_comparison_page

        path = Path(output)
        if path.suffix.lower() == ".html":
            return [write_comparison_page(self, path)]
        written = [write_comparison_page(self, path / PAGE)]
        for name, table in self.tables.items():
            write_csv(table, path / f"{name}.csv", float_format="%.6g")
            written.append(path / f"{name}.csv")
        return written


def cells(*values: Any) -> tuple[str, ...]:
    """Return values as a row of a section's table; numbers with a fraction have three decimals."""
    return tuple(_cell(value) for value in values)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else _one_line(str(value))


def _one_line(text: str) -> str:
    """Return text of a file as a terminal can show it in a table."""
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
