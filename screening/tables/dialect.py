"""What kind of text table a file is: SMILES file or separated values, delimiter, header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import PurePath
from typing import BinaryIO

from screening.errors import UserError
from screening.tables.columns import looks_like_smiles, names_compounds, names_structures

_SMILES_ENDINGS = (".smi", ".smiles", ".ism", ".can")
_DELIMITERS = (",", "\t", ";", "|")
# A word, unless it is spelt like a structure with rings (`C1CC` is a broken one, not a name).
_NAME = re.compile(r"(?!(?=.*\d)[BCFHINOPScnosl\d]+$)[^\W\d][\w .-]*")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes
    ----------
    kind : str
        csv (separated values) or smi (SMILES, blank, name; or tabs between any cells).
    delimiter : str
        Between cells.
    header : tuple of str or None
        Names of the columns as written; None when the first line is data.
    encoding : str
        UTF-8, UTF-16, or latin-1 when bytes were seen that UTF-8 does not have.
    """

    kind: str
    delimiter: str
    header: tuple[str, ...] | None
    encoding: str

    def describe(self) -> str:
        """Return the dialect in words, for the line that announces it."""
        name = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}.get(self.delimiter)
        form = "SMILES file" if self.kind == "smi" else f"table separated by {name}"
        head = "with a header" if self.header else "without a header"
        return f"{form}, {head}, {self.encoding}"


def text_of(
    stream: BinaryIO, encoding: str, on_stray: Callable[[], None] = lambda: None
) -> io.TextIOWrapper:
    """Return the stream as text.

    Parameters
    ----------
    stream
        Bytes from the start of the file.
    encoding
        As recognised. UTF-8 may begin with a mark, and its stray bytes are read as latin-1, which
        has a letter for every byte.
    on_stray
        Is called at the first stray byte.
    """
    if encoding == "UTF-16":
        return io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="")
    return io.TextIOWrapper(
        stream, encoding="utf-8-sig", errors=_latin_1_handler(on_stray), newline=""
    )


_handlers = count()


def _latin_1_handler(on_stray: Callable[[], None]) -> str:
    """Register a decoding error handler for one file, and return its name."""
    name, seen = f"latin-1-{next(_handlers)}", False

    def read_as_latin_1(error: UnicodeError) -> tuple[str, int]:
        nonlocal seen
        if not isinstance(error, UnicodeDecodeError):
            raise error
        if not seen:
            seen = True
            on_stray()
        return error.object[error.start : error.end].decode("latin-1"), error.end

    codecs.register_error(name, read_as_latin_1)
    return name


def recognise(path: str, head: bytes) -> Dialect:
    """Recognise the dialect from a file's name and its first bytes.

    Raises
    ------
    UserError
        The file is empty.
    """
    encoding, text = decode(head)
    if not text.strip():
        raise UserError(f"{path} is empty, or begins with too many blank lines.")
    first = next(line for line in io.StringIO(text, newline="") if line.strip()).strip()
    if _is_smiles_file(path, first):
        delimiter = "\t" if "\t" in first else " "
        cells = first.split("\t") if delimiter == "\t" else first.split(maxsplit=1)
        return Dialect("smi", delimiter, _smi_header(cells), encoding)
    delimiter = max(_DELIMITERS, key=lambda mark: _cells_agree(text, mark))
    return Dialect("csv", delimiter, header_of(_first_rows(text, delimiter)), encoding)


def decode(head: bytes) -> tuple[str, str]:
    """Return the encoding of a file by its first bytes, and those as text."""
    # Incremental decoders, since the head may end inside a letter.
    if head.startswith(_UTF_16_MARKS):
        return "UTF-16", codecs.getincrementaldecoder("utf-16")("replace").decode(head)
    strays: list[bool] = []
    handler = _latin_1_handler(lambda: strays.append(True))
    text = codecs.getincrementaldecoder("utf-8-sig")(handler).decode(head)
    return "latin-1" if strays else "UTF-8", text


def _is_smiles_file(path: str, first: str) -> bool:
    name = PurePath(path).name.lower().removesuffix(".gz")
    word = first.split(maxsplit=1)[0]
    if name.endswith(_SMILES_ENDINGS):
        # Some are separated by commas nevertheless; no SMILES has one.
        return "," not in word
    if any(mark in first for mark in _DELIMITERS):
        return False
    return looks_like_smiles(word)


def _smi_header(cells: list[str]) -> tuple[str, ...] | None:
    if not _could_be_name(cells[0]):
        return None
    return tuple(cell.strip() for cell in cells) if len(cells) >= 2 else (cells[0], "id")


def _could_be_name(cell: str) -> bool:
    """Tell a column's name from a structure, which may be as short as `C` or broken."""
    word = cell.strip()
    return names_structures(word) or (
        _NAME.fullmatch(word) is not None and not looks_like_smiles(word, least_atoms=1)
    )


def is_blank(cells: Sequence[str]) -> bool:
    """Tell whether the cells are those of a blank line."""
    return len(cells) < 2 and not "".join(cells).strip()


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return list(islice((row for row in _safely(rows) if not is_blank(row)), 20))


def _cells_agree(text: str, delimiter: str) -> tuple[bool, bool, int]:
    """Rank a delimiter: do rows agree on the number of cells, are there structures, how many."""
    rows = _first_rows(text, delimiter)
    sizes = [len(row) for row in rows]
    if not sizes or sizes[0] == 1:
        return False, False, 0
    agree = sizes.count(sizes[0]) >= max(1, len(sizes) - 2)
    # In `CCO;7,5` a comma makes as many cells as a semicolon, but no structure.
    return agree, any(looks_like_smiles(cell) for row in rows[:5] for cell in row), sizes[0]


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def header_of(rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return the names of the columns when the first row holds them, None when it is data."""
    first = rows[0]
    known = any(names_structures(cell) or names_compounds(cell) for cell in first)
    if not known and any(
        looks_like_smiles(cell) or (_holds_structures(rows, place) and not _could_be_name(cell))
        for place, cell in enumerate(first)
    ):
        return None
    return tuple(cell.strip() for cell in first)


def title_lines(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows are a title above a header that names a column of structures."""
    for place, row in enumerate(rows):
        if any(map(looks_like_smiles, row)):
            return 0
        if any(map(names_structures, row)):
            return place
    return 0


def _holds_structures(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Tell whether a column holds structures below its first cell."""
    cells = [row[place] for row in rows[1:] if place < len(row)]
    return bool(cells) and 2 * sum(map(looks_like_smiles, cells)) >= len(cells)
