r"""Training and screening beside other tools: seconds, molecules a second, memory, quality.

    python benchmarks/against_others.py LIBRARY.smi.gz --ebmscreen ebmscreen \
        --chemprop /path/to/chemprop --python /path/to/python-with-scikit-fingerprints \
        [--rows 10000] [--workers 2] [--seed 0] [--chemprop-epochs 50] [--only train|screen] \
        [--train-options "--ensemble-size 1 --epochs 3"]

Every tool is a program of its own, in an environment of its own, and is started as a user would
start it. One compound in five of BACE-1 is held out as whole scaffolds. All tools train on the rest
and are judged on the held-out part. Then each scores the same first rows of the library, with the
same number of processes or threads. A tool that is not installed is left out, and the program says
so. `a second` leaves out the start: it comes from the difference between this run and one of 10
rows. Memory is the peak of all processes together, with shared pages counted once. Linux only.
Prints two Markdown tables.
"""

from __future__ import annotations

import argparse
import csv
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from watched import Watched, watch

from screening.assay import curate
from screening.chemistry import murcko_scaffold
from screening.evaluation import scaffold_split
from screening.tables import open_library, read_table

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
HELD_OUT = 0.2
FEW = 10


@dataclass(frozen=True)
class Tool:
    """How a tool is trained and run; each function returns the words of a command.

    Attributes
    ----------
    name : str
    train : callable or None
        From the training table to a model.
    screen : callable
        From a table and a folder to scores.
    scores : callable
        From that folder to the scores, in the table's order; NaN where there is none.
    """

    name: str
    train: Callable[[Path], list[str]] | None
    screen: Callable[[Path, Path], list[str]]
    scores: Callable[[Path, int], np.ndarray] | None


def tools_of(given: argparse.Namespace, place: Path) -> list[Tool]:
    """Return the tools, with their models in a folder."""
    workers = str(given.workers)
    own, settings = shlex.split(given.ebmscreen), shlex.split(given.train_options)
    tools = [
        Tool(
            "ebmscreen",
            lambda table: [
                *own, "train", str(table), "-s", "smiles", "-t", "active",
                "-o", f"{place}/model.ebm", "-n", workers, "-q", *settings,
            ],
            lambda table, out: [
                *own, "screen", str(table), "-s", "smiles", "--id-column", "id",
                "-m", f"{place}/model.ebm", "-o", str(out), "-n", workers, "-q", "--no-report",
            ],
            _ebmscreen_scores,
        )
    ]  # fmt: skip
    if given.chemprop and shutil.which(given.chemprop) is None:
        _left_out("chemprop", f"there is no command {given.chemprop}")
    elif given.chemprop:
        chemprop = [given.chemprop]
        cpu = ["--accelerator", "cpu", "--devices", "1", "-n", workers, "-s", "smiles"]
        epochs = ["--epochs", str(given.chemprop_epochs)] if given.chemprop_epochs else []
        tools.append(
            Tool(
                "chemprop",
                lambda table: [
                    *chemprop, "train", "-i", str(table), "--target-columns", "active",
                    "-t", "classification", "-o", f"{place}/chemprop", *cpu, *epochs,
                ],
                lambda table, out: [
                    *chemprop, "predict", "-i", str(table), "-o", f"{out}.csv",
                    "--model-paths", f"{place}/chemprop", *cpu,
                ],
                lambda out, n: _column(Path(f"{out}.csv"), "active", n),
            )
        )  # fmt: skip
    script = [given.python, str(HERE / "plain_models.py")]
    model, by = f"{place}/forest.txt", ["--workers", workers]
    tools.append(
        Tool(
            "random forest, Morgan counts",
            lambda table: [*script, "forest-train", str(table), model, *by],
            lambda table, out: [*script, "forest-predict", str(table), model, f"{out}.csv", *by],
            lambda out, n: _column(Path(f"{out}.csv"), "score", n),
        )
    )
    if _imports(given.python, "skfp"):
        tools.append(
            Tool(
                "scikit-fingerprints, Morgan counts alone",
                None,
                lambda table, _: [*script, "fingerprints", str(table), *by],
                None,
            )
        )
    else:
        _left_out("scikit-fingerprints", f"{given.python} does not have it")
    return tools


