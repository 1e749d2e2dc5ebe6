"""Two models' predicted values judged on the same compounds, over resamples of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.bootstrap import PairedFigure, Values, difference_of, resamples_of

# Numbers of one block: resamples times compounds.
_BLOCK = 2_000_000


def paired_value_bootstrap(
    measured: Values, first: Values, second: Values, *, seed: int = 0, resamples: int | None = None
) -> dict[str, PairedFigure]:
    """Judge two models' values of the same compounds, and tell how sure their differences are.

    Compounds are drawn with replacement, as many as there are, the same for both models. The
    interval of a difference runs from the 2.5th to the 97.5th percentile of the resamples'
    differences.

    Parameters
    ----------
    measured, first, second : arrays of shape (n,)
        Measured values, and what each model says of them, on one scale. No NaN.
    seed : int
        Decides what is drawn.
    resamples : int, optional
        As for `paired_bootstrap` when None.

    Returns
    -------
    dict of str to PairedFigure
        `rmse`, `mae`, and `spearman` with NaN where it is not defined.

    References
    ----------
    Efron and Tibshirani 1993, chapter 13
    """
    n = len(measured)
    ours, theirs = (_figures(measured, said, np.arange(n)[None, :]) for said in (first, second))
    differences: dict[str, list[Values]] = {key: [] for key in ours}
    for drawn in _drawn(n, resamples or resamples_of(n), seed):
        before, after = (_figures(measured, said, drawn) for said in (first, second))
        for key, parts in differences.items():
            parts.append(after[key] - before[key])
    return {
        key: PairedFigure(
            float(ours[key][0]),
            float(theirs[key][0]),
            difference_of(float(theirs[key][0] - ours[key][0]), np.concatenate(parts)),
        )
        for key, parts in differences.items()
    }


def _drawn(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield which compounds are drawn, shape (some, n), some resamples at a time."""
    rng, done = np.random.default_rng(seed), 0
    while done < resamples:
        size = min(resamples - done, max(1, _BLOCK // n))
        yield rng.integers(0, n, (size, n))
        done += size


def _figures(measured: Values, said: Values, drawn: NDArray[np.int64]) -> dict[str, Values]:
    """Return each figure of each resample, shape (n_resamples,)."""
    # Slow to import, and only who judges values needs it.
    from scipy.stats import rankdata

    off = (said - measured)[drawn]
    ranks = [rankdata(values[drawn], axis=1) for values in (measured, said)]
    centred = [own - own.mean(axis=1, keepdims=True) for own in ranks]
    lengths = [np.sqrt((own**2).sum(axis=1)) for own in centred]
    with np.errstate(invalid="ignore", divide="ignore"):
        spearman = (centred[0] * centred[1]).sum(axis=1) / (lengths[0] * lengths[1])
    return {
        "rmse": np.sqrt((off**2).mean(axis=1)),
        "mae": np.abs(off).mean(axis=1),
        "spearman": spearman,
    }
