"""A library as a stream of chunks: never the whole file, no row lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from screening.tables.columns import Columns, choose_columns, unique_names
from screening.tables.dialect import Dialect, recognise, text_of
from screening.tables.records import Record, records
from screening.tables.sources import OpenedSource, expand, open_bytes, source_size

Announce = Callable[[str], None]
SAMPLE = 50


def silent(sentence: str) -> None:
    """Say nothing."""
    del sentence


@dataclass
class Chunk:
    """Consecutive rows of one file, by column.

    Attributes
    ----------
    source : str
        The file as it was named.
    rows : int64 array
        Line on which each row begins.
    smiles, ids : list of str
        Structure and name of each row; a row without a name is called `row-<line>`.
    extra : dict of str to list of str
        Every other column, in file order.
    problems : dict of int to str
        Rows of the chunk, by position, that have more cells than the table has columns.
    """

    source: str
    rows: NDArray[np.int64]
    smiles: list[str]
    ids: list[str]
    extra: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.smiles)


class LibraryStream:
    """The rows of one or more files, as chunks in input order.

    Parameters
    ----------
    paths : sequence of str
        Files, globs, or `-` for stdin.
    smiles_column, id_column : str, optional
        Columns; guessed for each file when not given.
    chunk_size : int
        Rows of a chunk; the last chunk of a file may be shorter.
    announce : callable
        Is told, once a file, what was recognised and guessed.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        smiles_column: str | None = None,
        id_column: str | None = None,
        chunk_size: int = 1000,
        announce: Announce = silent,
    ) -> None:
        self.sources = expand(paths)
        self.smiles_column = smiles_column
        self.id_column = id_column
        self.chunk_size = chunk_size
        self.announce = announce
        self._sizes = [source_size(source) for source in self.sources]
        self._finished = 0
        self._position: Callable[[], int] = lambda: 0

    def share_read(self) -> float | None:
        """Return the share of all bytes that were read, or None when the size is not known."""
        if None in self._sizes:
            return None
        sizes = [size or 0 for size in self._sizes]
        read = sum(sizes[: self._finished]) + self._position()
        return min(1.0, read / max(1, sum(sizes)))

    def __iter__(self) -> Iterator[Chunk]:
        for source in self.sources:
            yield from self._chunks(source)

    def _chunks(self, source: str) -> Iterator[Chunk]:
        opened = open_bytes(source)
        self._position = opened.position
        columns, rows = read_table(
            source, opened, self.smiles_column, self.id_column, self.announce
        )
        while part := list(islice(rows, self.chunk_size)):
            yield _chunk(source, columns, part)
        self._finished += 1
        self._position = lambda: 0


def open_library(
    paths: Sequence[str],
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    chunk_size: int = 1000,
    announce: Announce = silent,
) -> LibraryStream:
    """Open files as one stream; see `LibraryStream`.

    Raises
    ------
    UserError
        A file is missing, unreadable, empty or no table.
    """
    return LibraryStream(
        paths,
        smiles_column=smiles_column,
        id_column=id_column,
        chunk_size=chunk_size,
        announce=announce,
    )


def open_table(
    source: str, smiles_column: str | None, id_column: str | None, announce: Announce
) -> tuple[Columns, Iterator[Record]]:
    """Recognise one file and return its columns and the stream of its rows."""
    return read_table(source, open_bytes(source), smiles_column, id_column, announce)


def read_table(
    source: str,
    opened: OpenedSource,
    smiles_column: str | None,
    id_column: str | None,
    announce: Announce,
) -> tuple[Columns, Iterator[Record]]:
    """Do the same for a file that is already open."""
    stream = opened.stream
    dialect = recognise(source, stream.peek(1 << 16))
    rows = records(source, text_of(stream), dialect)
    sample = list(islice(rows, SAMPLE))
    names = _names(dialect, sample)
    if dialect.kind == "smi":  # the format says where things are
        smiles_column, id_column = smiles_column or names[0], id_column or names[1]
    columns = choose_columns(
        source, names, [cells for _, cells in sample], smiles_column, id_column
    )
    named = f"names in {columns.id!r}" if columns.id else "no column of names (rows get row-<line>)"
    announce(f"{source}: {dialect.describe()}; structures in {columns.smiles!r}, {named}.")
    return columns, _chain(sample, rows)


def _chain(sample: list[Record], rows: Iterator[Record]) -> Iterator[Record]:
    yield from sample
    yield from rows


def _names(dialect: Dialect, sample: Sequence[Record]) -> tuple[str, ...]:
    if dialect.kind == "smi":
        return unique_names(dialect.header or ("smiles", "id"))
    if dialect.header:
        return unique_names(dialect.header)
    width = max((len(cells) for _, cells in sample), default=0)
    return tuple(f"column_{position}" for position in range(1, width + 1))


def _chunk(source: str, columns: Columns, part: Sequence[Record]) -> Chunk:
    width = len(columns.names)
    problems = {
        position: f"{len(cells)} cells in a table of {width} columns"
        for position, (_, cells) in enumerate(part)
        if len(cells) > width
    }
    filled = [
        cells + [""] * (width - len(cells)) if len(cells) < width else cells for _, cells in part
    ]
    by_name = dict(
        zip(columns.names, map(list, zip(*(c[:width] for c in filled), strict=True)), strict=True)
    )
    smiles = by_name.pop(columns.smiles)
    lines = [line for line, _ in part]
    names = by_name.pop(columns.id) if columns.id else [""] * len(part)
    ids = [name.strip() or f"row-{line}" for name, line in zip(names, lines, strict=True)]
    return Chunk(source, np.array(lines, dtype=np.int64), smiles, ids, by_name, problems)
