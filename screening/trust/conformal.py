"""Mondrian conformal p-values: how strange a compound would be as an active, and as an inactive.

A compound is compared with known ones of the class that are about as similar to what was learned
from: models are less sure far from all known compounds, and a library lies further away than the
assay does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

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
        active, inactive = self._groups
        return active.p_values(log_odds, similarity), inactive.p_values(-log_odds, similarity)

    @cached_property
    def _groups(self) -> tuple[_Groups, _Groups]:
        active, inactive = self.by_class()
        return _grouped(*active), _grouped(-inactive[0][::-1], inactive[1][::-1])


class _Groups(NamedTuple):
    """Known compounds of one class by similarity, and the similarities up to which groups reach.

    What is known of each group ascends with how well it conforms to the class.
    """

    limits: Array
    known: list[Array]

    def p_values(self, asked: Array, similarity: Array) -> NDArray[np.float64]:
        """Return which share of the known ones of like similarity conform no better."""
        own = np.searchsorted(self.limits, similarity)
        out = np.zeros(len(asked))
        for group, known in enumerate(self.known):
            rows = own == group
            lower = np.searchsorted(known, asked[rows], side="right")
            out[rows] = (lower + 1) / (len(known) + 1)
        return out


def _grouped(known: Array, near: Array) -> _Groups:
    groups = min(max(len(known) // _LEAST, 1), _GROUPS)
    if groups == 1:
        return _Groups(np.zeros(0), [known])
    limits = np.quantile(near, np.arange(1, groups) / groups)
    # Where many are equally near, the last limit may be the last of them, with nothing beyond.
    limits = limits[limits < near.max()]
    own = np.searchsorted(limits, near)
    return _Groups(limits, [known[own == group] for group in range(len(limits) + 1)])


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
