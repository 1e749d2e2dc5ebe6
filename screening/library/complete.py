"""Bring every shard of a run to its end: skip what is done, have an engine do the rest."""

from __future__ import annotations

import csv
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from screening.chemistry import Reject
from screening.library.manifest import finished
from screening.library.shard import STAGES, ShardFiles, ShardRecord
from screening.library.workers import Piece
from screening.tables import write_atomically

REJECT_COLUMNS = ("source", "row", "id", "smiles", "reason", "message")


@dataclass
class Counts:
    """How far a run is; `read = scored + rejected` at any time."""

    read: int = 0
    scored: int = 0
    rejected: int = 0

    def add(self, record: ShardRecord) -> None:
        """Count one shard."""
        self.read += record.read
        self.scored += record.scored
        self.rejected += len(record.rejects)


Progress = Callable[[Counts, float | None], None]


def ignore_progress(counts: Counts, share: float | None) -> None:
    """Take no notice of progress."""
    del counts, share


class Stream(Protocol):
    """The pieces of a library, one a shard, in input order."""

    def __iter__(self) -> Iterator[Piece]: ...

    def share_read(self) -> float | None:
        """Return the share of the input that was read, or None when that is not known."""


class Engine(Protocol):
    """What has shards done: processes here, or machines elsewhere."""

    def run(self, shards: Iterator[tuple[int, Piece]]) -> Iterator[ShardRecord]:
        """Yield the record of each shard as it is done."""


@dataclass
class Completed:
    """What a run's shards came to.

    Attributes
    ----------
    shards : int
    counts : Counts
    continued : int
        Shards that an earlier run had finished.
    seconds : dict of str to float
        One entry a stage, summed over workers.
    """

    shards: int = 0
    counts: Counts = field(default_factory=Counts)
    continued: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    def add(self, record: ShardRecord) -> None:
        """Count one shard; its rejects stay in its file, so that memory does not grow with them."""
        self.shards = max(self.shards, record.number + 1)
        self.counts.add(record)


def complete_shards(
    stream: Stream, files: ShardFiles, engine: Engine, on_progress: Progress
) -> Completed:
    """Do every shard that is not done.

    Parameters
    ----------
    stream
        Read only as fast as the engine takes it.
    files
        Where shards are.
    engine
        Does those that are not there yet.
    on_progress
        Is told the counts, and the share of the input read where that is known.
    """
    done = Completed()

    def remaining() -> Iterator[tuple[int, Piece]]:
        for number, piece in _timed(enumerate(stream), done.seconds):
            record = finished(files, number)
            if record is None:
                yield number, piece
            else:
                done.continued += 1
                done.add(record)

    for record in engine.run(remaining()):
        done.add(record)
        for stage, spent in record.seconds.items():
            done.seconds[stage] = done.seconds.get(stage, 0.0) + spent
        on_progress(done.counts, stream.share_read())
    return done


def _timed(
    shards: Iterator[tuple[int, Piece]], seconds: dict[str, float]
) -> Iterator[tuple[int, Piece]]:
    while True:
        started = time.perf_counter()
        following = next(shards, None)
        seconds["read"] += time.perf_counter() - started
        if following is None:
            return
        yield following


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Treat a request to end like Ctrl-C: workers are stopped, whole shards stay."""

    def stop(number: int, frame: object) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def rejects_of(files: ShardFiles, shards: int) -> Iterator[Reject]:
    """Yield the rejects of all shards, in input order, one shard in memory at a time."""
    for number in range(shards):
        yield from files.read_record(number).rejects


def write_rejects(rejects: Iterator[Reject], path: Path) -> None:
    """Write a rejects table."""
    with (
        write_atomically(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REJECT_COLUMNS)
        writer.writerows([getattr(r, c) for c in REJECT_COLUMNS] for r in rejects)
