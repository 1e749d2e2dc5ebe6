"""What a scout is taught: where a row stands among all rows, on a scale that stretches the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

# Above this share of the sample the scale goes on as a straight line.
_LINE_FROM = 0.98
_FEWEST = 10


@dataclass(frozen=True)
class Scale:
    """From log odds to minus the logarithm of the share of rows that rank higher.

    Log odds are squeezed on the side where little speaks for a compound, which in a library may be
    the whole top. Ranks are not; on this scale each tenfold better rank is a step of the same size.
    The shares are those of a random sample of the library.

    Attributes
    ----------
    knots : float64 array
        Log odds of the sample, ascending, each once.
    scores : float64 array
        The score of each.
    slope : float
        Scores for a unit of log odds above the last knot.
    """

    knots: NDArray[np.float64]
    scores: NDArray[np.float64]
    slope: float

    @classmethod
    def of(cls, sample: NDArray[np.float64]) -> Self:
        """Learn it from the log odds of a random sample, shape (n,), n > 0."""
        n = len(sample)
        knots, last = np.unique(np.sort(sample), return_index=True)
        ends = np.append(last[1:], n)
        scores = -np.log1p(-(last + ends) / (2 * n))
        top = slice(min(int(_LINE_FROM * len(knots)), max(0, len(knots) - _FEWEST)), None)
        x, z = knots[top] - knots[top].mean(), scores[top] - scores[top].mean()
        spread = float(x @ x)
        return cls(knots, scores, max(0.0, float(x @ z) / spread) if spread else 0.0)

    def __call__(self, log_odds: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the score of each."""
        beyond = np.maximum(log_odds - self.knots[-1], 0.0)
        found = np.interp(log_odds, self.knots, self.scores) + self.slope * beyond
        return found.astype(np.float32)
