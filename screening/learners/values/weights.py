"""How much each voice counts: weights learned from what all said of held-out compounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# As many compounds as this say half of what the weights are; equal weights say the rest.
EQUAL = 50
# A voice that counts for less is not asked, and the others share what it had.
LEAST = 0.05


def learn_weights(said: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one weight a voice, none below 0, together 1.

    They minimise the squared error of the blend, shrunk towards equal weights 1/k:

        sum over i of (y_i - sum over j of w_j s_ij)² + lambda sum over j of (w_j - 1/k)²,

    with lambda = `EQUAL` times the mean variance of what sets a voice apart from the mean of all: n
    compounds say about n / (n + EQUAL) of what the weights are. Then they are scaled to a sum of 1;
    voices below `LEAST` are left out, and the others are scaled again.

    Parameters
    ----------
    said : array of shape (n, k)
        What each voice said of compounds that it had not seen, on a scale whose zero is the mean.
    truth : array of shape (n,)
        What was measured, on the same scale.

    References
    ----------
    Breiman 1996, Stacked regressions (non-negative weights),
    https://doi.org/10.1007/BF00117832
    """
    # Slow to import, and only training needs it.
    from scipy.optimize import nnls

    k = said.shape[1]
    equal = np.full(k, 1 / k)
    if k == 1 or not len(said):
        return equal
    apart = said - said.mean(axis=1, keepdims=True)
    shrinking = np.sqrt(EQUAL * float(apart.var(axis=0).mean()))
    rows = np.concatenate([said, shrinking * np.eye(k)])
    found, _ = nnls(rows, np.concatenate([truth, shrinking * equal]))
    if not found.sum() > 0:
        return equal
    weights = found / found.sum()
    weights = np.where(weights < LEAST, 0.0, weights)
    return np.asarray(weights / weights.sum())
