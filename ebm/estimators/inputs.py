"""What both estimators make of their input: number types, random state, rows with their weights.

scikit-learn promises that a row of weight k counts as k copies of it, one of weight 0 as absent.
With minibatches and random numbers for each row this holds only if both cases give the training the
same rows: so equal rows become one, with the sum of their weights, and the order is that of a hash
of their content. The result of `fit` then does not depend on the order of the rows either.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight

FLOATS = (np.float64, np.float32)


def new_generator(random_state: np.random.RandomState, device: str) -> torch.Generator:
    """Return a generator with a seed drawn from the random state."""
    seed = int(random_state.randint(2**31 - 1))
    return torch.Generator(device).manual_seed(seed)


@dataclass(frozen=True)
class TrainingRows:
    """What is left of the training data after merging.

    Attributes
    ----------
    X : array or CSR matrix of shape (n, n_features)
    y : array of shape (n, n_targets)
    weights : array of shape (n,)
    """

    X: Any
    y: NDArray[np.float64]
    weights: NDArray[np.float64]


def checked_weights(sample_weight: Any, X: Any) -> NDArray[np.float64]:
    """Sample weights as an array, ones by default.

    Raises
    ------
    ValueError
        If they are of a wrong shape, not finite, negative, or zero everywhere.
    """
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("sample_weight is zero for every row: there is nothing to learn from")
    return np.asarray(weights)


def merge_equal_rows(X: Any, y: NDArray[np.float64], weights: NDArray[np.float64]) -> TrainingRows:
    """Drop rows of weight 0, add up equal rows of (X, y), and sort by content.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, n_features)
    y : array of shape (n, n_targets)
        May have no column.
    weights : array of shape (n,)
    """
    first: dict[bytes, int] = {}
    total: dict[bytes, float] = {}
    for index, key in enumerate(_keys(X, y)):
        if weights[index] > 0:
            first.setdefault(key, index)
            total[key] = total.get(key, 0.0) + float(weights[index])
    keys = sorted(first)
    chosen = np.array([first[key] for key in keys])
    return TrainingRows(X[chosen], y[chosen], np.array([total[key] for key in keys]))


def _keys(X: Any, y: NDArray[np.float64]) -> list[bytes]:
    """Hash of each row's content."""
    if sp.issparse(X):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
        bounds = zip(X.indptr[:-1], X.indptr[1:], strict=True)
        parts = [X.indices[a:b].tobytes() + b"|" + X.data[a:b].tobytes() for a, b in bounds]
    else:
        parts = [row.tobytes() for row in np.ascontiguousarray(X)]
    return [
        blake2b(part + target.tobytes(), digest_size=16).digest()
        for part, target in zip(parts, np.ascontiguousarray(y), strict=True)
    ]
