"""Mondrian conformal p-values: how strange a compound would be as an active, and as an inactive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Conformal:
    """Calibrated log odds of held-out compounds of each class, ascending.

    Attributes
    ----------
    active, inactive : float64 arrays
    """

    active: NDArray[np.float64]
    inactive: NDArray[np.float64]

    def p_values(
        self, log_odds: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return p_active and p_inactive, each of the log odds' shape.

        p_active = (number of known actives that look no more active, plus one) / (their number
        plus one); p_inactive likewise with known inactives that look no less active.

        References
        ----------
        Vovk, Gammerman and Shafer 2005, section 4.5 (Mondrian); Norinder et al. 2014,
        https://doi.org/10.1021/ci5001168
        """
        lower = np.searchsorted(self.active, log_odds, side="right")
        higher = len(self.inactive) - np.searchsorted(self.inactive, log_odds, side="left")
        return (lower + 1) / (len(self.active) + 1), (higher + 1) / (len(self.inactive) + 1)


def fit_conformal(log_odds: NDArray[np.float64], labels: NDArray[np.float32]) -> Conformal:
    """Keep the held-out log odds of each class."""
    return Conformal(np.sort(log_odds[labels == 1]), np.sort(log_odds[labels == 0]))


def prediction_sets(
    p_active: NDArray[np.float64], p_inactive: NDArray[np.float64], risk: float
) -> list[str]:
    """Return active, inactive, either or neither: the classes whose p-value exceeds the risk."""
    names: Sequence[str] = ("neither", "inactive", "active", "either")
    codes = 2 * (np.asarray(p_active) > risk) + (np.asarray(p_inactive) > risk)
    return [names[code] for code in codes]
