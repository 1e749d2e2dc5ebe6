"""Rows of an Excel sheet, every value as a person sees it there."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO

from screening.errors import UserError
from screening.tables.records import Record

_BATCH = 1000
# Excel's own limit.
_MOST_ROWS = 1 << 20
# Texts that cells share, which are held in memory, unpacked: no table has as many.
_LARGEST_TEXTS = 1 << 30
_WORKBOOK, _TEXTS = "xl/workbook.xml", "xl/sharedStrings.xml"
# How Excel writes signs that XML has not.
_ESCAPE = re.compile(r"_x(00[01][0-9A-Fa-f])_")


class ExcelRows:
    """One sheet of an open workbook as rows of text.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    file : binary file
        Seekable.
    sheet : str, optional
        The first that is not hidden when None.

    Attributes
    ----------
    sheet : str
        The one that is read.
    others : list of str
        The other sheets.

    Raises
    ------
    UserError
        The file is no workbook, is damaged, or has no such sheet.
    """

    def __init__(self, source: str, file: BinaryIO, sheet: str | None) -> None:
        self._source = source
        _check(source, file)
        # Costs a tenth of a second, and few tables are workbooks.
        from openpyxl import load_workbook

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # Values that Excel computed, not the formulas.
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheets = {table.title: table for table in book.worksheets}
            shown = [name for name, table in sheets.items() if table.sheet_state == "visible"]
        except Exception as error:
            # openpyxl meets damage wherever it comes upon it.
            raise self._damaged(error) from error
        if sheet is not None and sheet not in sheets:
            raise UserError(
                f"{source} has no sheet {sheet!r} (sheet, --sheet); its sheets are "
                f"{', '.join(sheets) or 'none'}."
            )
        if not sheets:
            raise UserError(f"{source} has no sheet with cells.")
        self.sheet = sheet or next(iter([*shown, *sheets]))
        self.others = [name for name in sheets if name != self.sheet]
        self._rows = sheets[self.sheet]

    def records(self) -> Iterator[Record]:
        """Yield every row that is not blank, numbered as in Excel."""
        for number, cells in enumerate(self._cells(), start=1):
            if number > _MOST_ROWS:
                raise self._damaged(ValueError(f"more than {_MOST_ROWS:,} rows"))
            texts = [as_seen(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                yield number, texts, ""

    def _cells(self) -> Iterator[Sequence[Any]]:
        # What the file says of its size is not always true.
        self._rows.reset_dimensions()
        rows = self._rows.iter_rows()
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    batch = list(islice(rows, _BATCH))
            except Exception as error:
                raise self._damaged(error) from error
            if not batch:
                return
            yield from batch

    def _damaged(self, error: Exception) -> UserError:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return UserError(
            f"{self._source} is a damaged Excel file ({reason}); open it in Excel and save it "
            "again."
        )


def _check(source: str, file: BinaryIO) -> None:
    """Raise UserError unless the file is a workbook of a size that can be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {part.filename: part.file_size for part in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError(f"{source} is a damaged Excel file or zip archive ({error}).") from error
    finally:
        file.seek(0)
    if _WORKBOOK not in sizes:
        kind = "a model file" if "model.json" in sizes else "a zip archive"
        kind = "a binary Excel file (.xlsb)" if "xl/workbook.bin" in sizes else kind
        raise UserError(f"{source} is {kind}, not a table; save the table as .xlsx or CSV.")
    if sizes.get(_TEXTS, 0) > _LARGEST_TEXTS:
        raise UserError(
            f"{source} holds more than {_LARGEST_TEXTS >> 30} GiB of text; save the table as CSV."
        )


def as_seen(cell: Any) -> str:
    """Return what a cell shows: 5 and not 5.0, 57.6% and not 0.576, dates as 2026-01-31.

    Empty cells, errors such as #N/A, and formulas that were never computed are empty.
    """
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, str):
        return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime):
        day = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if day else value.isoformat(" ", "seconds")
    return str(value) if isinstance(value, timedelta) else value.isoformat()


def _number(value: float, shown_as: str) -> str:
    if shown_as.rstrip().endswith("%"):
        return f"{100 * value:.15g}%"
    # Excel computes with 15 digits, and its files have the 17 of a binary number.
    text = f"{value:.15g}"
    # Catalogue numbers such as 00042 may be numbers with leading zeros.
    return text.zfill(len(shown_as)) if set(shown_as) == {"0"} and text.isdigit() else text
