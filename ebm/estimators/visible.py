"""What the visible layer makes of a table's columns: bits, or scaled real numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.sparsefuncs import mean_variance_axis

from ebm.units import Bernoulli, Gaussian, Unit

# Gaussian visible units bear about a tenth of the rate (Hinton 2012, section 13.2).
GAUSSIAN_RATE = 0.1


@dataclass(frozen=True)
class VisibleLayer:
    """Kind of the visible units and the scale of the columns.

    Attributes
    ----------
    kind : {'bernoulli', 'gaussian'}
    scale : array of shape (n_features,) or None
        Standard deviation of each column, by which Gaussian units divide; None for Bernoulli units.
    """

    kind: str
    scale: NDArray[np.float64] | None

    @property
    def rate_factor(self) -> float:
        """What share of the rate for Bernoulli units these units bear."""
        return GAUSSIAN_RATE if self.kind == "gaussian" else 1.0

    def unit(self, size: int) -> Unit:
        """Return a new layer of units."""
        return Bernoulli(size) if self.kind == "bernoulli" else Gaussian(size)

    def scaled(self, X: Any) -> Any:
        """Columns as the units want them; a sparse matrix stays sparse."""
        if self.scale is None:
            return X
        factor = (1 / self.scale).astype(X.dtype)
        if sp.issparse(X):
            return (X @ sp.diags(factor, format="csr", dtype=X.dtype)).tocsr()
        return X * factor

    def unscaled(self, X: Any) -> Any:
        """Undo `scaled` on a dense array."""
        return X if self.scale is None else X * self.scale.astype(X.dtype)


def check_range(X: Any, visible: str) -> None:
    """Raise ValueError, naming the first value, if Bernoulli units are asked for and cannot be."""
    if visible == "bernoulli" and not _in_unit_range(X):
        row, column, value = _first_outside(X)
        raise ValueError(
            f"Bernoulli visible units take values from 0 to 1, but X[{row}, {column}] is {value}; "
            "scale the columns or use visible='gaussian'"
        )


def learn_visible_layer(
    X: Any, weights: NDArray[np.float64], visible: str = "auto"
) -> VisibleLayer:
    """Choose the units for a table.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, n_features)
    weights : array of shape (n,)
    visible : {'auto', 'bernoulli', 'gaussian'}
        'auto' takes Bernoulli units if every value is between 0 and 1.
    """
    if visible == "bernoulli" or (visible == "auto" and _in_unit_range(X)):
        return VisibleLayer("bernoulli", None)
    if sp.issparse(X):
        _, variance = mean_variance_axis(X.astype(np.float64), axis=0, weights=weights)
    else:
        mean = np.average(X.astype(np.float64), axis=0, weights=weights)
        variance = np.average((X - mean) ** 2, axis=0, weights=weights)
    deviation = np.sqrt(variance)
    # A column that does not vary has nothing to tell; leave it as it is.
    return VisibleLayer("gaussian", np.where(deviation > 1e-12, deviation, 1.0))


def _in_unit_range(X: Any) -> bool:
    values = X.data if sp.issparse(X) else X
    return values.size == 0 or bool(values.min() >= 0 and values.max() <= 1)


def _first_outside(X: Any) -> tuple[int, int, float]:
    if sp.issparse(X):
        X = X.tocoo()
        position = int(np.flatnonzero((X.data < 0) | (X.data > 1))[0])
        return int(X.row[position]), int(X.col[position]), float(X.data[position])
    row, column = np.argwhere((X < 0) | (X > 1))[0]
    return int(row), int(column), float(X[row, column])
