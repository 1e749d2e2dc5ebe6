"""What kind of text table a file is: SMILES file or separated values, delimiter, header."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from screening.errors import UserError
from screening.tables.columns import ID_NAMES, SMILES_NAMES, looks_like_smiles

csv.field_size_limit(1 << 26)
_SMILES_ENDINGS = (".smi", ".smiles", ".ism", ".can")
_DELIMITERS = (",", "\t", ";", "|")


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """Read a byte that is no UTF-8 as latin-1, which has a letter for every byte."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin-1", _as_latin_1)


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes
    ----------
    kind : str
        csv (separated values) or smi (SMILES, blank, name).
    delimiter : str
        Between cells; a blank for smi.
    header : tuple of str or None
        Names of the columns as written; None when the first line is data.
    encoding : str
        UTF-8, or latin-1 when bytes were seen that UTF-8 does not have.
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


def text_of(stream: BinaryIO) -> io.TextIOWrapper:
    """Return the stream as text: UTF-8 with or without mark, stray bytes as latin-1."""
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="latin-1", newline="")


def recognise(path: str, head: bytes) -> Dialect:
    """Recognise the dialect from a file's name and its first bytes.

    Raises
    ------
    UserError
        The file is empty.
    """
    try:
        codecs.getincrementaldecoder("utf-8-sig")().decode(head)
        encoding = "UTF-8"
    except UnicodeDecodeError:
        encoding = "latin-1"
    text = codecs.getincrementaldecoder("utf-8-sig")("latin-1").decode(head)
    if not text.strip():
        raise UserError(f"{path} is empty.")
    first = next(line for line in text.splitlines() if line.strip())
    if _is_smiles_file(path, first):
        words = first.split(maxsplit=1)
        header = _smi_header(words) if words[0].lower() in SMILES_NAMES else None
        return Dialect("smi", " ", header, encoding)
    delimiter = max(_DELIMITERS, key=lambda mark: _cells_agree(text, mark))
    row = next(row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    return Dialect("csv", delimiter, _csv_header(row), encoding)


def _is_smiles_file(path: str, first: str) -> bool:
    name = PurePath(path).name.lower().removesuffix(".gz")
    if name.endswith(_SMILES_ENDINGS):
        return True
    if name.endswith((".csv", ".tsv", ".txt")) or any(mark in first for mark in _DELIMITERS):
        return False
    return looks_like_smiles(first.split(maxsplit=1)[0])


def _smi_header(words: list[str]) -> tuple[str, ...]:
    return tuple(words) if len(words) == 2 else (words[0], "id")


def _cells_agree(text: str, delimiter: str) -> tuple[bool, int]:
    """Rank a delimiter by whether the first rows agree on how many cells it makes, and how many."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    sizes = [len(row) for row, _ in zip(_safely(rows), range(20), strict=False) if row]
    if not sizes or sizes[0] == 1:
        return False, 0
    return sizes.count(sizes[0]) >= max(1, len(sizes) - 2), sizes[0]


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def _csv_header(row: list[str]) -> tuple[str, ...] | None:
    known = {cell.strip().lower() for cell in row} & (SMILES_NAMES | ID_NAMES)
    if not known and any(looks_like_smiles(cell) for cell in row):
        return None
    return tuple(cell.strip() for cell in row)
