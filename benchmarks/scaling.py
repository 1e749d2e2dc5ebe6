r"""How seconds grow with the number of molecules that are screened, or trained on.

    python benchmarks/scaling.py screen LIBRARY [LIBRARY ...] --model model.ebm \
        [--rows 10000 100000] [--workers 1 2]
    python benchmarks/scaling.py train ASSAY --target COLUMN \
        [--compounds 1000 3000 10000] [--workers 2]

A library is raw files, or one prepared library. The slope is that of log seconds on log rows, by
least squares: 1 is linear. Seconds are wall-clock. For a screen they cover its shards alone; the
loading before and the ranking after are printed beside them. Compounds to train on are drawn with
a fixed seed, and each set is part of the next.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from screening.assay import curate
from screening.library import ScreenOptions, is_prepared, screen
from screening.model import train_model
from screening.tables import open_library, read_table

HITS = 10
# Rows of a shard. The time of the first shard is estimated from the others, so there must be two.
SHARD = 2000


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Return the slope of log seconds on log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def first_rows(place: Path, libraries: list[str], rows: int) -> str:
    """Make a library of the first rows, or parts that hold so many; return its path."""
    if is_prepared(libraries[0]):
        return _first_parts(place / f"prepared-{rows}", Path(libraries[0]), rows)
    path = place / f"{rows}.csv"
    pairs = (
        pair
        for chunk in open_library(libraries, chunk_size=1000)
        for pair in zip(chunk.smiles, chunk.ids, strict=True)
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["smiles", "id"])
        writer.writerows(islice(pairs, rows))
    return str(path)


def _first_parts(folder: Path, library: Path, rows: int) -> str:
    """Copy parts, again and again where the library has too few, until there are so many rows."""
    description = json.loads((library / "_library.json").read_text(encoding="utf-8"))
    records = [
        json.loads((library / "_parts" / f"{n:05d}.json").read_text(encoding="utf-8"))
        for n in range(len(description["parts"]))
    ]
    (folder / "_parts").mkdir(parents=True)
    scored, parts = 0, []
    while scored < rows:
        number = len(parts) % len(records)
        record = records[number]
        shutil.copyfile(
            library / f"part-{number:05d}.parquet", folder / f"part-{len(parts):05d}.parquet"
        )
        text = json.dumps({**record, "number": len(parts)})
        (folder / "_parts" / f"{len(parts):05d}.json").write_text(text, encoding="utf-8")
        parts.append(record["scores_hash"])
        scored += record["scored"]
    counts = {"read": scored, "scored": scored, "rejected": 0}
    text = json.dumps({**description, "parts": parts, "counts": counts})
    (folder / "_library.json").write_text(text, encoding="utf-8")
    return str(folder)


def screens(given: argparse.Namespace) -> None:
    """Time screens of growing libraries."""
    print("| workers | rows | seconds | a second | start, s | hits, s |\n|" + "---|" * 6)
    found: dict[int, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        for rows in given.rows:
            library = first_rows(place, given.inputs, rows)
            for workers in given.workers:
                run = place / f"run-{rows}-{workers}"
                spent = _one_screen([library], given.model, run, workers)
                shutil.rmtree(run)
                found.setdefault(workers, []).append((spent[0], spent[1]))
                print(
                    f"| {workers} | {spent[0]} | {spent[1]:.1f} | {spent[0] / spent[1]:.0f} "
                    f"| {spent[2]:.1f} | {spent[3]:.1f} |",
                    flush=True,
                )
    for workers, points in found.items():
        if len(points) > 1:
            sizes, seconds = map(list, zip(*points, strict=True))
            print(f"{workers} workers: slope {slope(sizes, seconds):.3f}")


def _one_screen(
    library: list[str], model: Path, run: Path, workers: int
) -> tuple[int, float, float, float]:
    """Return rows, seconds of the shards, seconds before the first was done, and of the ranking."""
    started = time.perf_counter()
    ends: list[tuple[float, int]] = []
    summary = screen(
        library,
        model,
        run,
        # Few hits: describing them takes as long for any number of rows.
        ScreenOptions(workers=workers, top=HITS, shard_size=SHARD),
        on_progress=lambda counts, _: ends.append((time.perf_counter(), counts.read)),
    )
    (first, before), (last, total) = ends[0], ends[-1]
    # The first shard's rows took what the others took on average.
    shards = (last - first) * total / (total - before)
    return total, shards, last - started - shards, summary.seconds["hits"]


def trainings(given: argparse.Namespace) -> None:
    """Time trainings on growing parts of an assay."""
    (path,) = given.inputs
    assay = curate(read_table(path), (given.target,))
    order = np.random.default_rng(0).permutation(len(assay))
    sizes, seconds = [], []
    print("| compounds | seconds | ms a compound |\n|" + "---|" * 3)
    for size in given.compounds:
        part = assay.take(np.sort(order[:size]))
        started = time.perf_counter()
        train_model(part, workers=given.workers[-1])
        sizes.append(len(part))
        seconds.append(time.perf_counter() - started)
        print(
            f"| {sizes[-1]} | {seconds[-1]:.0f} | {1000 * seconds[-1] / sizes[-1]:.1f} |",
            flush=True,
        )
    if len(sizes) > 1:
        print(f"slope {slope(sizes, seconds):.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["screen", "train"])
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--target")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--compounds", type=int, nargs="+", default=[1000, 3000, 10_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    if given.what == "train":
        if given.target is None:
            parser.error("train needs --target")
        trainings(given)
        return 0
    if given.model is None:
        parser.error("screen needs --model")
    if min(given.rows) <= SHARD:
        parser.error(f"--rows must be more than {SHARD}, one shard")
    screens(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
