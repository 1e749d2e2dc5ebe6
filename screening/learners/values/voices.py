"""The voices by name, and the mean of what they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from screening.learners.options import FOREST, KERNEL

# As tables of figures show them; weights have the words of `--blend`.
TITLES = {KERNEL: "Kernel machine", FOREST: "Random forest"}

Array = NDArray[np.float64]


def blend(said: Mapping[str, Array], weights: Mapping[str, float]) -> Array:
    """Return the weighted mean of the voices, shape (n,); NaN where none says anything.

    A voice that says nothing of a compound (NaN) leaves its weight to the others.

    Parameters
    ----------
    said : mapping of str to array of shape (n,)
    weights : mapping of str to float
        Of the voices that count.
    """
    spoken = np.column_stack([said[name] for name in weights])
    share = np.where(np.isnan(spoken), 0.0, np.array(list(weights.values())))
    with np.errstate(invalid="ignore"):
        share /= share.sum(axis=1, keepdims=True)
        return np.asarray((share * np.nan_to_num(spoken)).sum(axis=1))
