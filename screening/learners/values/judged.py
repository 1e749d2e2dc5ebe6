"""What every learner of values that is judged has in common, and the intervals of a baseline."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from screening.learners.compounds import Compounds, Rows
from screening.learners.learner import Part
from screening.progress import OnStep, ignore_steps
from screening.trust.intervals import Intervals, fit_intervals
from screening.trust.neighbours import NeighbourIndex

Array = NDArray[np.float64]


class FittedNumbers(Protocol):
    """What a learner of values made of one part."""

    def within(self, compounds: Compounds, rows: Rows, risk: float) -> tuple[Array, Array]:
        """Return values on the learned scale, and how far each interval reaches to either side.

        Each of shape (n_rows,); no reach (NaN) where it has no intervals, or too few compounds to
        promise the risk.
        """


class ValueLearner(Protocol):
    """What can learn the values of one task from a part of an assay."""

    def fit_part(
        self, part: Part, *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedNumbers | None:
        """Return what is learned; None where the part has too few values."""


def intervals_from(part: Part, rows: Rows, errors: Array) -> Intervals:
    """Learn intervals from compounds of a part, each said something of by what knows all others.

    Parameters
    ----------
    part
    rows : int64 array of shape (n,)
        Some of the part's.
    errors : array of shape (n,)
        What was said of them less what was measured.
    """
    known = part.compounds.fingerprints[part.rows]
    _, near = NeighbourIndex(known).nearest(known, but=np.arange(len(known)))
    return fit_intervals(errors, near[np.searchsorted(part.rows, rows)])


def reach_of(intervals: Intervals, similarity: NDArray[np.float32], risk: float) -> Array:
    """Return how far intervals reach, shape (n,); NaN of too few compounds for the risk."""
    reach = intervals.reach(risk)
    return (reach if np.isfinite(reach) else np.nan) * intervals.spread(similarity)
