"""How forests are fitted, and how large they are."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import (
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

# 2 GB as float32.
DENSE_ENTRIES = 500_000_000
# Of a forest that is blended: enough beside networks, and more would cost as much as they do.
TREES = 300
# Of the forests that only predict a fold: 0.001 of ROC-AUC less (docs/decisions.md).
HELD_OUT_TREES = 200
# A tree of more is deep and dear, and as many smaller ones say more (docs/decisions.md).
_ROWS_PER_TREE = 10_000
_GRADED_LEAF = 3
# Steps from 0 to 1 of what a leaf is worth.
_LEVELS = 64
# Share of the columns that a tree of numbers tries for each of its nodes.
_NUMBERS_TRIED = 0.15
# Compounds laid out at a time for the trees to predict: 10 MB.
_ROWS_ASKED = 1000

_Forest = TypeVar("_Forest", RandomForestClassifier, RandomForestRegressor, ExtraTreesRegressor)
AveragingTrees: TypeAlias = RandomForestRegressor | ExtraTreesRegressor


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
    forest = RandomForestRegressor(
        trees, max_features="sqrt", **_growth(x, taught), random_state=seed, n_jobs=workers
    )
    return _in_levels(fit_dense(forest, x, taught), taught)


def fit_extra_trees(
    x: csr_matrix,
    taught: NDArray[np.float32],
    *,
    seed: int,
    trees: int = TREES,
    workers: int = 1,
) -> ExtraTreesRegressor:
    """Fit trees that part compounds at values drawn at random, else as `fit_forest` has it.

    For columns that are numbers: the best value among the compounds at hand is often a chance one.

    References
    ----------
    Geurts, Ernst and Wehenkel 2006, extremely randomised trees,
    https://doi.org/10.1007/s10994-006-6226-1
    """
    forest = ExtraTreesRegressor(
        trees,
        max_features=_NUMBERS_TRIED,
        bootstrap=True,
        **_growth(x, taught),
        random_state=seed,
        n_jobs=workers,
    )
    return _in_levels(fit_dense(forest, x, taught), taught)


def _growth(x: csr_matrix, taught: NDArray[np.float32]) -> dict[str, Any]:
    """Return how large the trees grow."""
    return {
        "min_samples_leaf": _GRADED_LEAF if _graded(taught) else 1,
        "max_samples": _ROWS_PER_TREE if x.shape[0] > _ROWS_PER_TREE else None,
    }


def _graded(taught: NDArray[np.float32]) -> bool:
    return bool(((taught > 0) & (taught < 1)).any())


def _in_levels(forest: _Forest, taught: NDArray[np.float32]) -> _Forest:
    """Round what leaves of graded labels are worth to 64ths, and return the forest.

    The program of a stored forest makes a set of rows for each value that its leaves have. Means of
    graded labels are all different, and scoring would take forty times as long for digits that the
    mean over the trees hardly shows.
    """
    if _graded(taught):
        for tree in forest.estimators_:
            values = tree.tree_.value
            values[:] = np.rint(values * _LEVELS) / _LEVELS
    return forest


def out_of_bag(forest: AveragingTrees, x: csr_matrix) -> NDArray[np.float64]:
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

    The forest predicts in one thread from then on: scikit-learn's threads add what trees say in
    the order in which they finish, and a sum in another order has other last digits.
    """
    small = x.shape[0] * x.shape[1] <= DENSE_ENTRIES
    return forest.fit(x.toarray(order="F") if small else x, y).set_params(n_jobs=None)
