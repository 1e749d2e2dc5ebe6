"""One file recognised: its kind, its columns, and its rows as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice

from screening.errors import UserError
from screening.tables.columns import Columns, Wanted, choose_columns, unique_names
from screening.tables.dialect import (
    Dialect,
    decode,
    header_of,
    recognise,
    text_of,
    title_lines,
)
from screening.tables.excel import ExcelRows
from screening.tables.parquet import ParquetRows
from screening.tables.records import Record, records
from screening.tables.sdf import SMILES, TITLE, is_sdf, sdf_records
from screening.tables.sources import PARQUET, ZIP, OpenedSource, seekable, source_size

Announce = Callable[[str], None]
SAMPLE = 50
# Rows among which the header is looked for, where there may be a title above it.
_HEAD = 20


def silent(sentence: str) -> None:
    """Say nothing."""
    del sentence


@dataclass
class Table:
    """The rows of one file.

    Attributes
    ----------
    names : list of str
        Columns in file order, no name twice; of an SDF file, those seen so far.
    smiles : str
        The column of structures.
    id : str or None
        The column of names.
    rows : iterator of Record
        Rows may be shorter than `names`.
    description : str
        What the file was recognised as, in words.
    delimiter : str
        Between the cells of a text file; empty for other files.
    position : callable
        Tells how many bytes of the file were read.
    """

    names: list[str]
    smiles: str
    id: str | None
    rows: Iterator[Record]
    description: str
    delimiter: str
    position: Callable[[], int]

    @property
    def columns(self) -> Columns:
        """The columns that are known now."""
        return Columns(self.smiles, self.id, tuple(self.names))


@dataclass
class _Raw:
    names: list[str]
    rows: Iterator[Record]
    description: str
    position: Callable[[], int]
    delimiter: str = ""


def open_table(source: str, opened: OpenedSource, wanted: Wanted, announce: Announce) -> Table:
    """Recognise an open file, choose its columns, and say so once.

    Raises
    ------
    UserError
        The file is empty, damaged or no table, or its columns are not clear.
    """
    if opened.head.startswith(ZIP):
        raw = _excel(source, opened, wanted.sheet)
    elif wanted.sheet is not None:
        raise UserError(
            f"{source} is no Excel file: it has no sheet {wanted.sheet!r} (sheet, --sheet)."
        )
    elif opened.head.startswith(PARQUET):
        raw = _parquet(source, opened)
    elif is_sdf(decode(opened.head)[1]):
        raw = _sdf(source, opened, announce)
    else:
        raw = _text(source, opened, announce)
    sample = list(islice(raw.rows, SAMPLE))
    if not raw.names:
        raw.names.extend(_numbered(sample))
    columns = choose_columns(source, raw.names, [cells for _, cells, _ in sample], wanted)
    named = f"names in {columns.id!r}" if columns.id else "no column of names (rows get row-<line>)"
    announce(f"{source}: {raw.description}; structures in {columns.smiles!r}, {named}.")
    return Table(
        names=raw.names,
        smiles=columns.smiles,
        id=columns.id,
        rows=chain(sample, raw.rows),
        description=raw.description,
        delimiter=raw.delimiter,
        position=raw.position,
    )


def _text(source: str, opened: OpenedSource, announce: Announce) -> _Raw:
    dialect = recognise(source, opened.head)
    text = text_of(opened.stream, dialect.encoding, _stray(source, dialect.encoding, announce))
    names = _names(dialect)
    rows = records(source, text, dialect)
    return _Raw(names, rows, dialect.describe(), opened.position, dialect.delimiter)


def _sdf(source: str, opened: OpenedSource, announce: Announce) -> _Raw:
    encoding, _ = decode(opened.head)
    text = text_of(opened.stream, encoding, _stray(source, encoding, announce))
    names = [SMILES, TITLE]
    rows = sdf_records(source, text, names)
    return _Raw(names, rows, f"SDF file, {encoding}", opened.position)


def _parquet(source: str, opened: OpenedSource) -> _Raw:
    size = source_size(source) or 0
    # The file stays open while its rows are read, and is closed with the last.
    stack = ExitStack()
    table = ParquetRows(source, stack.enter_context(seekable(source, opened)))
    rows = _closing(stack, table.records())
    left = f" (without {', '.join(table.left_out)})" if table.left_out else ""
    names = list(unique_names(table.names))
    return _Raw(names, rows, f"Parquet file{left}", lambda: int(size * table.share_read))


def _excel(source: str, opened: OpenedSource, sheet: str | None) -> _Raw:
    stack = ExitStack()
    file = stack.enter_context(seekable(source, opened))
    table = ExcelRows(source, file, sheet)
    rows = _closing(stack, table.records())
    head = list(islice(rows, _HEAD))
    if not head:
        raise UserError(f"{source}: the sheet {table.sheet!r} is empty.")
    title = title_lines([cells for _, cells, _ in head])
    header = header_of([cells for _, cells, _ in head[title:]])
    names = list(unique_names(header or ()))
    rest = chain(head[title + (header is not None) :], rows)
    others = f" (others: {', '.join(table.others)})" if table.others else ""
    description = f"Excel sheet {table.sheet!r}{others}, {'with' if header else 'without'} a header"

    def position() -> int:
        return 0 if file.closed else file.tell()

    return _Raw(names, _widening(names, rest), description, position)


def _widening(names: list[str], rows: Iterator[Record]) -> Iterator[Record]:
    """Yield the rows; a cell to the right of the last column is a column without a name."""
    for row in rows:
        while len(row[1]) > len(names):
            names.append(unique_names([*names, ""])[-1])
        yield row


def _closing(stack: ExitStack, rows: Iterator[Record]) -> Iterator[Record]:
    with stack:
        yield from rows


def _stray(source: str, encoding: str, announce: Announce) -> Callable[[], None]:
    """Return what to say when bytes that are no UTF-8 come after it was said to be UTF-8."""

    def say() -> None:
        if encoding == "UTF-8":
            announce(f"{source}: some bytes further on are not UTF-8 and are read as latin-1.")

    return say


def _names(dialect: Dialect) -> list[str]:
    if dialect.header:
        return list(unique_names(dialect.header))
    return ["smiles", "id"] if dialect.kind == "smi" and dialect.delimiter == " " else []


def _numbered(sample: Sequence[Record]) -> list[str]:
    """Name the columns of a table without a header by their position."""
    width = max((len(cells) for _, cells, _ in sample), default=0)
    return [f"column_{position}" for position in range(1, width + 1)]
