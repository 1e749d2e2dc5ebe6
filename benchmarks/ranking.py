"""How long the ranking of any number of scored rows takes, and how much memory.

    python benchmarks/ranking.py make shards/ --shards 2000 --rows 50000
    python benchmarks/ranking.py rank shards/ --top 1000 --top 100000

`make` writes shards of drawn log odds as a screen leaves them, with names and row numbers; the
means of the shards differ, as those of a library that came sorted by its maker. With `--sorted`,
the best rows are all in the first shards, which is the hard case. `rank` prints the processor
seconds and the seconds by the clock of the ranking and of reading the rows that it chose, and the
most memory that the process ever had.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from screening.library.ranking import Ranking, extremes_of
from screening.library.shards import Clock, ShardFiles

COLUMN = "log_odds"


def make(folder: Path, shards: int, rows: int, *, in_order: bool) -> None:
    files = ShardFiles.of_run(folder)
    spread = -8.0 if in_order else 0.5
    for number in range(shards):
        draw = np.random.default_rng([3, number])
        middle = spread * number / shards if in_order else spread * draw.normal()
        first = number * rows
        table = pa.table(
            {
                "row": np.arange(first, first + rows),
                "id": [f"row-{row}" for row in range(first, first + rows)],
                COLUMN: np.round(draw.normal(middle - 4, 1.5, rows), 8),
            }
        )
        extremes = extremes_of(table, [COLUMN])
        files.write(number, "", table, [], Clock(), extremes=extremes)


def rank(folder: Path, top: int) -> None:
    files = ShardFiles.of_run(folder)
    shards = files.last() + 1
    ranking = Ranking(files, shards, COLUMN)
    times = [(time.perf_counter(), time.process_time())]
    best = ranking.best(top)
    times.append((time.perf_counter(), time.process_time()))
    rows = ranking.rows(best.numbers)
    times.append((time.perf_counter(), time.process_time()))
    clock, busy = np.diff(np.array(times), axis=0).T
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"top {len(rows):,} of {shards:,} shards: ranking {busy[0]:.2f} s ({clock[0]:.2f} s by the "
        f"clock), reading the rows {busy[1]:.2f} s ({clock[1]:.2f} s), most memory {memory:.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["make", "rank"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--sorted", action="store_true")
    parser.add_argument("--top", type=int, action="append")
    given = parser.parse_args()
    if given.step == "make":
        make(given.folder, given.shards, given.rows, in_order=given.sorted)
        return 0
    for top in given.top or [1000]:
        rank(given.folder, top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
