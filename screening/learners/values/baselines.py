"""Baseline models of values as learners: those of classes, fitted to numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from threadpoolctl import threadpool_limits

from screening.learners.baselines import BOOSTED, CATBOOST, FOREST_TREES, See, counts, side_by_side
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest.fit import fit_dense, out_of_bag
from screening.learners.learner import Part
from screening.learners.values.judged import intervals_from, reach_of
from screening.learners.values.learner import LEAST, Measured
from screening.progress import OnStep, ignore_steps
from screening.trust.intervals import Intervals
from screening.trust.neighbours import nearest

Array = NDArray[np.float64]
# Of the columns, so many are tried at each branch: what Breiman gives for regression.
_TRIED = 1 / 3


@dataclass(frozen=True)
class FittedRegressor:
    """A scikit-learn regressor, what it sees of a compound, and its intervals.

    Attributes
    ----------
    part : Part
    regressor : object
    see : callable
    intervals : Intervals or None
    """

    part: Part
    regressor: Any
    see: See
    intervals: Intervals | None

    def within(self, compounds: Compounds, rows: Rows, risk: float) -> tuple[Array, Array]:
        """See `FittedNumbers`."""
        said = np.asarray(self.regressor.predict(self.see(compounds, rows)), dtype=np.float64)
        if self.intervals is None:
            return said, np.full(len(said), np.nan)
        return said, reach_of(self.intervals, self.part.similarity(compounds, rows), risk)


@dataclass(frozen=True)
class Regressor:
    """A learner that fits a regressor to the values that are no limits.

    Attributes
    ----------
    measured : Measured
    make : callable
        Fits one: x, y and the number of workers.
    see : callable
        Returns what it sees of some compounds.
    left_out : callable or None
        Returns what it says of each compound of x without having learned from it; the intervals
        come from that.
    """

    measured: Measured
    make: Callable[[Any, Array, int], Any]
    see: See
    left_out: Callable[[Any, Any], Array] | None = None

    def fit_part(
        self, part: Part, *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedRegressor | None:
        """See `ValueLearner`."""
        rows = exact_rows(self.measured, part)
        if rows is None:
            return None
        x, numbers = self.see(part.compounds, rows), self.measured.numbers[rows]
        made, intervals = self.make(x, numbers, workers), None
        if self.left_out is not None:
            errors = self.left_out(made, x) - numbers
            known = np.isfinite(errors)
            intervals = intervals_from(part, rows[known], errors[known])
        on_step("baselines", 1, 1)
        return FittedRegressor(part, made, self.see, intervals)


def exact_rows(measured: Measured, part: Part) -> Rows | None:
    """Return the compounds of a part with a value that is no limit; None of too few."""
    rows = part.rows[measured.exact[part.rows]]
    enough = len(rows) >= LEAST and np.ptp(measured.numbers[rows]) > 0
    return rows if enough else None


def morgan_forest(measured: Measured, seed: int) -> Regressor:
    """Return a forest of 500 trees on Morgan counts, with intervals from what is out of bag."""

    def make(x: csr_matrix, y: Array, workers: int) -> RandomForestRegressor:
        forest = RandomForestRegressor(
            FOREST_TREES, max_features=_TRIED, random_state=seed, n_jobs=workers
        )
        return fit_dense(forest, x, y.astype(np.float32))

    return Regressor(measured, make, counts, out_of_bag)


def boosting(measured: Measured, seed: int) -> Regressor:
    """Return scikit-learn's histogram boosting on Morgan counts and descriptors."""

    def make(x: NDArray[np.float32], y: Array, workers: int) -> Any:
        del workers
        # As for classes: its threads wait for each other in a loop.
        with threadpool_limits(1):
            return HistGradientBoostingRegressor(random_state=seed).fit(x, y)

    return Regressor(measured, make, side_by_side(BOOSTED))


def catboost(measured: Measured, seed: int) -> Regressor:
    """Return CatBoost on Morgan and Avalon counts, ErG and all RDKit descriptors."""

    def make(x: NDArray[np.float32], y: Array, workers: int) -> Any:
        regressor: Any = import_module("catboost").CatBoostRegressor
        model = regressor(
            random_seed=seed, thread_count=workers, verbose=False, allow_writing_files=False
        )
        return model.fit(x, y)

    return Regressor(measured, make, side_by_side(CATBOOST))


@dataclass(frozen=True)
class FittedNearest:
    """The compounds with a value.

    Attributes
    ----------
    measured : Measured
    compounds : Compounds
    rows : int64 array
    """

    measured: Measured
    compounds: Compounds
    rows: Rows

    def within(self, compounds: Compounds, rows: Rows, risk: float) -> tuple[Array, Array]:
        """Return the values of the most similar compounds; see `FittedNumbers`."""
        del risk
        known = self.compounds.fingerprints[self.rows]
        index, _ = nearest(compounds.fingerprints[rows], known)
        return self.measured.numbers[self.rows[index]], np.full(len(rows), np.nan)


@dataclass(frozen=True)
class Nearest:
    """The learner of the value of the most similar compound.

    Attributes
    ----------
    measured : Measured
    """

    measured: Measured

    def fit_part(
        self, part: Part, *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedNearest | None:
        """See `ValueLearner`."""
        del workers, on_step
        rows = exact_rows(self.measured, part)
        return None if rows is None else FittedNearest(self.measured, part.compounds, rows)
