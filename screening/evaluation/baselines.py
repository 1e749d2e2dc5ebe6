"""The models that ours has to beat, on the same features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

FOREST_TREES = 500
# 1 GB as float32.
DENSE_ENTRIES = 250_000_000


def forest_scores(
    x: csr_matrix, y: NDArray[np.float32], x_test: csr_matrix, *, seed: int, workers: int = 1
) -> NDArray[np.float64]:
    """Return a random forest's probability of being active, shape (n_test,)."""
    forest = fit_forest(x, y, seed=seed, workers=workers)
    return np.asarray(forest.predict_proba(x_test)[:, 1])


def fit_forest(
    x: csr_matrix, y: NDArray[np.float32], *, seed: int, workers: int = 1
) -> RandomForestClassifier:
    """Fit the forest of `forest_scores`: scikit-learn's defaults, and 500 trees.

    A dense matrix gives the same trees in half the time; one that is too large stays sparse.
    """
    forest = RandomForestClassifier(FOREST_TREES, random_state=seed, n_jobs=workers)
    return forest.fit(x.toarray() if x.shape[0] * x.shape[1] <= DENSE_ENTRIES else x, y)


def logistic_scores(
    x: csr_matrix, y: NDArray[np.float32], x_test: csr_matrix, *, seed: int
) -> NDArray[np.float64]:
    """Return a logistic regression's probability of being active, shape (n_test,)."""
    model = LogisticRegression(C=0.1, max_iter=1000, random_state=seed)
    return np.asarray(model.fit(x, y).predict_proba(x_test)[:, 1])
