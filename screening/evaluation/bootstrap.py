"""Two models judged on the same compounds: figures over resamples of them, and their differences.

A resample is given by how often each compound is drawn, and all resamples are judged at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.differences import CONFIDENCE, Difference
from screening.evaluation.metrics import BEDROC_ALPHA

_RESAMPLES, _FEWEST = 2000, 500
# Compounds drawn in all, from which on resamples get fewer.
_DRAWN = 20_000_000
# Numbers of one block: resamples times compounds.
_BLOCK = 2_000_000

Values = NDArray[np.float64]
# How often each compound is drawn, of shape (n_resamples, n).
Drawn = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """What one model says of n compounds.

    Attributes
    ----------
    ranks_by : float64 array of shape (n,)
        Decides the order, such as log odds.
    probability : float64 array of shape (n,)
        Of being active.
    called : bool array of shape (n,)
        Whether it is called active.
    """

    ranks_by: Values
    probability: Values
    called: NDArray[np.bool_]


@dataclass(frozen=True)
class PairedFigure:
    """A figure of two models on the same compounds.

    Attributes
    ----------
    first, second : float
    difference : Difference
        `second` less `first`; its `n`, `above` and `below` count resamples.
    """

    first: float
    second: float
    difference: Difference


def paired_bootstrap(
    labels: NDArray[np.float32],
    first: Judged,
    second: Judged,
    *,
    seed: int = 0,
    resamples: int | None = None,
) -> dict[str, PairedFigure]:
    """Judge two models on the same compounds, and tell how sure their differences are.

    Compounds are drawn with replacement, actives and inactives each as many as there are, the same
    for both models; so the share of actives stays, and no resample lacks a class. The interval of a
    difference runs from the 2.5th to the 97.5th percentile of the resamples' differences.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
        Both classes.
    first, second
    seed : int
        Decides what is drawn.
    resamples : int, optional
        2,000 of up to 10,000 compounds, and the fewer the more there are, down to 500, when None.

    Returns
    -------
    dict of str to PairedFigure
        By the keys of `screening.evaluation.metrics.METRICS`; all but `ece`, whose bins are not
        defined for a resample.

    References
    ----------
    Efron and Tibshirani 1993, chapter 13; stratified as Robin et al. 2011 have it,
    https://doi.org/10.1186/1471-2105-12-77
    """
    active = np.asarray(labels) == 1
    once = np.ones((1, len(active)), dtype=np.int64)
    both = [_Ranked(active, judged) for judged in (first, second)]
    points = [ranked.figures(once) for ranked in both]
    differences: dict[str, list[Values]] = {key: [] for key in points[0]}
    count = resamples or resamples_of(len(active))
    for drawn in resampled(active, count, seed):
        ours, theirs = (ranked.figures(drawn) for ranked in both)
        for key, parts in differences.items():
            parts.append(theirs[key] - ours[key])
    found = {}
    for key, parts in differences.items():
        before, after = (float(point[key][0]) for point in points)
        difference = difference_of(after - before, np.concatenate(parts))
        found[key] = PairedFigure(before, after, difference)
    return found


def resamples_of(n: int) -> int:
    """Return how many resamples of n compounds there are where nobody says how many."""
    return min(_RESAMPLES, max(_FEWEST, _DRAWN // n))


def difference_of(mean: float, resampled_differences: Values) -> Difference:
    """Return a difference with the interval that holds 95 % of its resamples."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(resampled_differences, [tail, 100 - tail])
    return Difference(
        len(resampled_differences),
        mean,
        float(resampled_differences.std(ddof=1)),
        float(low),
        float(high),
        int((resampled_differences > 0).sum()),
        int((resampled_differences < 0).sum()),
    )


