"""First passes against full runs: recall by share scored, whether the promise holds, and seconds.

    python benchmarks/first_pass.py NAME=FILES ... --model a.ebm b.ebm -o work/ [--hide NAME]
        [--rows 200000] [--top 1000] [--recall 0.95] [--seeds 10] [--timed MODEL]

Of each library (FILES may be a quoted glob) so many rows are drawn; in those named by --hide, the
actives that the models learned from are hidden. A library is prepared and packed once, and scored
fully by each model. Then first passes go over the packed library, and what they would have scored
is looked up. Prints the mean recall of the best 100, 1,000 and 10,000 by share scored, and what
each seed came to. --timed runs the commands themselves too, with and without a first pass, and
prints their seconds. What is in work/ is not made again.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.dataset as pds
from numpy.typing import NDArray

from screening.features import DEFAULT
from screening.hits import score_parts
from screening.library import (
    PackOptions,
    PrepareOptions,
    ScreenOptions,
    open_prepared,
    prepare_library,
    screen,
)
from screening.library.first_pass.rounds import FirstPass
from screening.library.first_pass.rows import PackedRows
from screening.library.first_pass.state import Ask
from screening.library.first_pass.when import packed_parts
from screening.library.packed.format import read_rows
from screening.library.prepared.source import PreparedStream
from screening.model import load_model
from screening.tables import open_library, silent, write_atomically

SHARES = np.array([0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4])
TOPS = (100, 1000, 10_000)
WORKERS = 2


class Places(NamedTuple):
    """Where the files of a library lie."""

    work: Path
    name: str

    def file(self, kind: str) -> Path:
        """Return the raw rows (smi), or what was prepared (prep) or packed (packed) of them."""
        return self.work / f"{self.name}.{kind}"

    def full(self, model: Path) -> Path:
        """Return the folder of the full run of a model."""
        return self.work / "full" / f"{self.name}-{model.stem}"


class Passed(NamedTuple):
    """What a first pass came to."""

    shares: NDArray[np.float64]
    recalls: NDArray[np.float64]
    recall: float
    promised: float
    seconds: float


def draw_library(files: str, rows: int, hidden: Sequence[Path], path: Path) -> None:
    """Write rows drawn at random and the actives of models, in random order."""
    draw = np.random.default_rng(0)
    found = [
        (smiles, name)
        for chunk in open_library([files]).begun()
        for smiles, name in zip(chunk.smiles, chunk.ids, strict=True)
    ]
    chosen = np.sort(draw.permutation(len(found))[:rows])
    lines = [f"{found[place][0]} {found[place][1] or place}\n" for place in chosen.tolist()]
    for model in hidden:
        known = load_model(model).training
        actives = np.flatnonzero(known.labels[:, 0] == 1).tolist()
        lines += [f"{known.smiles[place]} {model.stem}{place}\n" for place in actives]
    with write_atomically(path) as temporary:
        temporary.write_text("".join(lines[place] for place in draw.permutation(len(lines))))


def make_ready(places: Places) -> PackedRows:
    """Prepare and pack a library where that is not done; return its packed rows."""
    raw = [str(places.file("smi"))]
    if not (places.file("prep") / "_library.json").is_file():
        prepare_library(raw, places.file("prep"), PrepareOptions(DEFAULT, workers=WORKERS))
    if not (places.file("packed") / "_library.json").is_file():
        prepare_library(raw, places.file("packed"), PackOptions(workers=WORKERS))
    library = open_prepared(str(places.file("packed")))
    return PackedRows(packed_parts(PreparedStream([library])), WORKERS)


def known_scores(places: Places, model: Path, rows: PackedRows) -> NDArray[np.float64]:
    """Return the log odds of the packed rows by the full model; NaN where one was rejected."""
    full = places.full(model)
    if not (full / "run.json").is_file():
        options = ScreenOptions(first_pass="off", workers=WORKERS)  # noqa: S106 - no password
        screen([str(places.file("prep"))], model, full, options)
    table = pds.dataset(score_parts(full / "scores")).to_table(["row", "log_odds"])
    numbers = np.concatenate([read_rows(part)[0].rows for part in rows.parts])
    scored = np.searchsorted(numbers, table["row"].to_numpy())
    found = np.full(len(rows), np.nan)
    found[scored] = table["log_odds"].to_numpy()
    return found


def first_pass(rows: PackedRows, log_odds: NDArray[np.float64], ask: Ask, seed: int) -> Passed:
    """Do one first pass over scores that are known."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "first_pass").mkdir()
        found = FirstPass(
            rows,
            Path(folder),
            ask,
            lambda _number, numbers, _column: log_odds[numbers],
            silent,
            seed=seed,
        )
        outcome = found.go()
    seconds = time.process_time() - started
    best = np.argsort(-np.where(np.isnan(log_odds), -np.inf, log_odds), kind="stable")
    chosen = np.zeros(len(rows), bool)
    shares, recalls = [0.0], [[0.0] * len(TOPS)]
    for made in found.rounds:
        chosen[made.numbers] = True
        shares.append(float(chosen.mean()))
        recalls.append([float(chosen[best[:top]].mean()) for top in TOPS])
    recall = float(chosen[best[: ask.top]].mean())
    return Passed(np.array(shares), np.array(recalls).T, recall, outcome.recall.at_least, seconds)


