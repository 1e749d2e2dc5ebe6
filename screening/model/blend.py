"""The networks and, where the user asks for it, a forest beside them: one logit a task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import logit

from screening.features import Visible
from screening.model.forest import Forest

# A forest that is of one mind says 0 or 1; half a tree of doubt keeps its logit finite.
DOUBT = 1e-3


def blend_with(
    logits: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of the networks' logits and the forest's.

    Parameters
    ----------
    logits : array of shape (..., n, n_tasks)
    probabilities : array of shape (n, n_tasks)
        Of the forest; NaN where a task has none, which leaves the networks alone.
    """
    said = logit(np.clip(probabilities, DOUBT, 1 - DOUBT))
    return np.asarray(np.where(np.isnan(said), logits, (logits + said) / 2))


def forest_probabilities(
    forests: Sequence[Forest | None], x: csr_matrix | Visible
) -> NDArray[np.float64]:
    """Return each task's forest's probabilities, shape (n, n_tasks); NaN for a task without."""
    n = len(x) if isinstance(x, Visible) else x.shape[0]
    return np.column_stack(
        [np.full(n, np.nan) if forest is None else forest.probability(x) for forest in forests]
    )
