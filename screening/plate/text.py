"""Text from files that must stay text in a spreadsheet."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from screening.tables import write_atomically

_FORMULA = re.compile(r"^[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\t\r]")
_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")


def guard_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would compute; numbers stay as they are."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def write_guarded_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV that is safe to open in a spreadsheet."""
    guarded = table.copy()
    for name in guarded.columns:
        if guarded[name].dtype.kind not in "bifu":
            guarded[name] = [guard_formula(str(value)) for value in guarded[name]]
    guarded.columns = pd.Index([guard_formula(str(name)) for name in guarded.columns])
    with write_atomically(path) as temporary:
        guarded.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")


def one_line(text: str) -> str:
    """Return the text with every run of blanks and line ends as one blank."""
    return " ".join(text.split())
