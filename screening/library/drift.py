"""How far a library lies from what the model learned, by a sample of the rows that were scored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.hits import molecule_of, named
from screening.library.shards import ShardFiles
from screening.model import ScreeningModel
from screening.trust import Drift, measure_drift
from screening.trust.drift import MOST

# Rows are drawn in runs of neighbours: so many of them, and so many rows each. What is read does
# not grow with the library.
_RUNS, _ROWS = 64, 32


def library_drift(
    files: ShardFiles, scored: Mapping[int, int], model: ScreeningModel, task: str
) -> Drift | None:
    """Compare scored rows with the compounds that the model learned from.

    The sample depends on the number of rows alone: not on workers, shards or interruptions.

    Parameters
    ----------
    files
        Of the run.
    scored
        Scored rows of each shard, by its number.
    model, task

    Returns
    -------
    Drift or None
        None without any scored row.
    """
    places = drawn_places(sum(scored.values()), model.options.seed)
    if not len(places):
        return None
    score = named("score", task, model.tasks)
    sample = _rows(files, scored, places, [score, "structure", "nearest_similarity"])
    chosen = np.unique(np.linspace(0, len(places) - 1, min(MOST, len(places))).astype(np.int64))
    mols = [molecule_of(text) for text in sample["structure"].take(chosen).to_pylist()]
    index = model.tasks.index(task)
    return measure_drift(
        model.training.fingerprints,
        model.fingerprints(mols),
        sample["nearest_similarity"].to_numpy(),
        active_known=model.calibrations[index].base_rate,
        active_expected=float(sample[score].to_numpy().mean()),
        seed=model.options.seed,
    )


def drawn_places(total: int, seed: int) -> NDArray[np.int64]:
    """Return the places of all rows, or of 64 times 32 neighbours, spread evenly; ascending."""
    if total <= _RUNS * _ROWS:
        return np.arange(total)
    within = np.random.default_rng(seed).random(_RUNS)
    room = total / _RUNS
    first = (np.arange(_RUNS) * room + within * (room - _ROWS)).astype(np.int64)
    return np.unique(first[:, None] + np.arange(_ROWS))


def _rows(
    files: ShardFiles, scored: Mapping[int, int], places: NDArray[np.int64], columns: list[str]
) -> pa.Table:
    """Read some scored rows by their places among all, from the shards that have any of them."""
    numbers = sorted(scored)
    ends = np.cumsum([scored[number] for number in numbers])
    shard = np.searchsorted(ends, places, side="right")
    parts = []
    for at in np.unique(shard).tolist():
        number = numbers[at]
        own = places[shard == at] - (ends[at] - scored[number])
        # Less work than `read_table`, which makes a data set of each file.
        with pq.ParquetFile(files.scores(number)) as file:
            table = file.read(columns, use_threads=False)
        # A row that was passed over has no score.
        parts.append(table.drop_null().take(own))
    return pa.concat_tables(parts)
