"""Scores of one shard: from features to the table that everybody may read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from screening.library.columns import score_columns
from screening.library.featurised import Featurised
from screening.library.shard import Clock, Watch
from screening.model import ScreeningModel


def score_table(
    model: ScreeningModel,
    found: Featurised,
    *,
    prevalence: float | None,
    watch: Watch,
    clock: Clock,
) -> pa.Table:
    """Score molecules; one row each, in their order.

    Parameters
    ----------
    model
    found
        With the features of this model.
    prevalence
        Restates the score; None leaves it at the assay's base rate.
    watch
        Is told before each piece of work.
    clock
        Is given the laps neighbours and network.
    """
    watch.batch(len(found))
    nearest = model.training.nearest(found.fingerprints)
    clock.lap("neighbours")
    watch.batch(len(found))
    scores = model.score_near(found.raw, *nearest)
    clock.lap("network")
    columns: dict[str, pa.Array] = {
        "source": pa.array([found.source] * len(found), pa.string()),
        "row": pa.array(found.rows, pa.int64()),
        "id": pa.array(found.ids, pa.string()),
        "smiles": pa.array(found.smiles, pa.string()),
        **{
            name: pa.array(values)
            for name, values in score_columns(model, scores, prevalence).items()
        },
        "structure_key": pa.array(found.keys, pa.int64()),
        "in_training": pa.array(np.isin(found.keys, model.training.keys), pa.bool_()),
        "input": pa.array(found.inputs, pa.string()),
    }
    return pa.table(columns)
