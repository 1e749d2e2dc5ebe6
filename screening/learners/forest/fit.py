"""How forests are fitted, and how large they are."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

# 2 GB as float32.
DENSE_ENTRIES = 500_000_000
# Of a forest that is blended: enough beside networks, and more would cost as much as they do.
TREES = 300
# Of the forests that only predict a fold: 0.001 of ROC-AUC less (docs/decisions.md).
HELD_OUT_TREES = 200
# A tree of more is deep and dear, and as many smaller ones say more (docs/decisions.md).
_ROWS_PER_TREE = 10_000
_GRADED_LEAF = 3
# Compounds laid out at a time for the trees to predict: 10 MB.
_ROWS_ASKED = 1000

_Forest = TypeVar("_Forest", RandomForestClassifier, RandomForestRegressor)


def fit_forest(
    x: csr_matrix,
    taught: NDArray[np.float32],
    *,
    seed: int,
    trees: int = TREES,
    workers: int = 1,
) -> RandomForestRegressor:
    """Fit a forest to labels from 0 to 1 whose trees cost no more with ever more compounds.

    The trees average labels, and part compounds where the variance of what is left is smallest: of
    labels 0 and 1 that is a classification by the Gini index, as scikit-learn's classifier makes
    it. A tree draws as many compounds as there are, and 10,000 at most. A leaf of graded labels has
    at least three compounds, or every tree would grow until each is alone.
    """
    n = x.shape[0]
    graded = bool(((taught > 0) & (taught < 1)).any())
    forest = RandomForestRegressor(
        trees,
        max_features="sqrt",
        min_samples_leaf=_GRADED_LEAF if graded else 1,
        max_samples=_ROWS_PER_TREE if n > _ROWS_PER_TREE else None,
        random_state=seed,
        n_jobs=workers,
    )
    return fit_dense(forest, x, taught)


def out_of_bag(forest: RandomForestRegressor, x: csr_matrix) -> NDArray[np.float64]:
    """Return the mean label by the trees that did not draw a compound, shape (n,).

    NaN for a compound that every tree drew: nobody can be asked of it.

    Parameters
    ----------
    forest
    x : CSR of shape (n, n_columns)
        The compounds that it was fitted on.

    References
    ----------
    Breiman 2001, section 3.1, https://doi.org/10.1023/A:1010933404324
    """
    n = x.shape[0]
    unseen = np.ones((len(forest.estimators_), n), dtype=bool)
    for row, drawn in zip(unseen, forest.estimators_samples_, strict=True):
        row[drawn] = False
    said = np.zeros(n)
    for start in range(0, n, _ROWS_ASKED):
        rows = slice(start, start + _ROWS_ASKED)
        dense = x[rows].toarray().astype(np.float32, copy=False)
        for tree, free in zip(forest.estimators_, unseen[:, rows], strict=True):
            said[rows] += np.where(free, tree.predict(dense, check_input=False), 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(said / unseen.sum(axis=0))


def fit_dense(forest: _Forest, x: csr_matrix, y: NDArray[np.float32]) -> _Forest:
    """Fit; a dense matrix gives the same trees in less time, one too large stays sparse.

    Trees read a few columns of many rows: of HIV's 33,000 compounds, column by column in memory
    they grow 4.4 times as fast as row by row.
    """
    small = x.shape[0] * x.shape[1] <= DENSE_ENTRIES
    return forest.fit(x.toarray(order="F") if small else x, y)
