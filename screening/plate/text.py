"""Text from files that must stay text in a spreadsheet or an SD file."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from screening.tables import write_csv

# A spreadsheet may skip what cannot be seen before a formula, and some read wide signs as plain.
_FORMULA = re.compile(
    r"^[\s\x00-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\t\r\n＝＋－＠]"
)
_NUMBER = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$", re.ASCII)
# Signs that are neither seen nor a blank; a file that holds NUL is taken for a binary one.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")


def guard_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would compute; numbers stay as they are.

    References
    ----------
    OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def write_guarded_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV that is safe to open in a spreadsheet."""
    guarded = table.copy()
    for name in guarded.columns:
        if guarded[name].dtype.kind not in "bifu":
            guarded[name] = [guard_formula(str(value)) for value in guarded[name]]
    guarded.columns = pd.Index([guard_formula(str(name)) for name in guarded.columns])
    write_csv(guarded, path)


def one_line(text: str) -> str:
    """Return the text without control signs, every run of blanks and line ends as one blank."""
    return " ".join(_CONTROL.sub("", text).split())
