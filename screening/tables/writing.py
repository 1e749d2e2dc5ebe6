"""Tables as CSV that every reader takes apart as it was put together, and no spreadsheet runs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from screening.tables.atomic import write_atomically

if TYPE_CHECKING:
    import pandas as pd

# A spreadsheet may skip what cannot be seen before a formula, and some read wide signs as plain.
_FORMULA = re.compile(
    r"'*[\s\x00-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]*"
    r"[=+\-@\t\r\n＝＋－＠]"
)
# A number, which may have a decimal comma, or a lone sign, which stands for what is not known.
_HARMLESS = re.compile(r"[-+](\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?|[-+]", re.ASCII)


def guard_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would compute; numbers stay as they are.

    NUL, with which a file is taken for a binary one, becomes a replacement sign. A structure is
    never changed: no SMILES begins with a sign that a formula begins with.

    References
    ----------
    OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    plain = text.replace("\0", "\ufffd")
    return f"'{plain}" if _is_guarded(plain) else plain


def _is_guarded(text: str) -> bool:
    return _FORMULA.match(text) is not None and _HARMLESS.fullmatch(text) is None


def _unguarded(text: str) -> str:
    # Text that has an apostrophe before a formula of its own was given another one.
    return text[1:] if text.startswith("'") and _is_guarded(text[1:]) else text


def write_csv(table: pd.DataFrame, path: Path, *, float_format: str | None = None) -> None:
    """Write a table as CSV: UTF-8, line feeds, quotes where needed, the same on every system.

    Parameters
    ----------
    table
        Its index is left out. Texts and names are guarded, see `guard_formula`.
    path
        Written whole or not at all.
    float_format
        Of numbers with a fraction, such as `%.6g`; all digits when None.
    """
    write_csv_parts([table], path, float_format=float_format)


def write_csv_parts(
    tables: Iterable[pd.DataFrame], path: Path, *, float_format: str | None = None
) -> None:
    """Write tables of the same columns one below the other, as `write_csv` does."""
    with (
        write_atomically(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        for number, table in enumerate(tables):
            safe = _guarded(table)
            # Python's writer leaves a lone carriage return without quotes when lines end in a line
            # feed, and readers take it for the end of a row.
            quoting: Literal[0, 2] = (
                csv.QUOTE_NONNUMERIC if _has_carriage_return(safe) else csv.QUOTE_MINIMAL
            )
            safe.to_csv(
                file,
                index=False,
                header=number == 0,
                lineterminator="\n",
                quoting=quoting,
                float_format=float_format,
            )


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table that `write_csv` wrote: every cell and name as the text that it was."""
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    cells = {i: list(map(_unguarded, table.iloc[:, i])) for i in range(table.shape[1])}
    names = list(map(_unguarded, table.columns))
    return pd.DataFrame(cells, index=table.index, dtype=object).set_axis(names, axis=1)


def _guarded(table: pd.DataFrame) -> pd.DataFrame:
    guarded = table.copy()
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind not in "biuf":
            cells = [guard_formula(cell) if isinstance(cell, str) else cell for cell in column]
            guarded.isetitem(place, np.array(cells, dtype=object))
    return guarded.set_axis([guard_formula(str(name)) for name in table.columns], axis=1)


def _has_carriage_return(table: pd.DataFrame) -> bool:
    if any("\r" in name for name in table.columns):
        return True
    texts = (column for _, column in table.items() if column.dtype.kind not in "biuf")
    return any("\r" in str(cell) for column in texts for cell in column)
