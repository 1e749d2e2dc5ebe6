"""The curves of a ranking: ROC, and precision by recall."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def roc_curve(labels: NDArray[Any], scores: Values) -> tuple[Values, Values]:
    """Return false and true positive rates, from (0, 0) to (1, 1); tied compounds are one step.

    Points on a straight line between their neighbours are left out.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
        Of both classes.
    scores : array, shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> false, true = roc_curve(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.8, 0.1]))
    >>> false.tolist(), true.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    true, false = (np.concatenate([[0], found]) for found in _counts(labels, scores))
    bends = (np.diff(true, 2) != 0) | (np.diff(false, 2) != 0)
    kept = np.concatenate([[True], bends, [True]])
    return false[kept] / false[-1], true[kept] / true[-1]


def precision_recall_curve(labels: NDArray[Any], scores: Values) -> tuple[Values, Values]:
    """Return precision and recall from each score on, the highest first.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
        With at least one active.
    scores : array, shape (n,)
    """
    true, false = _counts(labels, scores)
    return true / (true + false), true / true[-1]


def _counts(labels: NDArray[Any], scores: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many actives and inactives have each score or a higher one."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    true = np.cumsum(labels[order] == 1)[ends]
    return true, ends + 1 - true
