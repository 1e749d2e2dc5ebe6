"""What a first pass over a large library found, by a full run of a random tenth of it.

    python benchmarks/tenth.py draw ten_million.csv -o tenth.csv
    ebmscreen screen ten_million.csv -m model.ebm -o run --first-pass on
    ebmscreen screen tenth.csv -m model.ebm -o full --first-pass off
    python benchmarks/tenth.py recall run full

`draw` takes each row of a table with a header by chance. `recall` takes the N-th best log odds of
the first pass as the bar, for several N, and prints which share of the tenth's rows above it the
first pass has scored. The true N-th best is no lower than this bar, so that none of the true best N
is left out; names of rows must be unlike.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.dataset as pds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.hits import score_parts

TOPS = (100, 1000, 10_000, 100_000)


def draw(path: Path, output: Path, share: float) -> None:
    """Write the header and some rows of a table."""
    chance = np.random.default_rng(0)
    with path.open("rb") as rows, output.open("wb") as out:
        out.write(next(rows))
        out.writelines(row for row in rows if chance.random() < share)


def parts_of(run: Path) -> list[Path]:
    """Return the tables of scores of a run; end with a sentence where there are none."""
    found = score_parts(run / "scores")
    if not found:
        raise SystemExit(f"{run} holds no scores; give the folder of `ebmscreen screen -o FOLDER`")
    return found


def scored_log_odds(run: Path) -> NDArray[np.float64]:
    """Return the log odds of scored rows, the best first."""

    def parts() -> Iterator[NDArray[np.float64]]:
        for path in parts_of(run):
            yield pq.read_table(path, columns=["log_odds"])["log_odds"].drop_null().to_numpy()

    return -np.sort(-np.concatenate(list(parts())))


def recall(run: Path, full: Path) -> None:
    """Print the share of a tenth's best rows that a first pass has scored."""
    known = scored_log_odds(run)
    tenth = pds.dataset(parts_of(full)).to_table(["id", "log_odds"])
    print(f"scored {len(known):,}; rows of the tenth {tenth.num_rows:,}")
    for top in TOPS:
        bar = float(known[min(top, len(known)) - 1])
        best = set(tenth.filter(pds.field("log_odds") >= bar)["id"].to_pylist())
        found = 0
        for path in parts_of(run):
            rows = pq.read_table(path, columns=["id", "log_odds"]).drop_null()
            found += len(best.intersection(rows["id"].to_pylist()))
        print(f"best {top:,}: {found} of {len(best)} of the tenth, {found / max(1, len(best)):.3f}")


def main() -> None:
    """Draw, or print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    drawing = what.add_parser("draw")
    drawing.add_argument("library", type=Path)
    drawing.add_argument("-o", "--output", type=Path, required=True)
    drawing.add_argument("--share", type=float, default=0.1)
    judging = what.add_parser("recall")
    judging.add_argument("run", type=Path)
    judging.add_argument("full", type=Path)
    given = parser.parse_args()
    if given.what == "draw":
        draw(given.library, given.output, given.share)
    else:
        recall(given.run, given.full)


if __name__ == "__main__":
    main()
