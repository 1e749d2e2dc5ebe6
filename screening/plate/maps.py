"""Plates as they lie on the bench: one sheet of a workbook each, a cell for every well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.plate.layout import (
    ACTIVE,
    COMPOUND,
    FORMATS,
    INACTIVE,
    SPARE,
    LayoutOptions,
    well_name,
)

if TYPE_CHECKING:
    import pandas as pd

# Told apart without colours too: the text of a well says what it is.
_FILLS = {COMPOUND: "#DCE9F7", ACTIVE: "#CDEBD6", INACTIVE: "#F8DCC4", SPARE: "#FFFFFF"}
_EDGE = "empty edge"
# Longest name of a compound in a well; the whole one is in the table.
_LONGEST = 24


def add_maps(book: Any, table: pd.DataFrame, layout: LayoutOptions) -> None:
    """Add a sheet for each plate.

    Parameters
    ----------
    book
        A workbook of xlsxwriter.
    table : DataFrame
        A row for each filled well: `plate`, `well`, `kind`, `pick`, `id`.
    layout
    """
    base = {"border": 1, "border_color": "#B0B7BF", "align": "center", "valign": "vcenter"}
    small = {**base, "text_wrap": True, "font_size": 8}
    styles = {kind: book.add_format({**small, "bg_color": fill}) for kind, fill in _FILLS.items()}
    styles[_EDGE] = book.add_format({**small, "bg_color": "#E6E8EB"})
    head = book.add_format({**base, "bold": True})
    for plate, wells in table.groupby("plate", sort=True):
        _add_map(book.add_worksheet(f"Plate {plate}"), wells, layout, styles, head)


def _add_map(
    sheet: Any, wells: pd.DataFrame, layout: LayoutOptions, styles: dict[str, Any], head: Any
) -> None:
    rows, columns = FORMATS[layout.wells]
    usable = set(layout.names())
    content = {
        well: (kind, f"{pick}\n{_short(str(name))}" if kind == COMPOUND else _control(kind, name))
        for well, kind, pick, name in wells[["well", "kind", "pick", "id"]].itertuples(index=False)
    }
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, columns, 12)
    sheet.freeze_panes(1, 1)
    sheet.write_string(0, 0, "", head)
    for column in range(columns):
        sheet.write_string(0, column + 1, f"{column + 1}", head)
    for row in range(rows):
        sheet.set_row(row + 1, 36)
        sheet.write_string(row + 1, 0, chr(ord("A") + row), head)
        for column in range(columns):
            well = well_name(row, column)
            kind, text = content.get(well, (SPARE if well in usable else _EDGE, ""))
            sheet.write_string(row + 1, column + 1, text, styles[kind])
    counts = wells["kind"].value_counts()
    legend = {kind: int(counts.get(kind, 0)) for kind in (COMPOUND, ACTIVE, INACTIVE)}
    legend[SPARE] = len(usable) - len(content)
    legend[_EDGE] = rows * columns - len(usable)
    shown = [(kind, n) for kind, n in legend.items() if n]
    for place, (kind, n) in enumerate(shown):
        sheet.write_string(rows + 2 + place, 1, kind, styles[kind])
        sheet.write_string(rows + 2 + place, 2, f"{n} well{'' if n == 1 else 's'}")


def _control(kind: str, name: object) -> str:
    return f"{kind.split()[0]}\n{_short(str(name))}"


def _short(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
