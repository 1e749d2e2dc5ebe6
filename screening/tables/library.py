"""A library as a stream of chunks: never the whole file, no row lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import chain, islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from screening.tables.columns import Columns, Wanted, structures_and_names
from screening.tables.records import Record
from screening.tables.sources import expand, open_bytes, source_size
from screening.tables.table import Announce, open_table, silent


@dataclass
class Chunk:
    """Consecutive rows of one file, by column.

    Attributes
    ----------
    source : str
        The file as it was named.
    rows : int64 array
        Line on which each row begins, the header being line 1; number of the record, from 1, in
        SDF and Parquet files.
    smiles, ids : list of str
        Structure and name of each row; a row without a name is called `row-<line>`.
    extra : dict of str to list of str
        Every other column, in file order.
    problems : dict of int to str
        Rows of the chunk, by position, that cannot be used: they have more cells than the table
        has columns, or hold no structure that can be read.
    cells : dict of str to list of str
        Every column under its own name, in file order, as it is written.
    """

    source: str
    rows: NDArray[np.int64]
    smiles: list[str]
    ids: list[str]
    extra: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    cells: dict[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.smiles)

    def alone(self, position: int) -> Chunk:
        """Return the chunk of one row of this one."""
        only = slice(position, position + 1)
        return replace(
            self,
            rows=self.rows[only],
            smiles=self.smiles[only],
            ids=self.ids[only],
            extra={name: cells[only] for name, cells in self.extra.items()},
            cells={name: cells[only] for name, cells in self.cells.items()},
            problems={0: self.problems[position]} if position in self.problems else {},
        )

    def digest(self) -> str:
        """Return a hash of all that it holds, the same on every machine."""
        found = blake2b(self.rows.astype("<i8").tobytes(), digest_size=16)
        marks = [str(position) for position in self.problems]
        headers = [self.source, *self.extra]
        for texts in (headers, marks, self.smiles, self.ids, *self.extra.values()):
            # With the lengths: cells that share their letters in another way are others.
            found.update(np.array([len(texts), *map(len, texts)], dtype="<i8").tobytes())
            found.update("".join(texts).encode("utf-8", "surrogatepass"))
        return found.hexdigest()

    def place(self) -> str:
        """Return where its rows are, for a sentence."""
        return f"{self.source}, from row {self.rows[0]} on"


class LibraryStream:
    """The rows of one or more files, as chunks in input order; they are read once.

    Parameters
    ----------
    paths : sequence of str
        Files, globs, or `-` for stdin.
    smiles_column, id_column : str, optional
        Columns; guessed for each file when not given.
    sheet : str, optional
        Of Excel files; the first of each when not given.
    chunk_size : int
        Rows of a chunk; the last chunk of a file may be shorter.
    announce : callable
        Is told, once a file, what was recognised and guessed.

    Attributes
    ----------
    sources : list of str
        The files, globs resolved.
    columns : dict of str to Columns
        Of the files opened so far.
    formats : dict of str to str
        What those were recognised as, in words.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        smiles_column: str | None = None,
        id_column: str | None = None,
        sheet: str | None = None,
        chunk_size: int = 1000,
        announce: Announce = silent,
    ) -> None:
        self.sources = expand(paths)
        self.wanted = Wanted(smiles_column, id_column, sheet)
        self.chunk_size = chunk_size
        self.announce = announce
        self.columns: dict[str, Columns] = {}
        self.formats: dict[str, str] = {}
        self._sizes = [source_size(source) for source in self.sources]
        self._finished = 0
        self._ahead: list[Chunk] = []
        self._rest = chain.from_iterable(map(self._chunks, self.sources))
        self._position: Callable[[], int] = lambda: 0

    def share_read(self) -> float | None:
        """Return the share of all bytes that were read, or None when the size is not known."""
        if None in self._sizes:
            return None
        sizes = [size or 0 for size in self._sizes]
        read = sum(sizes[: self._finished]) + self._position()
        return min(1.0, read / max(1, sum(sizes)))

    def __iter__(self) -> Iterator[Chunk]:
        yield from self._ahead
        self._ahead = []
        yield from self._rest

    def begun(self) -> Self:
        """Return the stream with its first chunk read: what is wrong with it is an error here."""
        self._ahead = list(islice(self._rest, 1))
        return self

    def identity(self) -> dict[str, Any]:
        """Return what tells this library from another: names, sizes, columns of the first file."""
        columns = next(iter(self.columns.values()), None)
        names = (
            {} if columns is None else {"smiles_column": columns.smiles, "id_column": columns.id}
        )
        sizes = {s: n for s, n in zip(self.sources, self._sizes, strict=True) if n is not None}
        return {"sources": self.sources, "bytes": sizes, "columns": names}

    def _chunks(self, source: str) -> Iterator[Chunk]:
        table = open_table(source, open_bytes(source), self.wanted, self.announce)
        self._position = table.position
        self.formats[source] = table.description
        self.columns[source] = table.columns
        while part := list(islice(table.rows, self.chunk_size)):
            self.columns[source] = table.columns
            yield _chunk(source, table.columns, part)
        self._finished += 1
        self._position = lambda: 0


def open_library(
    paths: Sequence[str],
    *,
    smiles_column: str | None = None,
    id_column: str | None = None,
    sheet: str | None = None,
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
        sheet=sheet,
        chunk_size=chunk_size,
        announce=announce,
    )


def _chunk(source: str, columns: Columns, part: Sequence[Record]) -> Chunk:
    width = len(columns.names)
    by_name = dict(zip(columns.names, by_column(part, width), strict=True))
    as_written = dict(by_name)
    cells = by_name.pop(columns.smiles)
    lines = [line for line, _, _ in part]
    # One column may be both: the structure is then the name too.
    names = by_name.pop(columns.id, cells) if columns.id else None
    smiles, ids = structures_and_names(cells, names, lines)
    rows = np.array(lines, dtype=np.int64)
    return Chunk(source, rows, smiles, ids, by_name, problems_of(part, width), as_written)


def by_column(part: Sequence[Record], width: int) -> list[list[str]]:
    """Return the cells by column: short rows filled with empty cells, long ones cut."""
    if all(len(cells) == width for _, cells, _ in part):
        filled = [cells for _, cells, _ in part]
    else:
        filled = [(cells + [""] * (width - len(cells)))[:width] for _, cells, _ in part]
    return [list(column) for column in zip(*filled, strict=True)]


def problems_of(part: Sequence[Record], width: int) -> dict[int, str]:
    """Return, by position, why rows cannot be used."""
    return {
        position: problem or f"{len(cells)} cells in a table of {width} columns"
        for position, (_, cells, problem) in enumerate(part)
        if problem or len(cells) > width
    }
