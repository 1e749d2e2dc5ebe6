"""Mondrian conformal p-values: how strange a compound would be as an active, and as an inactive.

A compound is compared with known ones of the class that are about as similar to what was learned
from: models are less sure far from all known compounds, and a library lies further away than the
assay does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Groups of like similarity in a class; fewer where they would be too small to tell a risk of 0.05.
_GROUPS, _LEAST = 3, 30

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Conformal:
    """What was said of held-out compounds of each class.

    Attributes
    ----------
    active, inactive : float64 arrays
        Their calibrated log odds, ascending.
    active_similarity, inactive_similarity : arrays of the same shapes
        Tanimoto similarity of each to the nearest compound that was learned from, 0-1.
    """

    active: Array
    inactive: Array
    active_similarity: Array
    inactive_similarity: Array

    def by_class(self) -> Sequence[tuple[Array, Array]]:
        """Return log odds and similarities of actives, and of inactives."""
        return (
            (self.active, self.active_similarity),
            (self.inactive, self.inactive_similarity),
        )

    def p_values(
        self, log_odds: Array, similarity: Array
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return p_active and p_inactive, each of the log odds' shape.

        p_active = (number of known actives that look no more active, plus one) / (their number
        plus one), both among the third of the known actives whose similarities are like the
        compound's; p_inactive likewise with known inactives that look no less active. A class of
        fewer than 90 known compounds has two groups instead of three, of fewer than 60 one.

        Parameters
        ----------
        log_odds, similarity : arrays of shape (n,)
            Of new compounds; see the attributes.

        References
        ----------
        Vovk, Gammerman and Shafer 2005, section 4.5 (Mondrian); Norinder et al. 2014,
        https://doi.org/10.1021/ci5001168
        """
        return (
            _p_values(self.active, self.active_similarity, log_odds, similarity),
            _p_values(-self.inactive[::-1], self.inactive_similarity[::-1], -log_odds, similarity),
        )


def _p_values(known: Array, near: Array, asked: Array, similarity: Array) -> NDArray[np.float64]:
    """Return which share of the known ones of like similarity conform no better; they ascend."""
    groups = min(max(len(known) // _LEAST, 1), _GROUPS)
    limits = np.quantile(near, np.arange(1, groups) / groups)
    # Equal similarities may fill the last group's place; without its limit it is not empty.
    limits = limits[limits < near.max()]
    theirs, own = np.searchsorted(limits, near), np.searchsorted(limits, similarity)
    out = np.zeros(len(asked))
    for group in range(len(limits) + 1):
        like = known[theirs == group]
        rows = own == group
        out[rows] = (np.searchsorted(like, asked[rows], side="right") + 1) / (len(like) + 1)
    return out


def fit_conformal(log_odds: Array, similarity: Array, labels: NDArray[np.float32]) -> Conformal:
    """Keep what was said of the held-out compounds of each class.

    Parameters
    ----------
    log_odds, similarity : arrays of shape (n,)
        See `Conformal`.
    labels : array of 0 and 1, shape (n,)
    """
    order = np.argsort(log_odds, kind="stable")
    active, inactive = (order[labels[order] == label] for label in (1, 0))
    return Conformal(log_odds[active], log_odds[inactive], similarity[active], similarity[inactive])


def prediction_sets(
    p_active: NDArray[np.float64], p_inactive: NDArray[np.float64], risk: float
) -> list[str]:
    """Return active, inactive, either or neither: the classes whose p-value exceeds the risk."""
    names: Sequence[str] = ("neither", "inactive", "active", "either")
    codes = 2 * (np.asarray(p_active) > risk) + (np.asarray(p_inactive) > risk)
    return [names[code] for code in codes]