def resampled(active: NDArray[np.bool_], resamples: int, seed: int) -> Iterator[Drawn]:
    """Yield how often each compound is drawn, some resamples at a time.

    Parameters
    ----------
    active : bool array of shape (n,)
        The class; of each as many are drawn as there are.
    resamples : int
    seed : int
    """
    # A stream for each class: what is drawn does not depend on how many are drawn together.
    streams = np.random.default_rng(seed).spawn(2)
    classes = [np.flatnonzero(active == value) for value in (True, False)]
    n, done = len(active), 0
    while done < resamples:
        size = min(resamples - done, max(1, _BLOCK // n))
        drawn = np.zeros((size, n), dtype=np.int64)
        for rng, members in zip(streams, classes, strict=True):
            picks = rng.integers(0, len(members), (size, len(members)))
            places = picks + len(members) * np.arange(size)[:, None]
            counts = np.bincount(places.ravel(), minlength=size * len(members))
            drawn[:, members] = counts.reshape(size, -1)
        yield drawn
        done += size


class _Ranked:
    """One model's compounds in its order, ties together."""

    def __init__(self, active: NDArray[np.bool_], judged: Judged) -> None:
        self._order = np.argsort(-judged.ranks_by, kind="stable")
        ranks_by = judged.ranks_by[self._order]
        self._active = active[self._order]
        self._begins = np.flatnonzero(np.diff(ranks_by, prepend=np.inf) != 0)
        self._n, self._actives = len(active), int(active.sum())
        self._called = judged.called[self._order]
        self._errors = (judged.probability - active)[self._order] ** 2

    def figures(self, drawn: Drawn) -> dict[str, Values]:
        """Return each figure of each resample."""
        weights = drawn[:, self._order].astype(np.float64)
        active = np.add.reduceat(weights * self._active, self._begins, axis=1)
        inactive = np.add.reduceat(weights * ~self._active, self._begins, axis=1)
        size = active + inactive
        below = np.cumsum(size, axis=1)
        ties = _Ties(active, inactive, size, below - size, below)
        figures: dict[str, Callable[[_Ties], Values]] = {
            "roc_auc": self._roc_auc,
            "pr_auc": self._pr_auc,
            "bedroc_20": self._bedroc,
            "ef_1": partial(self._enrichment, fraction=0.01),
            "ef_5": partial(self._enrichment, fraction=0.05),
        }
        found = {key: figure(ties) for key, figure in figures.items()}
        found["mcc"] = self._mcc(weights)
        found["brier"] = weights @ self._errors / self._n
        return found

    def _roc_auc(self, ties: _Ties) -> Values:
        inactives = self._n - self._actives
        beaten = inactives - np.cumsum(ties.inactive, axis=1) + 0.5 * ties.inactive
        return _row_sums(ties.active * beaten) / (self._actives * inactives)

    def _pr_auc(self, ties: _Ties) -> Values:
        precision = np.cumsum(ties.active, axis=1) / np.maximum(ties.after, 1)
        return _row_sums(ties.active * precision) / self._actives

    def _bedroc(self, ties: _Ties) -> Values:
        """As `bedroc`: compounds that tie get the mean weight of their places, a geometric sum."""
        n, alpha, share = self._n, BEDROC_ALPHA, self._actives / self._n
        step = np.exp(-alpha / n)
        total = step ** (ties.before + 1) * (1 - step**ties.size) / (1 - step)
        found = _row_sums(ties.active * total / np.maximum(ties.size, 1))
        rie = found / self._actives * n * (np.exp(alpha / n) - 1) / (1 - np.exp(-alpha))
        half = np.cosh(alpha / 2) - np.cosh(alpha / 2 - alpha * share)
        scale = share * np.sinh(alpha / 2) / half
        return np.asarray(rie * scale + 1 / (1 - np.exp(alpha * (1 - share))))

    def _enrichment(self, ties: _Ties, fraction: float) -> Values:
        top = max(1, int(np.ceil(fraction * self._n - 1e-9)))
        within = np.clip((top - ties.before) / np.maximum(ties.size, 1), 0, 1)
        return _row_sums(ties.active * within) / top / (self._actives / self._n)

    def _mcc(self, weights: Values) -> Values:
        called = weights @ self._called
        true = weights @ (self._called & self._active)
        actives, n = self._actives, self._n
        top = true * n - called * actives
        below = called * (n - called) * actives * (n - actives)
        return np.where(below > 0, top / np.sqrt(np.maximum(below, 1)), 0.0)


@dataclass(frozen=True)
class _Ties:
    """Of each resample and each group of compounds that tie, best first, shape (R, n_groups).

    How many actives and inactives it has, their sum, and how many rank before and up to its end.
    """

    active: Values
    inactive: Values
    size: Values
    before: Values
    after: Values


def _row_sums(values: Values) -> Values:
    return np.asarray(values.sum(axis=1))


def pairs_ranked_right(
    labels: NDArray[np.float32], first: Values, second: Values
) -> tuple[float, float]:
    """Return which share of pairs only the first, and only the second model ranks rightly.

    A pair is an active and an inactive; it is ranked rightly where the active comes first, and half
    so where they tie. The difference of the two shares is that of the areas under the ROC curves.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    first, second : float64 arrays of shape (n,)
        What decides the order.

    Examples
    --------
    >>> labels = np.array([1, 1, 0])
    >>> pairs_ranked_right(labels, np.array([3.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0]))
    (0.0, 0.5)
    """
    active = np.asarray(labels) == 1
    inactives = np.flatnonzero(~active)
    lost = won = 0.0
    for place in np.flatnonzero(active):
        ours = _right(first[place], first[inactives])
        theirs = _right(second[place], second[inactives])
        gain = theirs - ours
        won += float(gain[gain > 0].sum())
        lost -= float(gain[gain < 0].sum())
    pairs = int(active.sum()) * len(inactives)
    return lost / pairs, won / pairs


def _right(active: float, inactives: Values) -> Values:
    return np.asarray((active > inactives) + 0.5 * (active == inactives))
