"""Small models of a fixed assay, and everything that they say of a fixed library.

All goes through the command line: what lies behind it may move without this file changing.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from workflows.cli import main

HERE = Path(__file__).resolve().parent
ASSAY, LIBRARY = HERE / "assay.csv", HERE / "library.csv"
DECIMALS = 6

SMALL = ("--ensemble-size", "2", "--epochs", "6", "--seed", "2", "-n", "1", "-q")
# What `train` is told beside the small sizes. Between them: one and several tasks, missing labels,
# labels and measured values, graded and hard, networks with and without a forest, every way of
# starting a network, other features.
MODELS: dict[str, tuple[str, ...]] = {
    "one_task": ("-t", "hit"),
    "several_tasks": ("-t", "hit", "-t", "potent"),
    "measured_values": ("-t", "pIC50", "--active-above", "6.5"),
    "networks_alone": (
        *("-t", "hit", "--blend", "none"),
        # Few rows: the more is drawn at random, the further a last digit may carry.
        *("--pretrain-on", str(LIBRARY), "--pretrain-rows", "40"),
    ),
    "other_settings": (
        *("-t", "pIC50", "--active-above", "6.5", "--labels", "hard", "--units", "sigmoid"),
        *("--features", "morgan_counts,descriptors", "--forest-features", "maccs"),
        *("--pretrain", "none", "--standardize", "none"),
    ),
}

# Columns of a scored row that are no score: where it came from, and what only the run needs.
_ORIGIN = ["source", "row", "structure_key", "input"]
# What hits.csv adds to the scores, beside the prediction sets.
_DESCRIBED = ["in_domain", "nearest_id", "nearest_label", "alerts", "scaffold", "duplicate_of"]


@dataclass(frozen=True)
class Said:
    """What one model says; tables of text, by the column id.

    Attributes
    ----------
    scores : DataFrame
        A row a molecule, in the order of the library: the structure, every column of
        the scores, and what hits.csv adds to them.
    prepared : DataFrame
        The same from the prepared library; what hits.csv adds is empty beyond the best 20.
    held_out : DataFrame
        A row a training compound: its fold, and the probability that the model, its parts and every
        baseline gave it while it was held out.
    quality : dict
        The figures that the model file keeps, by task and model.
    """

    scores: pd.DataFrame
    prepared: pd.DataFrame
    held_out: pd.DataFrame
    quality: dict[str, Any]


def ask(name: str, folder: Path) -> Said:
    """Train the model of that name, and screen the library as it is and prepared."""
    model, prepared = folder / "model.ebm", folder / "prepared"
    quiet = ("-m", model, "-n", "1", "-q")
    _command("train", ASSAY, "-o", model, *SMALL, *MODELS[name])
    _command("screen", LIBRARY, "-o", folder / "raw", "--no-report", *quiet)
    _command("prepare", LIBRARY, "-o", prepared, *quiet)
    few = ("--no-report", "--top", "20")
    _command("screen", prepared, "-o", folder / "from_prepared", *few, *quiet)
    with zipfile.ZipFile(model) as archive:
        quality = json.loads(archive.read("model.json"))["quality"]
        training = pq.read_table(io.BytesIO(archive.read("training.parquet"))).to_pandas()
    probabilities = [column for column in training.columns if column.startswith("held_out:")]
    held_out = training.set_index("id")[["fold", *probabilities]].round(DECIMALS)
    return Said(_scored(folder / "raw"), _scored(folder / "from_prepared"), text(held_out), quality)


def _command(*words: object) -> None:
    # Threads share out the sums of a matrix product, and so change their order.
    with threadpool_limits(1):
        status = main([str(word) for word in words])
    assert status == 0, " ".join(map(str, words))


def _scored(run: Path) -> pd.DataFrame:
    parts = [pq.read_table(part).to_pandas() for part in sorted((run / "scores").glob("*.parquet"))]
    scores = pd.concat(parts).set_index("id").drop(columns=_ORIGIN)
    hits = read(run / "hits.csv")
    sets = [column for column in hits.columns if column.startswith("prediction_set")]
    return text(scores).join(hits[[*sets, *_DESCRIBED]]).fillna("")


def processor() -> list[str]:
    """Return the instructions that torch and the BLAS libraries of numpy and scipy use here."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    kinds = {f"{library['internal_api']} {library.get('architecture')}" for library in libraries}
    return [f"torch {torch.backends.cpu.get_cpu_capability()}", *sorted(kinds)]


def text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it comes back from a CSV file."""
    return read(io.StringIO(table.to_csv()))


def read(file: Path | io.StringIO) -> pd.DataFrame:
    """Read a CSV file, every cell as text, by the column id."""
    return pd.read_csv(file, dtype=str, keep_default_na=False, index_col="id")
