"""Rows of a text table as a stream, each with the line it begins on."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TextIO

from screening.errors import UserError
from screening.tables.dialect import Dialect

# A cell longer than this is a quotation mark that is never closed, not a cell.
csv.field_size_limit(1 << 24)
# Handed to the csv module after the last line: comes back alone, unless a quote is still open.
_END = "\0end of file\0"


# Line on which a row begins (number of the record in files without lines), its cells, and why the
# row cannot be used, empty when it can. A plain tuple, since there may be a hundred million.
Record = tuple[int, list[str], str]


def records(source: str, text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """Yield every row that is not blank, the header left out.

    Lines count from 1 and the header is line 1, as an editor shows them; a quoted cell may span
    lines, and its row is numbered by the first.

    Raises
    ------
    UserError
        The file is damaged, or a quotation mark is opened and never closed.
    """
    rows = _smi(text, dialect.delimiter) if dialect.kind == "smi" else _csv(source, text, dialect)
    skip = dialect.header is not None
    try:
        for row in rows:
            if skip:
                skip = False
                continue
            yield row
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(
            f"{source} is damaged or cut short ({error}); make or fetch it again."
        ) from error


def _csv(source: str, text: Iterable[str], dialect: Dialect) -> Iterator[Record]:
    reader = csv.reader(chain(text, [_END]), delimiter=dialect.delimiter)
    before = 0
    try:
        for cells in reader:
            if cells:
                if cells[-1].endswith(_END):
                    break
                yield before + 1, cells, ""
            before = reader.line_num
        else:
            return
    except csv.Error as error:
        raise _unclosed(source, before + 1) from error
    if len(cells) > 1 or cells[0] != _END:
        raise _unclosed(source, before + 1)


def _unclosed(source: str, line: int) -> UserError:
    return UserError(
        f"{source}, line {line}: a quotation mark is opened and never closed, so that all that "
        "follows would be one cell; close it, or double it if it belongs to the text."
    )


def _smi(text: Iterable[str], delimiter: str) -> Iterator[Record]:
    if delimiter == "\t":
        for number, line in enumerate(text, start=1):
            if not line.isspace():
                yield number, line.rstrip("\r\n").split("\t"), ""
        return
    for number, line in enumerate(text, start=1):
        words = line.split(maxsplit=1)
        if words:
            yield number, [words[0], words[1].rstrip() if len(words) == 2 else ""], ""
