"""Rows of a text table as a stream, each with the line it begins on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from screening.errors import UserError
from screening.tables.dialect import Dialect

Record = tuple[int, list[str]]


def records(source: str, text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """Yield (line number, cells) of every row that is not blank, the header left out.

    Lines count from 1 and the header is line 1, as an editor shows them; a quoted cell may span
    lines, and its row is numbered by the first.
    """
    rows = _smi(text) if dialect.kind == "smi" else _csv(source, text, dialect.delimiter)
    skip = dialect.header is not None
    for line, cells in rows:
        if skip:
            skip = False
            continue
        yield line, cells


def _csv(source: str, text: TextIO, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(text, delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            if cells:
                yield before + 1, cells
            before = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"{source}, line {before + 1}: not a readable row ({error}); "
            "look for a quotation mark that is never closed."
        ) from error


def _smi(text: TextIO) -> Iterator[Record]:
    for number, line in enumerate(text, start=1):
        words = line.rstrip("\r\n").split(maxsplit=1)
        if words:
            yield number, words if len(words) == 2 else [words[0], ""]
