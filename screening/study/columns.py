"""A column that says when a compound was measured, or which part it belongs to."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from screening.assay import Assay
from screening.errors import UserError
from screening.tables import AssayTable

_PARTS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing", "tst", "hold-out", "holdout"), "test"),
}
# A compound whose rows are in different parts is where it can flatter nobody.
_RANKED = ("train", "valid", "test")


def read_times(table: AssayTable, assay: Assay, column: str) -> NDArray[np.float64]:
    """Return when each compound was first measured.

    Parameters
    ----------
    table, assay
        The file, and what curation made of it. Of merged rows the earliest counts.
    column : str
        Numbers (a year, a batch), or dates as ISO 8601 has them (2024-03-31).

    Raises
    ------
    UserError
        There is no such column, or a cell of it is empty or neither.
    """
    cells = _cells(table, assay, column)
    flat = [(line, cell) for lines in cells for line, cell in lines]
    numbers = pd.to_numeric(pd.Series([cell for _, cell in flat]), errors="coerce")
    times = numbers
    if numbers.isna().any():
        dates = pd.to_datetime(
            pd.Series([cell for _, cell in flat]), format="ISO8601", errors="coerce", utc=True
        )
        times = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    for (line, cell), time in zip(flat, times, strict=True):
        if not np.isfinite(time):
            raise UserError(
                f"{table.source}, line {line}, column {column!r}: {cell!r} is no time; "
                "give numbers only, or ISO dates such as 2024-03-31 only."
            )
    known = dict(zip((line for line, _ in flat), times, strict=True))
    return np.array([min(known[line] for line, _ in lines) for lines in cells], dtype=np.float64)


def read_parts(table: AssayTable, assay: Assay, column: str) -> tuple[list[str], int]:
    """Return the part of each compound, and how many compounds had rows in several parts.

    Those are put into the first of train, valid, test that one of their rows is in.

    Raises
    ------
    UserError
        There is no such column, or a cell of it names no part.
    """
    parts, torn = [], 0
    for lines in _cells(table, assay, column):
        found = set()
        for line, cell in lines:
            if cell.lower() not in _PARTS:
                raise UserError(
                    f"{table.source}, line {line}, column {column!r}: {cell!r} is none of "
                    "train, valid, test (--split-column)."
                )
            found.add(_PARTS[cell.lower()])
        torn += len(found) > 1
        parts.append(next(name for name in _RANKED if name in found))
    return parts, torn


def _cells(table: AssayTable, assay: Assay, column: str) -> list[list[tuple[int, str]]]:
    """Return line and cell of every row that each compound was made from."""
    if column not in table.cells.columns:
        raise UserError(
            f"{table.source} has no column {column!r}; "
            f"its columns are {', '.join(table.columns.names)}."
        )
    text = {
        int(line): cell.strip() for line, cell in zip(table.rows, table.cells[column], strict=True)
    }
    merged = {merge.rows[0]: merge.rows for merge in assay.ledger.merges}
    return [
        [(line, text[line]) for line in merged.get(int(first), (int(first),))]
        for first in assay.rows
    ]
