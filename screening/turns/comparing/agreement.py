"""How far two runs order alike the structures that both scored, without reading all at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from screening.hits import Ranked, sampled_scores
from screening.progress import OnStep, ignore_steps
from screening.turns.comparing.record import FIRST, SECOND

# Structures of a run that are looked at.
_SAMPLE = 20_000
# Fewer have no correlation worth telling.
FEW = 10


@dataclass(frozen=True)
class Agreement:
    """How far two runs order the structures alike that both scored.

    Attributes
    ----------
    n : int
        Structures, all or a sample of them.
    one_of : int
        Of so many structures one was taken.
    spearman, low, high : float
        Rank correlation with its 95 % interval; NaN for too few.
    only_first, only_second : int
        Structures of the sample that the other run did not score.
    """

    n: int
    one_of: int
    spearman: float
    low: float
    high: float
    only_first: int
    only_second: int

    @property
    def told(self) -> str:
        """The correlation with its interval."""
        return f"{self.spearman:.3f} (95 % interval {self.low:.3f} to {self.high:.3f})"

    @property
    def counted(self) -> str:
        """How many structures it is of."""
        said = "all structures" if self.one_of == 1 else f"1 in {self.one_of} structures"
        return (
            f"By {said}: {self.n:,} were scored by both, {self.only_first:,} by {FIRST} alone and "
            f"{self.only_second:,} by {SECOND} alone."
        )


def agreement_of_runs(
    runs: Sequence[tuple[Path, Ranked, int]], on_step: OnStep = ignore_steps
) -> Agreement:
    """Tell how far two runs agree, by at most some 20,000 structures that are the same in both.

    Parameters
    ----------
    runs
        Folder, ranking and number of scored rows of each.
    on_step
        Is told which run is read.

    Raises
    ------
    UserError
        A file of scores cannot be read.
    """
    on_step("reading scores", 0, 2)
    one_of = max(1, math.ceil(max(rows for *_, rows in runs) / _SAMPLE))
    sides = []
    for done, (path, ranked, _) in enumerate(runs, start=1):
        sides.append(sampled_scores(path, ranked, one_of))
        on_step("reading scores", done, 2)
    (keys_a, ours), (keys_b, theirs) = sides
    shared, first, second = np.intersect1d(keys_a, keys_b, return_indices=True)
    return agreement_of(
        ours[first], theirs[second], one_of, len(keys_a) - len(shared), len(keys_b) - len(shared)
    )


def agreement_of(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    one_of: int = 1,
    only_first: int = 0,
    only_second: int = 0,
) -> Agreement:
    """Return the agreement of two rankings of the same structures, shape (n,); high is best.

    The interval is Fisher's, with the standard error of Bonett and Wright.

    References
    ----------
    Bonett and Wright 2000, https://doi.org/10.1007/BF02294183
    """
    n = len(ours)
    rho = low = high = math.nan
    if n >= FEW and np.ptp(ours) and np.ptp(theirs):
        rho = float(spearmanr(ours, theirs).statistic)
        error = math.sqrt((1 + rho**2 / 2) / (n - 3))
        middle = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
        low, high = math.tanh(middle - 1.96 * error), math.tanh(middle + 1.96 * error)
    return Agreement(n, one_of, rho, low, high, only_first, only_second)
