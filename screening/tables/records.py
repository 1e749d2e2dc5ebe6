"""Rows of a text table as a stream, each with the line it begins on."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterator
from typing import TextIO

from screening.errors import UserError
from screening.tables.columns import split_structure
from screening.tables.dialect import Dialect, is_blank

# A cell longer than this is a quotation mark that is never closed, not a cell.
_LONGEST = 1 << 24
csv.field_size_limit(_LONGEST)
# Characters that are fetched at once.
_PART = 1 << 16


# Line on which a row begins (number of the record in files without lines), its cells, and why the
# row cannot be used, empty when it can. A plain tuple, since there may be a hundred million.
Record = tuple[int, list[str], str]


def _never(part: str) -> bool:
    del part
    return False


class Lines:
    """The lines of a text, one by one; long stretches of blank ones are passed over as a whole.

    Lines end in a line feed, a carriage return or both, whatever the other lines end in.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    text : text file
        With its line ends as they are.
    is_blank : callable
        Tells whether a stretch of text is blank lines only.

    Attributes
    ----------
    skipped : int
        Lines that were passed over so far.
    ended : bool
        Whether all lines were given.
    between_rows : callable
        Tells whether a blank line that comes next is one, and not part of a quoted cell.

    Raises
    ------
    UserError
        While lines are given: one of them is longer than any table's.
    """

    def __init__(self, source: str, text: TextIO, is_blank: Callable[[str], bool] = _never) -> None:
        self._source, self._text, self._is_blank = source, text, is_blank
        self.skipped = 0
        self.ended = False
        self.between_rows: Callable[[], bool] = lambda: True

    def __iter__(self) -> Iterator[str]:
        line = 0
        while part := self._text.read(_PART):
            rest = self._text.readline(_LONGEST)
            before, line = line, line + _ends(part)
            if len(rest) == _LONGEST:
                raise UserError(
                    f"{self._source}, line {line + 1} has more than {_LONGEST >> 20} million "
                    "characters; this is no table."
                )
            part += rest
            line = before + _ends(part)
            if self._is_blank(part) and self.between_rows():
                self.skipped += line - before
            else:
                yield from io.StringIO(part, newline="")
        self.ended = True


def _ends(part: str) -> int:
    return part.count("\n") + part.count("\r") - part.count("\r\n")


def records(source: str, text: TextIO, dialect: Dialect) -> Iterator[Record]:
    """Yield every row that is not blank, the header left out.

    Lines count from 1 and the header is line 1, as an editor shows them; a quoted cell may span
    lines, and its row is numbered by the first.

    Raises
    ------
    UserError
        The file is damaged, or a quotation mark is opened and never closed.
    """
    rows = (_smi if dialect.kind == "smi" else _csv)(source, text, dialect.delimiter)
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


def _csv(source: str, text: TextIO, delimiter: str) -> Iterator[Record]:
    # Empty cells between tabs are a row.
    lines = Lines(source, text, lambda part: part.isspace() and delimiter not in part)
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    lines.between_rows = lambda: reader.line_num == before
    try:
        for cells in reader:
            first, before = before + lines.skipped + 1, reader.line_num
            # A row is complete with its last line: only a quoted cell looks for more.
            if lines.ended:
                raise _unclosed(source, first)
            if len(cells) > 1 or not is_blank(cells):
                yield first, cells, ""
    except csv.Error as error:
        raise _unclosed(source, before + lines.skipped + 1) from error


def _unclosed(source: str, line: int) -> UserError:
    return UserError(
        f"{source}, line {line}: a quotation mark is opened and never closed, so that all that "
        "follows would be one cell; close it, or double it if it belongs to the text."
    )


def _smi(source: str, text: TextIO, delimiter: str) -> Iterator[Record]:
    lines = Lines(source, text, str.isspace)
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        cells = line.rstrip("\r\n").split("\t") if delimiter == "\t" else split_structure(line)
        yield number + lines.skipped, [*cells], ""
