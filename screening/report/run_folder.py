"""A run's folder as the report needs it: read and checked."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.errors import UserError
from screening.hits import Hits, read_hits, restated, score_parts
from screening.tables import read_csv
from screening.trust import Domain

HISTOGRAM_BINS = 50
# Structures beyond this many are not counted for duplicates: their keys would fill the memory.
_MAX_KEYS = 20_000_000
_READ = ("structure_key", "in_training", "nearest_similarity")


@dataclass
class LibraryCounts:
    """What all scored rows of a run look like together.

    Attributes
    ----------
    histogram : int64 array of shape (HISTOGRAM_BINS,)
        Scored rows by score, over [0, 1].
    repeated : int or None
        Rows whose structure came before; None where it was not counted.
    in_training : int
        Rows whose structure is in the assay.
    outside : int
        Rows outside the model's applicability domain.
    """

    histogram: NDArray[np.int64]
    repeated: int | None
    in_training: int
    outside: int

    @property
    def scored(self) -> int:
        """Rows in all."""
        return int(self.histogram.sum())

    @property
    def mostly_outside(self) -> bool:
        """Whether most rows are outside the domain."""
        return self.outside > self.scored / 2


@dataclass
class RunFolder:
    """The content of RUN/.

    Attributes
    ----------
    path : Path
    info : dict
        run.json.
    hits : Hits
    rejects : list of dict
    library : LibraryCounts
    demo : dict or None
        demo.json where a demo made the run.
    """

    path: Path
    info: dict[str, Any]
    hits: Hits
    rejects: list[dict[Hashable, Any]]
    library: LibraryCounts
    demo: dict[str, Any] | None

    @property
    def task(self) -> str:
        """Task that the hits are ranked by."""
        return self.hits.ranked.task


def read_run(path: Path, domain: Domain) -> RunFolder:
    """Read the folder that `screen` wrote.

    Parameters
    ----------
    path
    domain
        Of the model that made the run.

    Raises
    ------
    UserError
        The folder is missing, holds no finished run, or one of its files is damaged.
    """
    info = read_info(path)
    hits = read_hits(path)
    try:
        return RunFolder(
            path=path,
            info=info,
            hits=hits,
            rejects=read_csv(path / "rejects.csv").to_dict("records"),
            library=_library(path / "scores", hits, domain),
            demo=_json(path, "demo.json"),
        )
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise UserError(
            f"{path} is damaged or was changed by hand ({type(error).__name__}: {error}); "
            "screen again into a new folder."
        ) from error


def read_info(path: Path) -> dict[str, Any]:
    """Read run.json.

    Raises
    ------
    UserError
        It is not there, or damaged.
    """
    info = _json(path, "run.json")
    if info is None:
        raise UserError(
            f"{path} holds no finished run (there is no run.json); "
            "give the folder that `ebmscreen screen -o` wrote, or finish the run first."
        )
    if missing := [name for name in _NEEDED if name not in info]:
        raise UserError(
            f"{path / 'run.json'} is no run's: it lacks {', '.join(missing)}. Repeat the "
            "`ebmscreen screen` command, which writes it again without scoring a row."
        )
    return info


# What a report cannot do without.
_NEEDED = ("counts", "sources", "model", "model_hash", "tasks", "options", "seconds", "versions")


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


def _library(folder: Path, hits: Hits, domain: Domain) -> LibraryCounts:
    score, ranked = hits.column("score"), hits.ranked
    histogram = np.zeros(HISTOGRAM_BINS, dtype=np.int64)
    keys: list[NDArray[np.int64]] | None = []
    rows = in_training = outside = 0
    for part in score_parts(folder):
        table = pq.read_table(part, columns=[score, *_READ]).drop_null()
        rows += table.num_rows
        values = restated(table[score].to_numpy(), ranked.base_rate, ranked.prevalence)
        histogram += np.histogram(values, bins=HISTOGRAM_BINS, range=(0, 1))[0]
        in_training += int(table["in_training"].to_numpy().sum())
        outside += int((~domain.contains(table["nearest_similarity"].to_numpy())).sum())
        if keys is not None:
            keys = None if rows > _MAX_KEYS else [*keys, table["structure_key"].to_numpy()]
    repeated = None
    if keys is not None:
        repeated = rows - len(np.unique(np.concatenate(keys))) if keys else 0
    return LibraryCounts(histogram, repeated, in_training, outside)
