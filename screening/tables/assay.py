"""An assay as a whole table: small enough to hold, every cell as it was written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from screening.errors import UserError
from screening.tables.columns import Columns
from screening.tables.library import Announce, open_table, silent
from screening.tables.sources import expand


@dataclass
class AssayTable:
    """The rows of an assay file.

    Attributes
    ----------
    source : str
        The file as it was named.
    columns : Columns
        Which columns hold structures and names.
    rows : int64 array
        Line on which each row begins.
    cells : DataFrame of str
        Every column as text, one row each.
    """

    source: str
    columns: Columns
    rows: NDArray[np.int64]
    cells: pd.DataFrame

    @property
    def smiles(self) -> list[str]:
        """The structures as written."""
        return list(self.cells[self.columns.smiles])

    @property
    def ids(self) -> list[str]:
        """The names; a row without one is called `row-<line>`."""
        names = self.cells[self.columns.id] if self.columns.id else [""] * len(self.cells)
        return [n.strip() or f"row-{line}" for n, line in zip(names, self.rows, strict=True)]


def read_assay(
    path: str,
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    announce: Announce = silent,
) -> AssayTable:
    """Read a whole table.

    Raises
    ------
    UserError
        The file is missing, unreadable, empty, no table, or lacks a named column.
    """
    (source,) = expand([str(path)])
    columns, rows = open_table(source, smiles_column, id_column, announce)
    part = list(rows)
    if not part:
        raise UserError(f"{source} has a header and no rows.")
    width = len(columns.names)
    filled = [(cells + [""] * (width - len(cells)))[:width] for _, cells in part]
    lines = np.array([line for line, _ in part], dtype=np.int64)
    return AssayTable(
        source, columns, lines, pd.DataFrame(filled, columns=list(columns.names), dtype=str)
    )