def _imports(python: str, module: str) -> bool:
    """Tell whether a Python can import a module."""
    if shutil.which(python) is None:
        return False
    words = [python, "-c", f"import {module}"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def _left_out(name: str, why: str) -> None:
    print(f"{name} is left out: {why}.", file=sys.stderr, flush=True)


def _ebmscreen_scores(out: Path, n: int) -> np.ndarray:
    import pyarrow.parquet as pq

    table = pq.read_table(out / "scores")
    scores = np.full(n, np.nan)
    scores[table["row"].to_numpy() - 2] = table["score"].to_numpy()
    return scores


def _column(path: Path, name: str, n: int) -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as file:
        values = [row[name] for row in csv.DictReader(file)]
    scores = np.array([float(value) if value else np.nan for value in values])
    assert len(scores) == n, f"{path} has {len(scores)} rows and not {n}"
    return scores


def write_split(place: Path, seed: int) -> np.ndarray:
    """Write train.csv and test.csv of BACE-1; return the labels of the latter."""
    table = read_table(str(ROOT / "data" / "samples" / "bace.csv"), id_column="CID")
    assay = curate(table, ("Class",))
    split = scaffold_split([murcko_scaffold(mol) for mol in assay.mols], HELD_OUT, seed)
    for name, rows in (("train", split.train), ("test", split.test)):
        _write(
            place / f"{name}.csv",
            [(assay.smiles[i], assay.ids[i], int(assay.labels[i, 0])) for i in rows],
        )
    return assay.labels[split.test, 0]


def write_library(path: Path, library: str, rows: int) -> None:
    """Write the first rows of a library as CSV, which every tool reads."""
    stream = (
        pair
        for chunk in open_library([library], chunk_size=1000)
        for pair in zip(chunk.smiles, chunk.ids, strict=True)
    )
    _write(path, [(smiles, name, 0) for smiles, name in islice(stream, rows)])


def _write(path: Path, rows: list[tuple[str, str, int]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["smiles", "id", "active"])
        writer.writerows(rows)


def compare_training(tools: list[Tool], place: Path, seed: int, threads: dict[str, str]) -> None:
    """Train every tool, judge it on the held-out part, and print a table."""
    labels = write_split(place, seed)
    lines = [
        "| | seconds to train | peak memory, MB | ROC-AUC, held-out scaffolds |",
        "|" + "---|" * 4,
    ]
    for tool in tools:
        if tool.train is None or tool.scores is None:
            continue
        trained = _told(watch(tool.train(place / "train.csv"), place / "log", threads), tool.name)
        out = place / f"test {tool.name}"
        watch(tool.screen(place / "test.csv", out), place / "log", threads)
        scores = tool.scores(out, len(labels))
        there = ~np.isnan(scores)
        quality = roc_auc_score(labels[there], scores[there])
        lines.append(
            f"| {tool.name} | {trained.seconds:.0f} | {trained.peak:.0f} | {quality:.3f} |"
        )
    print("\n".join([f"\nBACE-1, {len(labels)} compounds held out, split {seed}\n", *lines]))


def compare_screening(
    tools: list[Tool], place: Path, given: argparse.Namespace, threads: dict[str, str]
) -> None:
    """Have every tool score the library, and print a table."""
    few, many = place / "few.csv", place / "many.csv"
    write_library(few, given.library, FEW)
    write_library(many, given.library, given.rows)
    lines = ["| | seconds | of 10 rows | a second | peak memory, MB |", "|" + "---|" * 5]
    for tool in tools:
        start = watch(tool.screen(few, place / f"few {tool.name}"), place / "log", threads)
        whole = watch(tool.screen(many, place / f"many {tool.name}"), place / "log", threads)
        _told(whole, tool.name)
        spent = whole.seconds - start.seconds
        # Too few rows cannot be told from the start.
        rate = f"{(given.rows - FEW) / spent:.0f}" if spent > 0 else "-"
        lines.append(
            f"| {tool.name} | {whole.seconds:.1f} | {start.seconds:.1f} | {rate} "
            f"| {whole.peak:.0f} |"
        )
    print("\n".join([f"\n{given.rows} rows, {given.workers} processes or threads\n", *lines]))


def _told(watched: Watched, name: str) -> Watched:
    print(f"{name}: {watched.seconds:.1f} s, {watched.peak:.0f} MB", file=sys.stderr, flush=True)
    return watched


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library")
    parser.add_argument("--ebmscreen", default=f"{shlex.quote(sys.executable)} -m workflows")
    parser.add_argument("--chemprop", help="its command; left out when not given")
    parser.add_argument("--python", default=sys.executable, help="has scikit-fingerprints")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the split")
    parser.add_argument("--chemprop-epochs", type=int, help="its own default when not given")
    parser.add_argument("--train-options", default="", help="of `ebmscreen train`, to try it out")
    parser.add_argument("--folder", type=Path, help="keeps models, so that they are there again")
    parser.add_argument("--only", choices=["train", "screen"], help="screen needs --folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = given.folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        tools = tools_of(given, place)
        threads = {"OMP_NUM_THREADS": str(given.workers)}
        if given.only != "screen":
            compare_training(tools, place, given.seed, threads)
        if given.only != "train":
            compare_screening(tools, place, given, threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
