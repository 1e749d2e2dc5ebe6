"""Labels that say how clearly a measured value lies on its side of the threshold.

A compound measured a little above the threshold may be below it when it is measured again, and says
less about what makes a compound active than one far above. A model that is told so learns more from
the same measurements than one that is told yes and no.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from screening.assay.curation import Assay

# Normal scores over which a label goes from doubtful to clear: with values spread by about one log
# unit, the 0.5 to 1 log units by which two laboratories differ.
SOFTNESS = 0.7
# With fewer values of a class there is no distance worth the name.
_LEAST_VALUES = 5
# The label itself always stands on its side of a half.
_SIDE = 0.01

Array = NDArray[np.floating[Any]]
TaughtAs = Literal["graded", "hard"]


def graded_labels(labels: Array, values: Array) -> NDArray[np.float32]:
    """Return the probability that each compound is active, going by how far its value is away.

    Values are replaced by normal scores z (the quantile of a standard normal at their rank), so
    that neither units nor logarithms matter; with z0 where the active ones begin, the label becomes
    the normal distribution function of (z - z0) / 0.7. It never changes sides: an active compound
    has at least 0.51, an inactive one at most 0.49. Compounds without a value keep 1 or 0, and so
    does a task with fewer than five values of either class.

    Parameters
    ----------
    labels : array of shape (n, n_tasks)
        1, 0, or NaN where missing.
    values : array of shape (n, n_tasks)
        Measured values, NaN where there is none.

    Returns
    -------
    float32 array of shape (n, n_tasks)
        In [0, 1]; NaN where the label is missing.

    References
    ----------
    Kramer et al. 2012, the experimental uncertainty of public Ki data (a standard deviation of 0.54
    log units), https://doi.org/10.1021/jm300131x
    """
    graded = np.array(labels, dtype=np.float32)
    for column, measured in zip(graded.T, np.asarray(values, dtype=np.float64).T, strict=True):
        known = ~np.isnan(column) & ~np.isnan(measured)
        active = column[known] == 1
        if min(active.sum(), (~active).sum()) >= _LEAST_VALUES:
            column[known] = _grade(active, measured[known])
    return graded


def taught_labels(
    assay: Assay, rows: NDArray[np.int64] | slice, taught_as: TaughtAs
) -> NDArray[np.float32]:
    """Return the labels of some compounds as they are taught, shape (n, n_tasks).

    Graded by the measured values, among these compounds alone, or 1 and 0; NaN where missing.
    """
    labels = assay.labels[rows]
    return labels if taught_as == "hard" else graded_labels(labels, assay.values[rows])


def graded_sentences(assay: Assay, taught_as: TaughtAs) -> Iterator[str]:
    """Say for each task with measured values how many labels are graded by them."""
    taught = taught_labels(assay, slice(None), taught_as)
    for name, column in zip(assay.tasks, taught.T, strict=True):
        count = int(((column > 0) & (column < 1)).sum())
        if count:
            yield (
                f"{count} labels of {name} are graded by their distance to the threshold "
                "(labels='hard', --labels hard: active or inactive)."
            )


def _grade(active: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Slow to import, and only training needs it.
    from scipy.stats import rankdata

    n = len(values)
    rising = np.median(values[active]) >= np.median(values[~active])
    scores = ndtri(rankdata(values if rising else -values) / (n + 1))
    begins = ndtri((n - active.sum() + 0.5) / (n + 1))
    clear = ndtr((scores - begins) / SOFTNESS)
    return np.where(active, np.maximum(clear, 0.5 + _SIDE), np.minimum(clear, 0.5 - _SIDE))
