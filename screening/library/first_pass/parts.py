"""From packed parts to those of scores/: rounds of chosen rows, then every part put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.library.first_pass.pieces import NUMBER, ChosenRows, FinishedPart, round_files
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
# A round is so many pieces of work, as long as these have rows between two numbers: fewer would
# leave workers idle at the end of a round, and smaller ones cost more for each row. Pieces do not
# depend on the workers, so that any number of them continues a round.
_PIECES, _FEWEST, _MOST = 24, 256, 2048


@dataclass
class Pieces:
    """Pieces whose number is known beforehand, as a stream.

    Attributes
    ----------
    size : int
        How many there are.
    make : callable
        Gives the one of a number.
    """

    size: int
    make: Callable[[int], LibraryPiece]
    given: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[LibraryPiece]:
        for number in range(self.size):
            self.given += 1
            yield self.make(number)

    def share_read(self) -> float | None:
        """Return the share of them that were given away."""
        return self.given / max(1, self.size)


def _slices(rows: int) -> list[slice]:
    """Return the rows of each piece of a round."""
    size = min(max(_FEWEST, -(-rows // _PIECES)), _MOST)
    return [slice(start, start + size) for start in range(0, rows, size)]


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
        slices = _slices(len(numbers))

        def piece(place: int) -> ChosenRows:
            own = list(self.rows.by_part(numbers[slices[place]]))
            return ChosenRows(
                tuple(self.rows.parts[part].only(places.tolist()) for part, places in own),
                tuple(self.rows.begin(part) for part, _ in own),
                number,
            )

        files = round_files(self.run, number, self.made_by)
        do_shards(Pieces(len(slices), piece), files, self.engine, self.on_counts)
        found = np.full(len(numbers), np.nan)
        for shard in range(len(slices)):
            with pq.ParquetFile(files.scores(shard)) as file:
                table = file.read([NUMBER, column], use_threads=False)
            found[np.searchsorted(numbers, table[NUMBER].to_numpy())] = table[column].to_numpy()
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
    return Pieces(len(pieces), pieces.__getitem__), outcome


def _finished(rows: PackedRows, run: Path, rounds: int) -> list[FinishedPart]:
    shards: list[list[tuple[int, int]]] = [[] for _ in rows.parts]
    for number, made in enumerate(read_rounds(run)[:rounds]):
        part_of = rows.part_of(made.numbers)
        for shard, own in enumerate(_slices(len(part_of))):
            for part in np.unique(part_of[own]).tolist():
                shards[part].append((number, shard))
    return [
        FinishedPart(
            part.folder, part.number, part.hash, None, rows.begin(place), tuple(own), rounds
        )
        for place, (part, own) in enumerate(zip(rows.parts, shards, strict=True))
    ]
