"""How many of the best rows may be missing: a bound from a random sample of what was passed over.

The rows that were passed over are a finite population in which an unknown number is better than the
N-th best row that was scored by then. They are put in random order, and the first ones are scored
fully: the number of better rows among them is hypergeometric. The bound supposes nothing about the
scout. That row stays the measure while more is scored. None of the true best N can be missing
without being better than it, so the bound holds for these too.

It may be looked at as often as one likes. A number of better rows is given up when what was drawn
is 20 times likelier under a mixture of all numbers: by the inequality of Ville, the chance that the
true number is ever given up is 1 in 20, however long one goes on, and whatever made one stop. So a
sample that does not suffice is made larger, and the scout may find more of the better rows
meanwhile: these are known, and not missing.

References
----------
Waudby-Smith and Ramdas 2020, Confidence sequences for sampling without replacement,
https://arxiv.org/abs/2006.04347; Callaghan and Müller-Hansen 2020,
https://doi.org/10.1186/s13643-020-01521-4 (a sample of what was passed over, as a rule of when a
review of literature may stop).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

# Chance that the bound is ever too low.
ERROR = 0.05
# The mixture is geometric; its mean is this share of the rows that may be missing. The bound holds
# whatever it is; it is low where the number of better rows is of this size.
_USUAL = 0.2
# So many times its mean, a geometric law has nothing left.
_TAIL = 30


@dataclass(frozen=True)
class Recall:
    """How many of the best N rows were scored.

    Attributes
    ----------
    top : int
        N.
    estimate, at_least : float in [0, 1]
        The likeliest share, and what it is at least with 95 % confidence.
    audited, found : int
        Rows of the random sample, and how many of them belonged to the best.
    """

    top: int
    estimate: float
    at_least: float
    audited: int = 0
    found: int = 0


@dataclass(frozen=True)
class Sample:
    """What was drawn of the rows that were passed over.

    Attributes
    ----------
    population : int
        Rows to draw from.
    drawn : int
        How many were drawn, without replacement.
    found : int
        Better rows among them.
    known : int
        Better rows of the population that are scored: those found, and the scout's.
    """

    population: int
    drawn: int = 0
    found: int = 0
    known: int = 0


def _log_likelihood(better: NDArray[np.int64], sample: Sample) -> NDArray[np.float64]:
    """Return the log chance of what was found for each number of better rows."""
    others = sample.drawn - sample.found
    possible = (better >= sample.found) & (sample.population - better >= others)
    logs = np.full(len(better), -np.inf)
    own = better[possible]
    logs[possible] = _log_choices(own, sample.found) + _log_choices(sample.population - own, others)
    return logs


def _log_chance(better: int, sample: Sample) -> float:
    """Return the same for one number, at a fraction of the time."""
    others, worse = sample.drawn - sample.found, sample.population - better
    if better < sample.found or worse < others:
        return -math.inf
    return (
        math.lgamma(better + 1)
        - math.lgamma(better - sample.found + 1)
        - math.lgamma(sample.found + 1)
        + math.lgamma(worse + 1)
        - math.lgamma(worse - others + 1)
        - math.lgamma(others + 1)
    )


def _log_choices(n: NDArray[np.int64] | int, k: NDArray[np.int64] | int) -> NDArray[np.float64]:
    n, k = np.asarray(n), np.asarray(k)
    found: NDArray[np.float64] = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return found


def most_better(sample: Sample, allowed: int) -> int:
    """Return the upper bound of how many rows of the population are better.

    Parameters
    ----------
    sample
    allowed
        Better rows that may be missing; decides for which numbers the bound is a low one.

    Examples
    --------
    >>> most_better(Sample(1000, drawn=1000), 50), most_better(Sample(1000), 50)
    (0, 1000)
    >>> most_better(Sample(100_000, drawn=8_000), 50)
    42
    """
    mean = max(1.0, _USUAL * allowed)
    numbers = np.arange(min(int(_TAIL * mean), sample.population) + 1)
    weights = numbers * np.log(mean / (1 + mean))
    weights -= logsumexp(weights)
    least = np.log(ERROR) + logsumexp(weights + _log_likelihood(numbers, sample))
    high = sample.population - (sample.drawn - sample.found)
    # Where the likelihood is highest; from there on it falls.
    low = (
        min(high, int((sample.population + 1) * sample.found / sample.drawn))
        if sample.drawn
        else sample.found
    )
    while low < high:
        middle = (low + high + 1) // 2
        if _log_chance(middle, sample) > least:
            low = middle
        else:
            high = middle - 1
    return low


def sample_needed(sample: Sample, allowed: int, missing: float, hope: float = 0.8) -> int:
    """Return how many rows must be drawn in all to show that few enough are missing.

    Parameters
    ----------
    sample
        What was drawn so far.
    allowed
        Better rows that may be missing.
    missing
        How many are, as far as one knows.
    hope
        Chance that the sample shows it, if so many are missing.

    Returns
    -------
    int
        The whole population where a smaller sample will not do.
    """
    rest = sample.population - sample.drawn
    unseen = min(rest, round(missing) + sample.known - sample.found)
    low, high = sample.drawn + 1, sample.population
    while low < high:
        middle = (low + high) // 2
        # Of the numbers that may be found, the one that with that chance is not exceeded.
        sums = np.cumsum(_chances(rest, unseen, middle - sample.drawn))
        more = min(int(np.searchsorted(sums, hope)), len(sums) - 1)
        fresh = round(more * missing / max(1, unseen))
        then = replace(sample, drawn=middle, found=sample.found + more, known=sample.known + fresh)
        if most_better(then, allowed) - then.known <= allowed:
            high = middle
        else:
            low = middle + 1
    return low


def _chances(population: int, better: int, drawn: int) -> NDArray[np.float64]:
    """Return the chance of each number of better rows in a sample, from 0 on."""
    hits = np.arange(min(better, drawn) + 1)
    possible = hits >= drawn - (population - better)
    own = hits[possible]
    chances = np.zeros(len(hits))
    chances[possible] = np.exp(
        _log_choices(better, own)
        + _log_choices(population - better, drawn - own)
        - _log_choices(population, drawn)
    )
    return chances


def recall_of(top: int, sample: Sample, allowed: int) -> Recall:
    """Return what a sample of the rows passed over says, once its rows have been scored too."""
    missing = max(0, most_better(sample, allowed) - sample.known)
    likely = sample.found * sample.population / sample.drawn if sample.drawn else 0.0
    return Recall(
        top,
        max(0.0, 1 - max(0.0, likely - sample.known) / top),
        max(0.0, 1 - missing / top),
        sample.drawn,
        sample.found,
    )
