"""Differences of two models over repeated splits, with intervals that know the splits overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A difference of means and what is known of it.

    Attributes
    ----------
    n : int
        Splits (of the smaller side where they are not paired), or resamples of one set.
    mean : float
    sd : float
        Standard deviation of one split's difference, NaN for one split; of resamples, that of the
        difference itself (its standard error).
    low, high : float
        Ends of the 95 % interval; NaN for one split.
    above, below : int
        Splits or resamples in which the difference is positive, and negative; 0 where splits are
        not paired.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    above: int = 0
    below: int = 0


def paired_difference(ours: ArrayLike, theirs: ArrayLike, test_to_train: float) -> Difference:
    """Compare two models on the same splits by the corrected resampled t interval.

    The parts of repeated splits overlap, so their figures are not independent, and the usual
    s²/J is far too small a variance of the mean. Nadeau and Bengio put (1/J + test/train) s² in its
    place, s² being the variance of the J differences, with Student's t of J - 1 degrees of freedom.

    Parameters
    ----------
    ours, theirs : arrays of shape (n_splits,)
        A figure of both models in the same order of splits.
    test_to_train : float
        Size of the test part over that of the training part.

    References
    ----------
    Nadeau and Bengio 2003, "Inference for the generalization error",
    https://doi.org/10.1023/A:1024068626366
    """
    difference = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    n, mean = len(difference), float(difference.mean())
    above, below = int((difference > 0).sum()), int((difference < 0).sum())
    if n < 2:
        return Difference(n, mean, np.nan, np.nan, np.nan, above, below)
    sd = float(difference.std(ddof=1))
    half = _quantile(n - 1) * sd * np.sqrt(1 / n + test_to_train)
    return Difference(n, mean, sd, mean - half, mean + half, above, below)


def unpaired_difference(first: ArrayLike, second: ArrayLike, test_to_train: float) -> Difference:
    """Compare one model's figures on two kinds of split, `first` minus `second`.

    Welch's interval, each variance of a mean corrected as in `paired_difference`.

    Parameters
    ----------
    first, second : arrays of shape (n_splits,)
        The numbers of splits may differ.
    test_to_train : float
    """
    sides = [np.asarray(side, dtype=np.float64) for side in (first, second)]
    n = min(map(len, sides))
    mean = float(sides[0].mean() - sides[1].mean())
    if n < 2:
        return Difference(n, mean, np.nan, np.nan, np.nan)
    variances = [side.var(ddof=1) for side in sides]
    sd = float(np.sqrt(sum(variances)))
    parts = [v * (1 / len(s) + test_to_train) for v, s in zip(variances, sides, strict=True)]
    below = sum(p**2 / (len(s) - 1) for p, s in zip(parts, sides, strict=True))
    if not below:
        return Difference(n, mean, sd, mean, mean)
    half = _quantile(sum(parts) ** 2 / below) * np.sqrt(sum(parts))
    return Difference(n, mean, sd, float(mean - half), float(mean + half))


def _quantile(degrees: float) -> float:
    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
