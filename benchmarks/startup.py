"""Seconds from the command to its end: `--help`, and a screen of ten molecules.

    python benchmarks/startup.py --model model.ebm [--ebmscreen ebmscreen] [--repeats 5]
        [--workers 2]

Prints the best and the median of several repeats. The first repeat reads the libraries from disk,
so it is left out. Seconds are wall-clock. The molecules are the first ten of the bundled WEHI
library.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1] / "data" / "samples" / "wehi.csv.gz"


def seconds(words: list[str]) -> float:
    """Return how long a command takes."""
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--ebmscreen", default=f"{shlex.quote(sys.executable)} -m workflows")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    own = shlex.split(given.ebmscreen)
    with tempfile.TemporaryDirectory() as temporary:
        few = Path(temporary) / "ten.csv"
        with gzip.open(LIBRARY, "rt", encoding="utf-8", newline="") as file:
            rows = list(islice(csv.reader(file), 11))
        with few.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

        def screen(number: int, *more: str) -> list[str]:
            run = f"{temporary}/run-{len(more)}-{number}"
            workers = str(given.workers)
            model = str(given.model)
            return [*own, "screen", str(few), "-m", model, "-o", run, "-n", workers, "-q", *more]

        kinds = {
            "--help": lambda _: [*own, "--help"],
            "screen of 10, --no-report": lambda number: screen(number, "--no-report"),
            "screen of 10, with report": screen,
        }
        print("| | best, s | median, s |\n|---|---|---|")
        for name, words in kinds.items():
            found = [seconds(words(number)) for number in range(given.repeats + 1)][1:]
            print(f"| {name} | {min(found):.2f} | {statistics.median(found):.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
