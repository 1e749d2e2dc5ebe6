"""The loop over a library's shards: skip what is done, have an engine do the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from screening.chemistry import Reject
from screening.errors import UserError
from screening.library.engines.workers import Piece
from screening.library.shards import STAGES, ShardFiles, ShardRecord
from screening.systems import stops_on_sigterm
from screening.tables import write_csv_parts

if TYPE_CHECKING:
    import pandas as pd

REJECT_COLUMNS = ("source", "row", "id", "smiles", "reason", "message")
# Of all rows: when more are too large, the limit is worth a word.
_MANY = 0.01


@dataclass
class Counts:
    """How far a run is; `read = scored + passed_over + rejected` at any time."""

    read: int = 0
    scored: int = 0
    rejected: int = 0
    passed_over: int = 0

    def add(self, record: ShardRecord) -> None:
        """Count one shard."""
        self.read += record.read
        self.scored += record.scored
        self.rejected += len(record.rejects)
        self.passed_over += record.passed_over


# Told the counts, and the share of the input read, None where that is not known.
OnCounts = Callable[[Counts, float | None], None]


def ignore_counts(counts: Counts, share: float | None) -> None:
    """Take no notice of progress."""
    del counts, share


class LibraryPiece(Piece, Protocol):
    """The rows of one shard."""

    def digest(self) -> str:
        """Return a hash of all that it holds, the same on every machine."""

    def place(self) -> str:
        """Return where its rows are, for a sentence."""


class Stream(Protocol):
    """The pieces of a library, one a shard, in input order."""

    def __iter__(self) -> Iterator[LibraryPiece]: ...

    def share_read(self) -> float | None:
        """Return the share of the input that was read, or None when that is not known."""


class ShardEngine(Protocol):
    """What has shards done: processes here, or machines elsewhere."""

    def run(self, shards: Iterator[tuple[int, LibraryPiece]]) -> Iterator[ShardRecord]:
        """Yield the record of each shard as it is done."""


@dataclass
class ShardTotals:
    """What a run's shards came to.

    Attributes
    ----------
    shards : int
    counts : Counts
    continued : int
        Shards that an earlier run had finished.
    seconds : dict of str to float
        One entry a stage, summed over workers.
    scored : dict of int to int
        Scored rows of each shard, by its number.
    """

    shards: int = 0
    counts: Counts = field(default_factory=Counts)
    continued: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    scored: dict[int, int] = field(default_factory=dict)

    def add(self, record: ShardRecord) -> None:
        """Count one shard; its rejects stay in its file, so that memory does not grow with them."""
        self.shards = max(self.shards, record.number + 1)
        self.counts.add(record)
        self.scored[record.number] = record.scored


def do_shards(
    stream: Stream,
    files: ShardFiles,
    engine: Callable[[], AbstractContextManager[ShardEngine]],
    on_counts: OnCounts,
) -> ShardTotals:
    """Do every shard that is not done.

    A request to end (SIGTERM) is treated like Ctrl-C: workers are stopped, whole shards stay.

    Parameters
    ----------
    stream
        Read only as fast as the engine takes it.
    files
        Where shards are.
    engine
        Gives what does those that are not there yet; not called when there are none.
    on_counts
        Is told how far it is.

    Raises
    ------
    UserError
        A shard that is there is of other rows, or there are more of them; or shards were taken away
        while others were done. The run is then as it was found.
    """
    done = ShardTotals()
    begun: list[int] = []

    def remaining() -> Iterator[tuple[int, LibraryPiece]]:
        for number, piece in _timed(enumerate(stream), done.seconds):
            record = files.finished(number)
            if record is None:
                begun.append(number)
                yield number, piece
            elif record.rows_hash != piece.digest():
                raise _OtherRowsError(
                    f"the rows of {piece.place()}, are not those that it began with"
                )
            else:
                done.continued += 1
                done.add(record)

    try:
        with stops_on_sigterm():
            _do(remaining(), engine, done, lambda: on_counts(done.counts, stream.share_read()))
        _check_end(files, done)
    except _OtherRowsError as error:
        files.forget(begun)
        raise UserError(
            f"{files.records.parent} cannot be continued: {error}. Give the library as it was when "
            "the run began, or write to another folder."
        ) from error
    if not all(map(files.there, range(done.shards))):
        raise UserError(
            f"files in {files.records.parent} were taken away while the run went on; the same "
            "command does again what is missing."
        )
    return done


class _OtherRowsError(Exception):
    """The library is not the one that the shards were made of; the message says how it differs."""


def _check_end(files: ShardFiles, done: ShardTotals) -> None:
    if files.last() >= done.shards:
        raise _OtherRowsError(
            f"the library now ends after {done.counts.read:,} rows, and the run has more"
        )


def _do(
    rest: Iterator[tuple[int, LibraryPiece]],
    engine: Callable[[], AbstractContextManager[ShardEngine]],
    done: ShardTotals,
    on_shard: Callable[[], None],
) -> None:
    first = next(rest, None)
    if first is None:
        return
    with engine() as started:
        for record in started.run(chain([first], rest)):
            done.add(record)
            for stage, spent in record.seconds.items():
                done.seconds[stage] = done.seconds.get(stage, 0.0) + spent
            on_shard()


def _timed(
    shards: Iterator[tuple[int, LibraryPiece]], seconds: dict[str, float]
) -> Iterator[tuple[int, LibraryPiece]]:
    while True:
        started = time.perf_counter()
        following = next(shards, None)
        seconds["read"] += time.perf_counter() - started
        if following is None:
            return
        yield following


@dataclass
class TooLarge:
    """Rows that were rejected for their size.

    Attributes
    ----------
    rows : int
    atoms : int
        Heavy atoms of the largest.
    """

    rows: int = 0
    atoms: int = 0

    def advice(self, read: int, take_them: str) -> str:
        """Return which option takes these rows; empty unless more than 1 in 100 rows is one.

        Parameters
        ----------
        read
            Rows of the library.
        take_them
            What to do, a sentence with `{atoms}` for the number.
        """
        if self.rows <= _MANY * read:
            return ""
        return (
            f"{self.rows:,} of {read:,} rows ({100 * self.rows / read:.1f} %) have too many heavy "
            f"atoms and were rejected; {take_them.format(atoms=self.atoms)}."
        )


def write_rejects(files: ShardFiles, shards: int, path: Path) -> TooLarge:
    """Write the rejects of all shards, in input order, one shard in memory at a time.

    Returns
    -------
    TooLarge
        How many of them are there for their size.
    """
    large = TooLarge()

    import pandas as pd

    def tables() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame(columns=list(REJECT_COLUMNS))
        for number in range(shards):
            rejects = files.read_record(number).rejects
            if rejects:
                yield pd.DataFrame(
                    {column: [getattr(r, column) for r in rejects] for column in REJECT_COLUMNS}
                )
            for atoms in [_heavy_atoms(r) for r in rejects if r.reason == "too_large"]:
                large.rows += 1
                large.atoms = max(large.atoms, atoms)

    write_csv_parts(tables(), path)
    return large


def _heavy_atoms(reject: Reject) -> int:
    # The message begins with the number: see `read_molecule`.
    number = reject.message.split(maxsplit=1)[0]
    return int(number) if number.isdecimal() else 0
