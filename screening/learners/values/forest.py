"""The forest of values: fitted like the one of labels, on the same columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestRegressor

from screening.learners.forest.fit import fit_dense
from screening.learners.forest.stored import StoredForest

TREES = 100
# Of the forests that only predict a fold.
HELD_OUT_TREES = 50
# A tree of more is deep and dear, as of labels.
_ROWS_PER_TREE = 10_000
_LEAF = 3
# Leaves are kept to a sixteenth of a standard deviation: the mean of many does not see it, and the
# program that scores with them is shorter the fewer values there are.
_STEPS = 16


def fit_value_forest(
    x: csr_matrix, numbers: NDArray[np.float64], *, seed: int, trees: int, workers: int = 1
) -> RandomForestRegressor:
    """Fit a forest to standardised numbers.

    Parameters
    ----------
    x : CSR of shape (n, n_columns)
        Encoded compounds.
    numbers : array of shape (n,)
    seed, trees, workers
    """
    n = x.shape[0]
    forest = RandomForestRegressor(
        trees,
        max_features="sqrt",
        min_samples_leaf=_LEAF,
        max_samples=_ROWS_PER_TREE if n > _ROWS_PER_TREE else None,
        random_state=seed,
        n_jobs=workers,
    )
    return fit_dense(forest, x, numbers.astype(np.float32))


def stored_value_forest(forest: RandomForestRegressor) -> StoredForest:
    """Return the forest as arrays, its leaves to a sixteenth."""
    kept = StoredForest.from_sklearn(forest)
    # Whole multiples of a power of two: sums are exact in any order.
    return replace(kept, active=np.round(kept.active * _STEPS) / np.float32(_STEPS))
