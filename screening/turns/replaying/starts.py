"""Where a replay starts, and when each compound comes on offer: settled before anything is bought.

Labels decide nothing here but how far a start must go until both classes are known.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.evaluation.splits import fill_with_groups
from screening.learners import Compounds
from screening.learners.compounds import Rows
from screening.trust.neighbours import nearest

# Of each class, at the start: with fewer no model could be calibrated.
LEAST = 5
# Share of the compounds that is never on offer, and judges what was learned.
JUDGED = 0.2
# What each kind of start is, in words.
STARTS = {
    "dated": "the oldest compounds; others come on offer as time goes on, the newest fifth never",
    "random": "compounds drawn at random; the assay has no dates, and all others are on offer at "
    "once, but for a fifth in whole scaffolds, which never is",
    "scaffold": "one scaffold and what is most like it; the assay has no dates, and all others are "
    "on offer at once, but for a fifth in whole scaffolds, which never is",
}
# A series is begun by one of so many scaffolds, the most frequent.
_SERIES = 10


@dataclass(frozen=True)
class Plan:
    """What is known at the start of a replay, and what may be bought when.

    Attributes
    ----------
    start : int64 array
        Compounds whose labels are known, ascending.
    judged : int64 array
        Compounds that are never on offer, ascending.
    since : int64 array of shape (n,)
        Turn, from 0, from which on each other compound is on offer.
    turns : int
    """

    start: Rows
    judged: Rows
    since: NDArray[np.int64]
    turns: int

    def offered(self, turn: int) -> Rows:
        """Return the compounds on offer in a turn, ascending, those bought before among them."""
        there = self.since <= turn
        there[self.start] = there[self.judged] = False
        return np.flatnonzero(there)


def random_start(compounds: Compounds, size: int, turns: int, seed: int) -> Plan:
    """Begin with compounds drawn at random; all others but whole scaffolds are on offer at once."""
    draw = np.random.default_rng([seed, 1])
    judged, rest = _judged(compounds, draw)
    return _all_at_once(compounds, draw.permutation(rest), judged, size, turns)


def series_start(compounds: Compounds, size: int, turns: int, seed: int) -> Plan:
    """Begin with one scaffold, one of the ten most frequent, and the compounds most like it."""
    draw = np.random.default_rng([seed, 2])
    judged, rest = _judged(compounds, draw)
    frequent = Counter(s for row in rest if (s := compounds.scaffolds[row])).most_common(_SERIES)
    if not frequent:
        raise UserError("no compound has a ring, so none has a scaffold; use --rolling random.")
    chosen = frequent[int(draw.integers(len(frequent)))][0]
    own = np.array([row for row in rest if compounds.scaffolds[row] == chosen], dtype=np.int64)
    similarity = nearest(compounds.fingerprints[rest], compounds.fingerprints[own])[1]
    similarity[np.isin(rest, own)] = 2
    order = rest[np.argsort(-similarity, kind="stable")]
    return _all_at_once(compounds, order, judged, size, turns)


def dated_start(compounds: Compounds, times: NDArray[np.float64], size: int, turns: int) -> Plan:
    """Begin with the oldest; the newest fifth judges, the rest comes on offer turn by turn.

    Compounds of one time stay together, so parts may differ in size.

    Parameters
    ----------
    compounds, size, turns
    times : array of shape (n,)
        When each compound was measured.
    """
    order = np.argsort(times, kind="stable")
    n = len(order)
    first_judged = times[order[min(n - 1, round((1 - JUDGED) * n))]]
    judged = np.flatnonzero(times >= first_judged)
    between = order[times[order] < first_judged]
    size = _reaching(compounds, between, size)
    until = times[between[size - 1]]
    start = np.flatnonzero(times <= until)
    rest = between[times[between] > until]
    _check_rest(len(rest), len(start))
    since = np.zeros(n, dtype=np.int64)
    for turn, part in enumerate(np.array_split(rest, turns)):
        since[part] = turn
    # A time that two turns share is on offer in the first of them.
    for time in np.unique(times[rest]):
        same = times == time
        since[same] = since[same].min()
    return Plan(start, judged, since, turns)


def _judged(compounds: Compounds, draw: np.random.Generator) -> tuple[Rows, Rows]:
    n = len(compounds)
    (held,) = fill_with_groups(compounds.scaffolds, round(JUDGED * n), 1, draw)
    judged = np.array(sorted(held), dtype=np.int64)
    return judged, np.setdiff1d(np.arange(n), judged)


def _all_at_once(compounds: Compounds, order: Rows, judged: Rows, size: int, turns: int) -> Plan:
    size = _reaching(compounds, order, size)
    _check_rest(len(order) - size, size)
    since = np.zeros(len(compounds), dtype=np.int64)
    return Plan(np.sort(order[:size]), judged, since, turns)


def _reaching(compounds: Compounds, order: Rows, size: int) -> int:
    """Return how many of the first are the start: `size`, or more till both classes are known."""
    labels = compounds.labels[order, 0]
    for value, word in ((1, "active"), (0, "inactive")):
        places = np.flatnonzero(labels == value)
        if len(places) < LEAST:
            raise UserError(
                f"there are {len(places)} {word} compounds to begin with, and a replay needs "
                f"{LEAST}; choose a threshold that leaves more of them."
            )
        size = max(size, int(places[LEAST - 1]) + 1)
    return size


def _check_rest(n: int, start: int) -> None:
    if n < 1:
        raise UserError(
            f"the start takes {start} compounds and leaves none to buy; give a smaller --start."
        )
