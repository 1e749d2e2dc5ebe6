"""A scout over a packed library: molecules a second, memory, and bytes of a molecule.

    python benchmarks/packed.py LIBRARY.packed [--threads 2] [--repeats 3]

The scout has random weights of the usual shape: its answers cost the same. Memory is the most that
the process has held, after a tenth of the parts and at the end; beside the parts it holds a guess
of four bytes for each molecule.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from screening.errors import UserError
from screening.features.blocks import BITS
from screening.library import open_prepared
from screening.library.first_pass.rows import PackedRows
from screening.library.first_pass.scout import HIDDEN, Scout
from screening.library.first_pass.when import packed_parts
from screening.library.packed.format import PackedPart, packed_files
from screening.library.prepared.source import PreparedStream, is_prepared


def parts_of(library: Path) -> list[PackedPart]:
    """Return the parts of a packed library; end with a sentence where it is none."""
    if not is_prepared(str(library)):
        raise SystemExit(
            f"{library} is no packed library; `ebmscreen prepare FILE -o FOLDER --packed` makes one"
        )
    opened = open_prepared(str(library))
    if not opened.packed:
        raise SystemExit(f"{library} is a prepared library, and not packed (--packed)")
    return packed_parts(PreparedStream([opened]))


def random_scout() -> Scout:
    """Return a scout of the usual shape."""
    draw = np.random.default_rng(0)
    weights = draw.normal(size=(BITS, HIDDEN)).astype(np.float32)
    return Scout(weights, np.zeros(HIDDEN, np.float32), weights[0], 0.0)


def rates(rows: PackedRows, scout: Scout, repeats: int) -> Iterator[float]:
    """Yield molecules a second, by the clock, of several passes."""
    for _ in range(repeats):
        started = time.perf_counter()
        rows.guesses(scout)
        yield len(rows) / (time.perf_counter() - started)


def megabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    parts = parts_of(given.library)
    rows = PackedRows(parts, given.threads)
    files = packed_files(given.library)
    bits = sum(files.bits_of(part.number).stat().st_size for part in parts) / len(rows)
    text = sum(files.scores(part.number).stat().st_size for part in parts) / len(rows)
    scout = random_scout()
    PackedRows(parts[: max(1, len(parts) // 10)], given.threads).guesses(scout)
    begun = megabytes()
    found = list(rates(rows, scout, given.repeats))
    print(f"{len(rows):,} molecules in {len(parts):,} parts, {given.threads} threads")
    print(f"molecules a second: best {max(found):,.0f}, median {np.median(found):,.0f}")
    print(f"bytes a molecule: {bits:.1f} read by the scout, {bits + text:.1f} with rows")
    print(f"memory: {begun:.0f} MB after a tenth, {megabytes():.0f} MB at the end")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:  # a file of it is damaged
        raise SystemExit(str(error)) from error
