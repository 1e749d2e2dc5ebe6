"""Conformal intervals of predicted values, wider where less is known.

What was said of held-out compounds was off by r. Errors grow with the distance to what is known, so
that they are compared in units of a spread that does too:

    s(x) = a + b · (1 - similarity to the nearest known compound)

with a and b fitted to |r|, neither below 0. The interval at a risk reaches q · s(x) to both sides
of the prediction, where q is the quantile of the held-out |r| / s that makes it hold in a share
1 - risk of compounds drawn like these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

# Of the mean error: no spread is less, or one lucky neighbourhood would promise too much.
_LEAST_SHARE = 0.25
_LEAST = 1e-6

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Intervals:
    """Errors of held-out compounds in units of their spread.

    Attributes
    ----------
    base, distance : float, 0 or above
        a and b of the spread.
    least : float > 0
        No spread is less.
    ratios : float64 array of shape (n,)
        |error| / spread, ascending.
    """

    base: float
    distance: float
    least: float
    ratios: NDArray[np.float64]

    def spread(self, similarity: Array) -> NDArray[np.float64]:
        """Return how far predictions may be off, in the unit of the errors, shape (n,).

        Parameters
        ----------
        similarity : array of shape (n,)
            To the nearest compound that was learned from, 0-1.
        """
        away = 1 - np.asarray(similarity, dtype=np.float64)
        return np.maximum(self.base + self.distance * away, self.least)

    def reach(self, risk: float) -> float:
        """Return q: how many spreads an interval reaches to either side; infinite if too few.

        The ceil((n + 1)(1 - risk))-th smallest of the n held-out ratios.

        References
        ----------
        Papadopoulos et al. 2002 (normalised scores), https://doi.org/10.1007/3-540-36755-1_29;
        Vovk, Gammerman and Shafer 2005, section 2.2
        """
        n = len(self.ratios)
        # What a float makes of (n + 1) · 0.9 may lie a hair above a whole number.
        place = math.ceil(round((n + 1) * (1 - risk), 9))
        return float(self.ratios[place - 1]) if place <= n else math.inf

    def to_state(self) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
        """Return the numbers as a JSON-able dict, and the arrays by name."""
        plain = {name: value for name, value in vars(self).items() if name != "ratios"}
        return plain, {"ratios": self.ratios}

    @classmethod
    def from_state(cls, numbers: Mapping[str, float], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the intervals that `to_state` described.

        Raises
        ------
        ValueError
            A number is below 0, or the ratios are not in order.
        """
        made = cls(**numbers, ratios=arrays["ratios"])
        ratios = made.ratios
        sound = ratios.ndim == 1 and len(ratios) and ratios[0] >= 0 and (np.diff(ratios) >= 0).all()
        parts = (made.base, made.distance)
        if not sound or min(parts) < 0 or not made.least > 0 or not math.isfinite(sum(parts)):
            raise ValueError("the intervals of the values are not whole")
        return made


def fit_intervals(errors: Array, similarity: Array) -> Intervals:
    """Learn the spread and the ratios from compounds that were held out, each of shape (n,).

    Parameters
    ----------
    errors
        What was said less what was measured.
    similarity
        See `Intervals.spread`.
    """
    # Slow to import, and only training needs it.
    from scipy.optimize import nnls

    size = np.abs(np.asarray(errors, dtype=np.float64))
    columns = np.column_stack([np.ones(len(size)), 1 - np.asarray(similarity)])
    (base, distance), _ = nnls(columns.astype(np.float64), size)
    least = max(_LEAST_SHARE * float(size.mean()), _LEAST)
    made = Intervals(float(base), float(distance), least, np.zeros(0))
    return replace(made, ratios=np.sort(size / made.spread(similarity)))
