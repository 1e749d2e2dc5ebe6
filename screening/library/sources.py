"""Raw files as input of a run: opened, and the first rows read before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from screening.tables import Announce, Chunk, open_library


class RawStream:
    """The chunks of raw files, in order.

    What is wrong with the first file is an error before the run has begun.

    Parameters
    ----------
    sources : sequence of str
        Files, globs, or `-` for stdin.
    smiles_column, id_column : str, optional
        Guessed when None.
    chunk_size : int
    announce : callable

    Raises
    ------
    UserError
        A file is missing, unreadable, empty or no table.
    """

    def __init__(
        self,
        sources: Sequence[str],
        smiles_column: str | None,
        id_column: str | None,
        chunk_size: int,
        announce: Announce,
    ) -> None:
        self._stream = open_library(
            [str(source) for source in sources],
            smiles_column=smiles_column,
            id_column=id_column,
            chunk_size=chunk_size,
            announce=announce,
        )
        self.sources = self._stream.sources
        self._rest = iter(self._stream)
        self._first = next(self._rest, None)

    def __iter__(self) -> Iterator[Chunk]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._rest

    def share_read(self) -> float | None:
        """Return the share of all bytes that were read, or None when the size is not known."""
        return self._stream.share_read()

    def identity(self) -> dict[str, Any]:
        """Return what tells this library from another: names, sizes, columns of the first file."""
        columns = next(iter(self._stream.columns.values()), None)
        return {
            "sources": self.sources,
            "bytes": {s: Path(s).stat().st_size for s in self.sources if Path(s).is_file()},
            "columns": (
                {}
                if columns is None
                else {"smiles_column": columns.smiles, "id_column": columns.id}
            ),
        }
