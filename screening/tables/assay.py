"""An assay as a whole table: small enough to hold, every cell as it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.tables.columns import Columns, Wanted, named_column, structures_and_names
from screening.tables.library import by_column, problems_of
from screening.tables.sources import expand, open_bytes
from screening.tables.table import Announce, open_table, silent

if TYPE_CHECKING:
    import pandas as pd


class Origin(NamedTuple):
    """Where a compound's measurements come from.

    Attributes
    ----------
    source : str
        The file, or files where it was measured again.
    date : str
        As the file has it, or as it was given; empty where nothing says it.
    turn : int
        0 for what a model was first trained on, then one more for each table of results.
    """

    source: str
    date: str = ""
    turn: int = 0


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
        Line on which each row begins; number of the record in SDF and Parquet files.
    cells : DataFrame of str
        Every column as text, one row each.
    problems : dict of int to str
        Rows, by position, that cannot be used: they have more cells than the table has columns,
        or hold no structure that can be read. Their cells, but for structure and name, are empty.
    place : str
        What `rows` counts: the line of a file, or the position in a sequence.
    delimiter : str
        Between the cells of a text file; empty for other files and for sequences.
    """

    source: str
    columns: Columns
    rows: NDArray[np.int64]
    cells: pd.DataFrame
    problems: dict[int, str] = field(default_factory=dict)
    place: str = "line"
    delimiter: str = ""

    @property
    def smiles(self) -> list[str]:
        """The structures as written."""
        return self._structures_and_names()[0]

    @property
    def ids(self) -> list[str]:
        """The names; a row without one is called `row-<line>`."""
        return self._structures_and_names()[1]

    def _structures_and_names(self) -> tuple[list[str], list[str]]:
        names = list(self.cells[self.columns.id]) if self.columns.id else None
        return structures_and_names(list(self.cells[self.columns.smiles]), names, self.rows)

    @property
    def commas_apart(self) -> bool:
        """Whether commas separate its cells, which then seldom have decimal commas."""
        return self.delimiter == ","

    def column(self, wanted: str, option: str) -> str:
        """Return the name of a column as the table has it, however it was capitalised.

        Raises
        ------
        UserError
            There is none; names the option that asked for it, and the column that is most like it.
        """
        return named_column(self.source, self.columns.names, wanted, option)


def read_table(
    path: str,
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    sheet: str | None = None,
    announce: Announce = silent,
) -> AssayTable:
    """Read a whole table.

    Raises
    ------
    UserError
        The file is missing, unreadable, empty, no table, or lacks a named column.
    """
    sources = expand([str(path)])
    if len(sources) > 1:
        raise UserError(f"{path} means {len(sources)} files; an assay is one file.")
    (source,) = sources
    wanted = Wanted(smiles_column, id_column, sheet)
    table = open_table(source, open_bytes(source), wanted, announce)
    part = list(table.rows)
    if not part:
        raise UserError(f"{source} has a header and no rows.")
    columns = table.columns
    named = zip(columns.names, by_column(part, len(columns.names)), strict=True)
    import pandas as pd

    cells = pd.DataFrame(dict(named), dtype=str)
    problems = problems_of(part, len(columns.names))
    # In a row with too many cells nobody knows which value belongs where.
    for name in columns.names:
        if name not in (columns.smiles, columns.id):
            cells.loc[list(problems), name] = ""
    lines = np.array([line for line, _, _ in part], dtype=np.int64)
    return AssayTable(source, columns, lines, cells, problems, delimiter=table.delimiter)
