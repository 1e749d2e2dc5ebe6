"""The learner of values that `train` ships: voices blended by held-out weights, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.learners.compounds import Compounds, Rows
from screening.learners.learner import Part, fold_parts
from screening.learners.values.judged import intervals_from, reach_of
from screening.learners.values.learner import FittedValues, Measured, ValueVoices
from screening.learners.values.voices import blend
from screening.learners.values.weights import learn_weights
from screening.progress import OnStep, ignore_steps
from screening.trust.intervals import Intervals

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FittedValueBlend:
    """Voices of one task, what they count for, and how far they may be off.

    Attributes
    ----------
    part : Part
        That was learned from.
    measured : Measured
    voices : FittedValues
    weights : dict of str to float
        Of the voices that count; their sum is 1.
    intervals : Intervals
    held_out : dict of str to float64 array of shape (n,)
        What each voice said of compounds in folds by scaffold, on the learned scale; NaN elsewhere.
    """

    part: Part
    measured: Measured
    voices: FittedValues
    weights: dict[str, float]
    intervals: Intervals
    held_out: dict[str, Array]

    def in_folds(self, similarities: NDArray[np.float32], risk: float) -> tuple[Array, Array]:
        """Return what was said of each compound in its fold, and how far its interval reaches.

        On the learned scale, each of shape (n,); NaN for compounds that no fold asked for.

        Parameters
        ----------
        similarities : array of shape (n,)
            Of each compound to the nearest that its fold learned from.
        risk
            Of the interval.
        """
        said = blend(self.held_out, self.weights)
        return said, self.intervals.reach(risk) * self.intervals.spread(similarities)

    def said(self, compounds: Compounds, rows: Rows) -> tuple[Array, Array]:
        """Return value and spread of compounds on the learned scale, each of shape (n_rows,)."""
        values = blend(self.voices.said(compounds, rows), self.weights)
        return values, self.intervals.spread(self.part.similarity(compounds, rows))

    def within(self, compounds: Compounds, rows: Rows, risk: float) -> tuple[Array, Array]:
        """See `FittedNumbers`."""
        values = blend(self.voices.said(compounds, rows), self.weights)
        return values, reach_of(self.intervals, self.part.similarity(compounds, rows), risk)


@dataclass(frozen=True)
class ValueBlend:
    """The learner of the values of one task, weights and intervals included.

    Attributes
    ----------
    voices : ValueVoices
    """

    voices: ValueVoices

    @property
    def measured(self) -> Measured:
        """The values of the task."""
        return self.voices.measured

    def fit_part(
        self, part: Part, *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedValueBlend | None:
        """Return what is learned from a part, cut into folds by scaffold; None of too few."""
        options = self.voices.options
        folds = fold_parts(part, options.folds, options.seed)
        whole = Part(part.compounds, part.rows, is_fold=part.is_fold)
        return self.fit([*folds, whole], workers=workers, on_step=on_step)

    def fit(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedValueBlend | None:
        """Learn from the last part, and weights from what the folds before it are asked for.

        Parameters
        ----------
        parts
            See `fit_part`.
        workers, on_step
            As for `Learner.fit_parts`.
        """
        *folds, whole = parts
        *ones, fitted = self.voices.fit_parts(parts, workers=workers, on_step=on_step)
        if fitted is None or not fitted.left_out:
            return None
        held_out = {name: np.full(len(self.measured.numbers), np.nan) for name in fitted.left_out}
        for fold, one in zip(folds, ones, strict=True):
            if one is not None and len(fold.asked):
                for name, said in one.said(fold.compounds, fold.asked).items():
                    held_out[name][fold.asked] = said
        weights = self._weights(held_out, fitted)
        return FittedValueBlend(
            whole, self.measured, fitted, weights, self._intervals(whole, fitted, weights), held_out
        )

    def _weights(self, held_out: Mapping[str, Array], fitted: FittedValues) -> dict[str, float]:
        """Learn from both kinds of held-out compounds: without their series, and within it."""
        far = np.column_stack(list(held_out.values()))
        near = np.full_like(far, np.nan)
        near[fitted.rows] = np.column_stack([fitted.left_out[name] for name in held_out])
        said = (np.concatenate([far, near]) - fitted.mean) / fitted.spread
        truth = (np.tile(self.measured.numbers, 2) - fitted.mean) / fitted.spread
        known = np.tile(self.measured.exact, 2) & ~np.isnan(said).any(axis=1)
        weights = learn_weights(said[known], truth[known])
        return {
            name: float(weight)
            for name, weight in zip(held_out, weights, strict=True)
            if weight > 0
        }

    def _intervals(
        self, part: Part, fitted: FittedValues, weights: Mapping[str, float]
    ) -> Intervals:
        """Learn from what is said of each compound without it, from all others."""
        errors = blend(fitted.left_out, weights) - self.measured.numbers[fitted.rows]
        usable = self.measured.exact[fitted.rows] & np.isfinite(errors)
        return intervals_from(part, fitted.rows[usable], errors[usable])
