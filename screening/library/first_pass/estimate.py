"""How many of the best rows may be missing: a bound from a random sample of what was passed over.

The rows that were passed over are a finite population in which an unknown number is better than the
N-th best row that was scored. A random sample of them, drawn without replacement and scored fully,
holds a hypergeometric number of such rows. The bound is the largest number that the sample does not
contradict: Clopper and Pearson's interval for a finite population. It supposes nothing about the
scout. None of the true best N can be missing without being better than that N-th best row, so the
bound holds for these too.

Each time that the sample does not suffice, more is scored and another, fresh sample is drawn. The
chance of error is spent over these looks (Bonferroni): four fifths of what is left at each.

References
----------
Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404; Callaghan and Müller-Hansen 2020,
https://doi.org/10.1186/s13643-020-01521-4 (the same test, as a rule of when a review of literature
may stop).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

# Chance that the bound is too low, over all looks of a run.
ERROR = 0.05
_SPENT_AT_ONCE = 0.8


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
        Rows of the last random sample, and how many of them belonged to the best.
    """

    top: int
    estimate: float
    at_least: float
    audited: int = 0
    found: int = 0


def error_of_look(look: int) -> float:
    """Return the chance of error that the look of a number (from 0) may spend."""
    return ERROR * _SPENT_AT_ONCE * (1 - _SPENT_AT_ONCE) ** look


def chance_of_at_most(found: int, population: int, better: int, sample: int) -> float:
    """Return the chance that a sample holds at most so many of the better rows.

    Parameters
    ----------
    found
    population
        Rows to draw from.
    better
        How many of them are better.
    sample
        Rows drawn, without replacement.

    Examples
    --------
    >>> round(chance_of_at_most(0, 10, 1, 5), 6)
    0.5
    """
    chances = _chances(min(found, better, sample), population, better, sample)
    return float(min(1.0, chances.sum()))


def _chances(most: int, population: int, better: int, sample: int) -> np.ndarray:
    """Return the chance of each number of better rows in a sample, from 0 to `most`."""
    hits = np.arange(most + 1)
    possible = hits >= sample - (population - better)
    hits = hits[possible]
    logs = (
        _log_choices(better, hits)
        + _log_choices(population - better, sample - hits)
        - _log_choices(population, np.array(sample))
    )
    chances = np.zeros(most + 1)
    chances[possible] = np.exp(logs)
    return chances


def _log_choices(n: int, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def most_better(found: int, population: int, sample: int, error: float) -> int:
    """Return the upper bound of how many rows of a population are better.

    Parameters
    ----------
    found
        Better rows in the sample.
    population, sample
        Rows, and how many of them were drawn.
    error
        Chance that the bound may be too low.

    Examples
    --------
    >>> most_better(0, 1000, 1000, 0.05), most_better(0, 1000, 0, 0.05)
    (0, 1000)
    >>> most_better(0, 100_000, 3_000, 0.05)  # the rule of three: 3 / 3,000 of all
    98
    """
    low, high = found, population - (sample - found)
    while low < high:
        middle = (low + high + 1) // 2
        if chance_of_at_most(found, population, middle, sample) >= error:
            low = middle
        else:
            high = middle - 1
    return low


def sample_needed(
    population: int, allowed: int, expected: float, error: float, hope: float = 0.8
) -> int:
    """Return how large a sample must be to show, in most cases, that few enough rows are missing.

    Parameters
    ----------
    population
    allowed
        Better rows that may be missing when the sample has been scored.
    expected
        How many better rows there are, as far as one knows.
    error
        Chance that the bound may be too low.
    hope
        Chance that the sample shows it, if there are as many as expected.

    Returns
    -------
    int
        The whole population where a smaller sample will not do.
    """
    better = min(population, round(expected))
    low, high = 1, population
    while low < high:
        middle = (low + high) // 2
        # Of the numbers that the sample may hold, the one that with that chance is not exceeded.
        sums = np.cumsum(_chances(min(better, middle), population, better, middle))
        found = min(int(np.searchsorted(sums, hope)), len(sums) - 1)
        if chance_of_at_most(found, population, found + allowed + 1, middle) < error:
            high = middle
        else:
            low = middle + 1
    return low


def recall_of(top: int, population: int, sample: int, found: int, error: float) -> Recall:
    """Return what a sample of the rows passed over says, once its rows have been scored too."""
    missing = most_better(found, population, sample, error) - found
    likely = found * (population - sample) / sample if sample else 0.0
    return Recall(
        top,
        max(0.0, 1 - likely / top),
        max(0.0, 1 - missing / top),
        sample,
        found,
    )
