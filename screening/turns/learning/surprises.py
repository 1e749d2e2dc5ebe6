"""The results that a model had thought least likely, with the compounds that misled it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.assay.values.units import P_VALUE
from screening.model import ScreeningModel, Surprise
from screening.turns.learning.foretold import Foretold

# In each direction.
MOST = 6


def surprises_of(
    model: ScreeningModel,
    foretold: Foretold,
    results: Assay,
    task: int,
    rows: NDArray[np.int64],
    risk: float,
) -> list[Surprise]:
    """Return the results on the wrong side of the model's threshold, the greatest first.

    Actives that it called inactive come before inactives that it called active, six of each at
    most.

    Parameters
    ----------
    model, foretold, results, task
    rows
        Places of the compounds that are judged.
    risk
        Of the prediction sets.
    """
    scores = foretold.scores.score[:, task]
    labels = results.labels[:, task]
    called = scores >= model.thresholds[task]
    chosen: list[int] = []
    for label, order in ((1, scores), (0, -scores)):
        wrong = rows[(labels[rows] == label) & (called[rows] != bool(label))]
        chosen += wrong[np.argsort(order[wrong], kind="stable")][:MOST].tolist()
    return [_surprise(model, foretold, results, task, row, risk) for row in chosen]


def _surprise(
    model: ScreeningModel, foretold: Foretold, results: Assay, task: int, row: int, risk: float
) -> Surprise:
    active = bool(results.labels[row, task] == 1)
    p_values = foretold.scores.p_active if active else foretold.scores.p_inactive
    near = [_near(model, foretold, task, row, label) for label in (1, 0)]
    return Surprise(
        id=results.ids[row],
        smiles=results.smiles[row],
        active=active,
        value=_value(results, row, task),
        score=round(float(foretold.scores.score[row, task]), 4),
        outside=bool(p_values[row, task] <= risk),
        near_active=near[0],
        near_inactive=near[1],
    )


def _value(results: Assay, row: int, task: int) -> str:
    """Return what was measured, in the unit of the results."""
    value, rule = float(results.values[row, task]), results.rules.get(results.tasks[task])
    if np.isnan(value):
        return ""
    unit = rule.scale.unit if rule else None
    return f"{value:.4g} {unit.name}" if unit and unit != P_VALUE else f"{value:.4g}"


def _near(
    model: ScreeningModel, foretold: Foretold, task: int, row: int, label: int
) -> tuple[str, str, float]:
    training = model.training
    fingerprint = foretold.fingerprints[row : row + 1]
    (place,), (similarity,) = training.nearest_labelled(fingerprint, task, label)
    return training.ids[place], training.smiles[place], round(float(similarity), 4)
