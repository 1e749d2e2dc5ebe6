"""Measured values in a study: predicted by the models that can, and how close they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.evaluation import RISK, assess_values
from screening.evaluation.values import METRICS
from screening.learners import MODELS, Part
from screening.learners.values.judged import ValueLearner
from screening.learners.values.learner import Measured
from screening.progress import OnStep
from screening.study.folder import Result


def predicts_values(model: str, measured: Mapping[int, Measured]) -> bool:
    """Tell whether a model predicts the values of any task."""
    return bool(measured) and MODELS[model].make_values is not None


def values_on(
    part: Part,
    learner_of: Callable[[Measured], ValueLearner],
    measured: Mapping[int, Measured],
    n_valid: int,
    *,
    workers: int,
    on_step: OnStep,
) -> NDArray[np.float64]:
    """Learn the values of a part, and predict those of the test part.

    Parameters
    ----------
    part
        Asks for the validation part, then the test part.
    learner_of
        Makes the learner of the values of one task.
    measured
        Of the tasks that have values, by their places.
    n_valid : int
        Size of the validation part.
    workers, on_step
        As for `Learner.fit_parts`.

    Returns
    -------
    array of shape (2, n_test, n_tasks)
        See `Result.values`.
    """
    rows = part.asked[n_valid:]
    found = np.full((2, len(rows), part.labels.shape[1]), np.nan)
    for task, known in measured.items():
        fitted = learner_of(known).fit_part(part, workers=workers, on_step=on_step)
        if fitted is not None:
            found[:, :, task] = fitted.within(part.compounds, rows, RISK)
    return found


def value_figures(
    known: Measured | None, test: NDArray[np.int64], result: Result, task: int
) -> dict[str, float]:
    """Return the figures of `METRICS` of predicted values, and how many values they are of.

    Parameters
    ----------
    known
        The values of the task; None where it has none.
    test
        The compounds of the test part.
    result
    task
        Its place.
    """
    nothing: dict[str, float] = {"n_values": 0, **dict.fromkeys(METRICS, float("nan"))}
    if known is None or result.values is None:
        return nothing
    said, reach = result.values[:, :, task]
    usable = known.exact[test] & np.isfinite(said)
    if not usable.any():
        return nothing
    told = not np.isnan(reach).all()
    found: dict[str, Any] = assess_values(
        known.numbers[test][usable], said[usable], reach=reach[usable] if told else None
    ).to_dict()
    n = found.pop("n")
    return {"n_values": n, **found, "reach": float(reach[usable].mean()) if told else float("nan")}


def unit_of(measured: Mapping[int, Measured]) -> str:
    """Return what the errors of all tasks are counted in; empty where they have several units."""
    units = {known.scale.describe() for known in measured.values()}
    return units.pop() if len(units) == 1 else ""
