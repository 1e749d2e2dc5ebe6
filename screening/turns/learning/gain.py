"""Whether one ranking of the same compounds is better than another, and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from screening.model import Estimate
from screening.model.turns import Compared

Array = NDArray[np.floating[Any]]
_HALF = float(ndtri(0.975))


def auc_of(labels: Array, scores: Array) -> float:
    """Return the area under the ROC curve: how often an active is before an inactive, ties half."""
    over_inactives, _ = _placements(labels, scores)
    return float(over_inactives.mean())


def compare_rankings(labels: Array, before: Array, now: Array) -> Compared | None:
    """Compare two rankings of the same compounds by ROC-AUC, paired.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    before, now : arrays of shape (n,)

    Returns
    -------
    Compared or None
        None with fewer than two compounds of a class, which leave no variance.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, https://doi.org/10.2307/2531595
    """
    actives = int((labels == 1).sum())
    inactives = len(labels) - actives
    if min(actives, inactives) < 2:
        return None
    (x_before, y_before), (x_now, y_now) = (_placements(labels, s) for s in (before, now))
    aucs = float(x_before.mean()), float(x_now.mean())
    variance = (x_now - x_before).var(ddof=1) / actives + (y_now - y_before).var(ddof=1) / inactives
    half = _HALF * float(np.sqrt(variance))
    middle = aucs[1] - aucs[0]
    figures = (round(figure, 4) for figure in (middle, middle - half, middle + half))
    return Compared(
        n=len(labels),
        n_active=actives,
        before=round(aucs[0], 4),
        now=round(aucs[1], 4),
        difference=Estimate(*figures),
    )


def _placements(labels: Array, scores: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of inactives below each active, and of actives above each inactive."""
    active, inactive = scores[labels == 1], scores[labels == 0]
    return _below(active, inactive), 1 - _below(inactive, active)


def _below(asked: Array, others: Array) -> NDArray[np.float64]:
    """Return which share of the others lies below each, ties half."""
    ordered = np.sort(others)
    left, right = (np.searchsorted(ordered, asked, side=side) for side in ("left", "right"))
    return np.asarray((left + right) / (2 * len(others)))
