"""What a model says of molecules, by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Scores leave the model with this many decimals: beyond them, sums depend on their order.
DECIMALS = 6
# What comes rounded: by what decides ranks, or in units that a model knows.
_ROUNDED = ("log_odds", "value", "value_spread")


@dataclass
class Scores:
    """Scores of n molecules, rounded to six decimals; the log odds, which decide ranks, to eight.

    Attributes
    ----------
    score : float64 array of shape (n, n_tasks)
        Probability of being active, calibrated at the assay's base rate.
    log_odds : float64 array of shape (n, n_tasks)
        Natural log odds of that, as `ScreeningModel.log_odds` rounds them.
    score_std : float64 array of shape (n, n_tasks)
        Standard deviation of the members' probabilities.
    p_active, p_inactive : float64 arrays of shape (n, n_tasks)
        Class-conditional conformal p-values.
    novelty_percentile : float64 array of shape (n,)
        Share of held-out training compounds that are less novel, 0-100.
    nearest_index : int64 array of shape (n,)
        The most similar training compound.
    nearest_similarity : float64 array of shape (n,)
        Its Tanimoto similarity.
    value, value_spread : float64 arrays of shape (n, n_tasks)
        Predicted value and how far it may be off, on the scale of the task's `ValueModel`, which
        rounds them; NaN for a task without.
    """

    score: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    score_std: NDArray[np.float64]
    p_active: NDArray[np.float64]
    p_inactive: NDArray[np.float64]
    novelty_percentile: NDArray[np.float64]
    nearest_index: NDArray[np.int64]
    nearest_similarity: NDArray[np.float64]
    value: NDArray[np.float64]
    value_spread: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name, values in vars(self).items():
            if values.dtype.kind == "f" and name not in _ROUNDED:
                setattr(self, name, np.round(values, DECIMALS))

    def __len__(self) -> int:
        return len(self.score)
