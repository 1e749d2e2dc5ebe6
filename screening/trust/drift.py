"""How far compounds have moved from those that a model learned from, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.trust.neighbours import NeighbourIndex, Packed

# Of each side: enough to tell two sets apart, and done within a second.
MOST = 512
# With fewer compounds on a side, none can be told apart.
LEAST = 10
_FOLDS = 5
# Of the ridge: a compound with nobody like it moves the others little.
_RIDGE = 1.0
# Of similarities, lowest first.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Up to the first, two sets cannot be told apart; from the second on, easily.
ALIKE, APART = 0.65, 0.9

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Drift:
    """New compounds beside those learned from.

    Attributes
    ----------
    known, new : int
        Compounds that were looked at: samples where there are many.
    near_known : list of float
        Tanimoto similarity of known compounds to the nearest other known one: the quantiles of
        `QUANTILES`.
    near_new : list of float
        The same of new compounds to the nearest known one.
    beyond : float
        Share of the new compounds that are less similar to any known one than 95 % of the known
        ones are to each other; 0.05 where nothing moved.
    told_apart : float or None
        Cross-validated ROC-AUC of a classifier that tells new from known compounds: 0.5 where
        nobody could, 1 where each is known for what it is. None with fewer than 10 on a side.
    active_known : float
        Share of actives among the compounds learned from.
    active_expected : float
        What the model expects among the new ones: the mean of its scores at the assay's base rate.
    active_measured : float or None
        Share of actives among those new ones that were measured.
    """

    known: int
    new: int
    near_known: list[float]
    near_new: list[float]
    beyond: float
    told_apart: float | None
    active_known: float
    active_expected: float
    active_measured: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Drift:
        """Build what `to_dict` described."""
        return cls(**stored)

    def sentences(self, what: str) -> list[str]:
        """Say each figure and what it means.

        Parameters
        ----------
        what
            The new compounds, as in "the library".
        """
        found = [self._distance(what), self._apart(what)]
        return [sentence for sentence in (*found, self._share(what)) if sentence]

    def _distance(self, what: str) -> str:
        middle = QUANTILES.index(0.5)
        figures = (
            f"The typical compound of {what} has a similarity of {self.near_new[middle]:.2f} to "
            f"the nearest compound learned from; among those it is {self.near_known[middle]:.2f}. "
            f"{100 * self.beyond:.0f} % of {what} would be outliers among those, further from the "
            "nearest than 95 % of them"
        )
        if self.beyond <= 0.1:
            return f"{figures}: the model is asked about compounds like those it knows."
        if self.beyond <= 0.5:
            return f"{figures}: of these the scores say less than of the others."
        return (
            f"{figures}: most of it is new ground, where scores rank worse than the held-out "
            "compounds let expect, and where tests teach most."
        )

    def _apart(self, what: str) -> str:
        if self.told_apart is None:
            return ""
        figures = (
            f"A classifier that sees structures alone tells {what} from what was learned in "
            f"{100 * self.told_apart:.0f} of 100 pairs"
        )
        if self.told_apart < ALIKE:
            return f"{figures} (50 is chance): the two are of one kind."
        if self.told_apart < APART:
            return f"{figures} (50 is chance): the two overlap in part."
        return f"{figures} (50 is chance): they are two kinds of compounds."

    def _share(self, what: str) -> str:
        expected, known = _percent(self.active_expected), _percent(self.active_known)
        if self.active_measured is None:
            return (
                f"Of {what} the scores expect {expected} to be active, where {known} of the "
                "compounds learned from were."
            )
        measured = _percent(self.active_measured)
        return (
            f"Of {what} {measured} were measured active, where the scores expected {expected} and "
            f"{known} of the compounds learned from were."
        )


def library_name(passed_over: int) -> str:
    """Return what a library is called where rows of it were passed over, and where none were."""
    return "the rows that were scored fully" if passed_over else "the library"


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


def measure_drift(
    known: Packed,
    new: Packed,
    similarity: Values,
    *,
    active_known: float,
    active_expected: float,
    active_measured: float | None = None,
    seed: int = 0,
) -> Drift:
    """Compare new compounds with those that a model learned from.

    Parameters
    ----------
    known : uint8 array of shape (n_known, n_bytes)
        Packed fingerprints of all that was learned from.
    new : uint8 array of shape (n_new, n_bytes)
        Of new compounds; 512 of each side are told apart where there are more.
    similarity : array of shape (n,)
        Of new compounds, not only of these, to the nearest known one.
    active_known, active_expected, active_measured
        See `Drift`.
    seed
        Draws the samples.
    """
    draw = np.random.default_rng(seed)
    sample = _some(len(known), MOST, draw)
    _, others = NeighbourIndex(known).nearest(known[sample], but=sample)
    far = float(np.quantile(others, 0.05))
    told_apart = None
    if min(len(known), len(new)) >= LEAST:
        told_apart = two_sample_auc(known[sample], new[_some(len(new), MOST, draw)], draw)
    return Drift(
        known=len(known),
        new=len(similarity),
        near_known=_quantiles(others),
        near_new=_quantiles(similarity),
        beyond=round(float((similarity < far).mean()), 4),
        told_apart=told_apart,
        active_known=round(active_known, 4),
        active_expected=round(active_expected, 4),
        active_measured=None if active_measured is None else round(active_measured, 4),
    )


def two_sample_auc(first: Packed, second: Packed, draw: np.random.Generator) -> float:
    """Return how well a classifier tells the compounds of two sets apart, as ROC-AUC.

    A ridge regression of +1 and -1 on the Tanimoto kernel, five-fold cross-validated, rounded to
    three decimals.

    Parameters
    ----------
    first, second : uint8 arrays of shape (n, n_bytes)
        At least five compounds each.
    draw
        Cuts the folds, each with its part of both.

    References
    ----------
    Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests", arXiv:1610.06545
    """
    kernel = _kernel(np.concatenate([first, second]))
    labels = np.repeat([-1.0, 1.0], [len(first), len(second)])
    folds = np.concatenate(
        [draw.permutation(np.arange(len(side)) % _FOLDS) for side in (first, second)]
    )
    said = np.zeros(len(labels))
    for fold in range(_FOLDS):
        learned, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        own = kernel[np.ix_(learned, learned)] + _RIDGE * np.eye(len(learned))
        middle = labels[learned].mean()
        weights = np.linalg.solve(own, labels[learned] - middle)
        said[asked] = kernel[np.ix_(asked, learned)] @ weights + middle
    below, above = said[: len(first), None], said[None, len(first) :]
    return round(float((above > below).mean() + 0.5 * (above == below).mean()), 3)


def _kernel(packed: Packed) -> NDArray[np.float64]:
    """Return the Tanimoto similarity of all pairs."""
    bits = np.unpackbits(packed, axis=1).astype(np.float32)
    shared = (bits @ bits.T).astype(np.float64)
    on = np.diag(shared)
    return np.asarray(shared / np.maximum(on[:, None] + on[None, :] - shared, 1.0))


def _some(n: int, most: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of all, or of so many drawn at random, ascending."""
    if n <= most:
        return np.arange(n)
    return np.sort(draw.choice(n, most, replace=False)).astype(np.int64)


def _quantiles(values: Values) -> list[float]:
    return [round(float(value), 4) for value in np.quantile(values, QUANTILES)]
