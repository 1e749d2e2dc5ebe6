"""Tables as CSV that every reader takes apart as it was put together."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import pandas as pd

from screening.tables.atomic import write_atomically


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: UTF-8, line feeds, quotes where needed, the same on every system.

    Parameters
    ----------
    table
        Its index is left out.
    path
        Written whole or not at all.
    """
    # Python's writer leaves a lone carriage return without quotes when lines end in a line feed,
    # and readers take it for the end of a row.
    quoting: Literal[0, 2] = (
        csv.QUOTE_NONNUMERIC if _has_carriage_return(table) else csv.QUOTE_MINIMAL
    )
    with write_atomically(path) as temporary:
        table.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n", quoting=quoting)


def _has_carriage_return(table: pd.DataFrame) -> bool:
    if any("\r" in str(name) for name in table.columns):
        return True
    texts = (column for _, column in table.items() if column.dtype.kind not in "biuf")
    return any("\r" in str(cell) for column in texts for cell in column)
