"""From packed parts to those of scores/: rounds of chosen rows, then every part put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.library.first_pass.pieces import (
    PLACE,
    ChosenPart,
    FinishedPart,
    round_files,
)
from screening.library.first_pass.rounds import FirstPass
from screening.library.first_pass.rows import Numbers, PackedRows
from screening.library.first_pass.state import (
    Ask,
    Outcome,
    read_outcome,
    read_rounds,
    save_outcome,
    save_scout,
)
from screening.library.loop import LibraryPiece, OnCounts, ShardEngine, do_shards
from screening.library.packed.format import PackedPart
from screening.library.shards import ShardFiles
from screening.tables import Announce

Engine = Callable[[], AbstractContextManager[ShardEngine]]


@dataclass
class Pieces:
    """Pieces that are known beforehand, as a stream."""

    pieces: Sequence[LibraryPiece]
    given: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[LibraryPiece]:
        for piece in self.pieces:
            self.given += 1
            yield piece

    def share_read(self) -> float | None:
        """Return the share of them that were given away."""
        return self.given / max(1, len(self.pieces))


@dataclass(frozen=True)
class RoundScorer:
    """Has the rows of a round scored fully, by the engine that scores shards.

    Attributes
    ----------
    rows : PackedRows
    run : Path
    made_by : str
        Of shards.
    engine : callable
    on_counts : callable
    """

    rows: PackedRows
    run: Path
    made_by: str
    engine: Engine
    on_counts: OnCounts

    def __call__(self, number: int, numbers: Numbers, column: str) -> NDArray[np.float64]:
        """Return a column of each row; NaN where it could not be scored."""
        wanted = list(self.rows.by_part(numbers))
        pieces = [
            ChosenPart(whole.folder, whole.number, whole.hash, tuple(places), number)
            for whole, places in ((self.rows.parts[part], places) for part, places in wanted)
        ]
        files = round_files(self.run, number, self.made_by)
        do_shards(Pieces(pieces), files, self.engine, self.on_counts)
        found = np.full(len(numbers), np.nan)
        for shard, (part, _) in enumerate(wanted):
            with pq.ParquetFile(files.scores(shard)) as file:
                table = file.read([PLACE, column], use_threads=False)
            own = self.rows.begin(part) + table[PLACE].to_numpy()
            found[np.searchsorted(numbers, own)] = table[column].to_numpy()
        return found


def pass_over(
    parts: Sequence[PackedPart],
    files: ShardFiles,
    run: Path,
    ask: Ask,
    engine: Engine,
    threads: int,
    on_counts: OnCounts,
    announce: Announce,
) -> tuple[Pieces, Outcome]:
    """Score those rows of a library fully that may be among the best.

    Parameters
    ----------
    parts
        Of packed libraries, in order.
    files
        Of scores/: shards of it that are older than the last round are forgotten.
    run
        RUN/.
    ask
        What is promised. Where an earlier call promised as much, nothing more is scored.
    engine
        Scores the rows of rounds.
    threads
        Of the scout.
    on_counts
        Is told how far a round is.
    announce
        Is told what each round came to.

    Returns
    -------
    Pieces
        One a part, to be put together by whoever scores shards.
    Outcome
        What can be promised.
    """
    rows = PackedRows(parts, threads)
    outcome = read_outcome(run)
    if outcome is None or not outcome.ask.covers(ask):
        score = RoundScorer(rows, run, files.made_by, engine, on_counts)
        found = FirstPass(rows, run, ask, score, announce)
        outcome = found.go()
        save_outcome(run, outcome)
        save_scout(run, found.scout() or found.learn())
    pieces = _finished(rows, run, outcome.rounds)
    for number, piece in enumerate(pieces):
        if files.there(number) and files.read_record(number).rows_hash != piece.digest():
            files.forget([number])
    return Pieces(pieces), outcome


def _finished(rows: PackedRows, run: Path, rounds: int) -> list[FinishedPart]:
    shards: list[list[tuple[int, int]]] = [[] for _ in rows.parts]
    for number, made in enumerate(read_rounds(run)[:rounds]):
        for shard, (part, _) in enumerate(rows.by_part(made.numbers)):
            shards[part].append((number, shard))
    return [
        FinishedPart(part.folder, part.number, part.hash, None, tuple(own), rounds)
        for part, own in zip(rows.parts, shards, strict=True)
    ]
