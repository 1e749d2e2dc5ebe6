"""Names of the score columns: plain for one task, one block a task for several."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.model import Scores, ScreeningModel, restate_prevalence
from screening.model.scores import DECIMALS

PER_TASK = ("score", "score_std", "p_active", "p_inactive")


def named(column: str, task: str, tasks: tuple[str, ...]) -> str:
    """Return the column's name for a task: `score`, or `score_<task>` where there are several."""
    return column if len(tasks) == 1 else f"{column}_{task}"


def score_columns(
    model: ScreeningModel, scores: Scores, prevalence: float | None
) -> dict[str, NDArray[Any]]:
    """Return the scores by column name, in the order of the output."""
    columns: dict[str, NDArray[Any]] = {}
    for index, task in enumerate(model.tasks):
        for column in PER_TASK:
            values = getattr(scores, column)[:, index]
            if column == "score" and prevalence is not None:
                base_rate = model.calibrations[index].base_rate
                values = np.round(restate_prevalence(values, base_rate, prevalence), DECIMALS)
            columns[named(column, task, model.tasks)] = values
    columns["novelty_percentile"] = scores.novelty_percentile
    columns["nearest_similarity"] = scores.nearest_similarity
    return columns
