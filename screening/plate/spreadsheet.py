"""Picked compounds as a workbook with drawn structures."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import xlsxwriter
from rdkit import Chem

from screening.drawing import draw_png
from screening.plate.layout import LayoutOptions
from screening.plate.maps import add_maps
from screening.tables import write_atomically

if TYPE_CHECKING:
    import pandas as pd

# Excel's limit for one cell.
_CELL = 32_767
_WIDTH, _HEIGHT = 230, 150
# Workbooks of the same content are the same file.
_CREATED = datetime(2020, 1, 1)


def write_xlsx(
    table: pd.DataFrame, mols: Sequence[Chem.Mol], path: Path, layout: LayoutOptions | None = None
) -> None:
    """Write one row a compound: its picture, then every column.

    Text is written as text: nothing in a name or column becomes a formula or a link. Cells longer
    than Excel allows are cut and end in an ellipsis.

    Parameters
    ----------
    table, mols
        A row for each compound, and its molecule.
    path
    layout
        Adds a sheet for each plate, see `add_maps`; none when None.
    """
    with write_atomically(path) as temporary:
        book = new_book(temporary, "Compounds to buy")
        _fill(book, table, mols)
        if layout is not None:
            add_maps(book, table, layout)
        book.close()


def new_book(file: Path | BinaryIO, title: str, **options: Any) -> Any:
    """Return an empty workbook in which text stays text."""
    plain = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    place = str(file) if isinstance(file, Path) else file
    book = xlsxwriter.Workbook(place, {**plain, **options})
    book.set_properties({"title": title, "created": _CREATED})
    return book


def _fill(book: Any, table: pd.DataFrame, mols: Sequence[Chem.Mol]) -> None:
    sheet = book.add_worksheet("Compounds")
    head = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter"})
    cell = book.add_format({"valign": "vcenter", "text_wrap": True})
    sheet.set_column(0, 0, _WIDTH / 7)
    sheet.freeze_panes(1, 1)
    sheet.write_string(0, 0, "structure", head)
    for column, name in enumerate(table.columns, start=1):
        sheet.write_string(0, column, fitting(str(name)), head)
        sheet.set_column(column, column, _column_width(table, name))
    for row, (mol, values) in enumerate(
        zip(mols, table.itertuples(index=False), strict=True), start=1
    ):
        sheet.set_row_pixels(row, _HEIGHT + 6)
        _draw(sheet, row, mol, cell)
        for column, value in enumerate(values, start=1):
            write_cell(sheet, row, column, value, cell)
    if len(table):
        sheet.autofilter(0, 1, len(table), len(table.columns))


def _draw(sheet: Any, row: int, mol: Chem.Mol, style: Any) -> None:
    try:
        picture = io.BytesIO(draw_png(mol, 2 * _WIDTH, 2 * _HEIGHT))
    except Exception:  # RDKit raises what it likes; the row has the structure as text
        sheet.write_string(row, 0, "RDKit cannot draw this structure", style)
        return
    place = {"image_data": picture, "x_scale": 0.5, "y_scale": 0.5, "x_offset": 2}
    # A fixed name: the file must not depend on where it was written.
    sheet.insert_image(row, 0, "structure.png", {**place, "y_offset": 3, "object_position": 1})


def _column_width(table: pd.DataFrame, name: Any) -> int:
    longest = max([len(str(name)), *(len(str(value)) for value in table[name])])
    return min(40, max(8, longest + 2))


def write_cell(sheet: Any, row: int, column: int, value: Any, style: Any = None) -> None:
    """Write text as text, a number as a number, and truth as yes or no."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", style)
    elif isinstance(value, int | float):
        if math.isfinite(value):
            sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, fitting(str(value)), style)


def fitting(text: str) -> str:
    """Return a text as long as a cell may be; a longer one is cut and ends in an ellipsis."""
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