def print_passes(title: str, passes: Sequence[Passed]) -> None:
    """Print the frontier, and a line for each seed."""
    print(f"\n{title}\n\n| scored | " + " | ".join(f"best {top:,}" for top in TOPS) + " |")
    print("|---" * (1 + len(TOPS)) + "|")
    last = min(one.shares[-1] for one in passes)
    for share in SHARES[last >= SHARES]:
        means = [
            np.mean([np.interp(share, one.shares, one.recalls[place]) for one in passes])
            for place in range(len(TOPS))
        ]
        print(f"| {share:.2f} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
    for seed, one in enumerate(passes):
        print(
            f"seed {seed}: scored {one.shares[-1]:.3f}, recall {one.recall:.4f}, at least "
            f"{one.promised:.4f} promised ({'holds' if one.recall >= one.promised else 'BROKEN'}), "
            f"scout {one.seconds:.1f} s"
        )
    held = sum(one.recall >= one.promised for one in passes)
    print(
        f"mean: scored {np.mean([one.shares[-1] for one in passes]):.3f}, recall "
        f"{np.mean([one.recall for one in passes]):.4f}; held in {held} of {len(passes)}",
        flush=True,
    )


def print_seconds(places: Places, model: Path, top: int, recall: float) -> None:
    """Run the commands themselves, one after the other, and print how long they took."""
    print("\n| library | first pass | scored | seconds | of these hits | best found |")
    print("|---|---|---|---|---|---|")
    hits: set[str] = set()
    for kind, passed in (("smi", "off"), ("smi", "on"), ("prep", "off"), ("packed", "on")):
        folder = places.work / "timed"
        shutil.rmtree(folder, ignore_errors=True)
        options = ScreenOptions(first_pass=passed, workers=WORKERS, top=top, recall=recall)
        done = screen([str(places.file(kind))], model, folder, options)
        names = set(done.hits.described["id"].to_pylist())
        hits = hits or names
        print(
            f"| {kind} | {passed} | {done.counts.scored / done.counts.read:.3f} | "
            f"{done.seconds['total']:.1f} | {done.seconds['hits']:.1f} | "
            f"{len(hits & names) / len(hits):.3f} |",
            flush=True,
        )
        shutil.rmtree(folder)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", nargs="+", metavar="NAME=FILES")
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--hide", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--top", type=int, default=1000)
    parser.add_argument("--recall", type=float, default=0.95)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--timed", type=Path, nargs="*", default=[], metavar="MODEL")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    for library in given.libraries:
        name, files = library.split("=", 1)
        places = Places(given.output, name)
        if not places.file("smi").is_file():
            hidden = given.model if name in given.hide else []
            draw_library(files, given.rows, hidden, places.file("smi"))
        rows = make_ready(places)
        for model in given.model:
            if given.seeds:
                log_odds = known_scores(places, model, rows)
                ask = Ask("log_odds", lowest_first=False, top=given.top, recall=given.recall)
                passes = [first_pass(rows, log_odds, ask, seed) for seed in range(given.seeds)]
                print_passes(f"{name}, {model.stem}: {len(rows):,} molecules", passes)
            if model in given.timed:
                print_seconds(places, model, given.top, given.recall)


if __name__ == "__main__":
    main()
