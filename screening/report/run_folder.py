"""A run's folder as the report needs it: read, checked, every cell of the user's as text."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.errors import UserError
from screening.library.columns import PER_TASK, named

HISTOGRAM_BINS = 50
# Structures beyond this many are not counted for duplicates: their keys would fill the memory.
_MAX_KEYS = 20_000_000
_NUMBERS = ("rank", "novelty_percentile", "nearest_similarity", "row")
_TEXTS = (
    "id smiles in_domain nearest_id nearest_label alerts scaffold source duplicate_of in_training"
).split()


@dataclass
class Library:
    """What all scored rows of a run look like together.

    Attributes
    ----------
    histogram : int64 array of shape (HISTOGRAM_BINS,)
        Scored rows by score, over [0, 1].
    repeated : int or None
        Rows whose structure came before; None where it was not counted.
    in_training : int
        Rows whose structure is in the assay.
    """

    histogram: NDArray[np.int64]
    repeated: int | None
    in_training: int


@dataclass
class RunFolder:
    """The content of RUN/.

    Attributes
    ----------
    path : Path
    info : dict
        run.json.
    hits : DataFrame
        Score columns as numbers, everything else as text.
    inputs : list of str
        Names of the columns that came from the library's file.
    rejects : list of dict
    library : Library
    demo : dict or None
        demo.json where a demo made the run.
    task : str
        Task that the hits are ranked by.
    """

    path: Path
    info: dict[str, Any]
    hits: pd.DataFrame
    inputs: list[str]
    rejects: list[dict[str, str]]
    library: Library
    demo: dict[str, Any] | None
    task: str

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks of the model that made the run."""
        return tuple(self.info["tasks"])

    def column(self, name: str) -> str:
        """Return the hit list's name of a score column for the ranked task."""
        return named(name, self.task, self.tasks)


def read_run(path: Path) -> RunFolder:
    """Read the folder that `screen` wrote.

    Raises
    ------
    UserError
        The folder is missing, holds no finished run, or one of its files is damaged.
    """
    info = _json(path, "run.json")
    if info is None:
        raise UserError(
            f"{path} holds no finished run (there is no run.json); "
            "give the folder that `ebmscreen screen -o` wrote, or finish the run first."
        )
    try:
        tasks = tuple(info["tasks"])
        task = info["options"].get("rank_by") or tasks[0]
        hits, inputs = _hits(path / "hits.csv", tasks)
        return RunFolder(
            path=path,
            info=info,
            hits=hits,
            inputs=inputs,
            rejects=_rejects(path / "rejects.csv"),
            library=_library(path / "scores", named("score", task, tasks)),
            demo=_json(path, "demo.json"),
            task=task,
        )
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise UserError(
            f"{path} is damaged or was changed by hand ({type(error).__name__}: {error}); "
            "screen again into a new folder."
        ) from error


def _json(path: Path, name: str) -> dict[str, Any] | None:
    file = path / name
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read ({error}).") from error
    if not isinstance(content, dict):
        raise UserError(f"{file} holds no JSON object.")
    return content


def _hits(path: Path, tasks: tuple[str, ...]) -> tuple[pd.DataFrame, list[str]]:
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    scores = [named(column, task, tasks) for task in tasks for column in PER_TASK]
    sets = [named("prediction_set", task, tasks) for task in tasks]
    for name in (*_NUMBERS, *scores):
        table[name] = pd.to_numeric(table[name])
    for name in ("in_domain", "in_training"):
        table[name] = table[name] == "True"
    ours = {*_NUMBERS, *_TEXTS, *scores, *sets}
    return table, [name for name in table.columns if name not in ours]


def _rejects(path: Path) -> list[dict[str, str]]:
    # A field may be as long as a file's longest line: csv's own limit is too small for that.
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _library(folder: Path, score: str) -> Library:
    histogram = np.zeros(HISTOGRAM_BINS, dtype=np.int64)
    keys: list[NDArray[np.int64]] | None = []
    rows = in_training = 0
    for part in sorted(folder.glob("part-*.parquet")):
        table = pq.read_table(part, columns=[score, "structure_key", "in_training"])
        rows += table.num_rows
        values = table[score].to_numpy()
        histogram += np.histogram(values, bins=HISTOGRAM_BINS, range=(0, 1))[0]
        in_training += int(table["in_training"].to_numpy().sum())
        if keys is not None:
            keys = None if rows > _MAX_KEYS else [*keys, table["structure_key"].to_numpy()]
    repeated = None
    if keys is not None:
        repeated = rows - len(np.unique(np.concatenate(keys))) if keys else 0
    return Library(histogram, repeated, in_training)
