"""Predicted values of two models beside each other: on one scale, and what the figures tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.assay.values.learned import LearnedScale
from screening.evaluation.value_bootstrap import paired_value_bootstrap
from screening.turns.comparing.models.two_models import Compared
from screening.turns.comparing.record import FIRST, SECOND
from screening.turns.comparing.verdict import interval_text, standing

Array = NDArray[np.float64]
# The figures of predicted values in which one model can be better.
SHOWN = ("rmse", "mae", "spearman")
# Of fewer there is no rank correlation to speak of.
_FEWEST = 10


@dataclass(frozen=True)
class ValuesOfBoth:
    """Measured values of one task, and what two models say of them, all on one scale.

    Attributes
    ----------
    measured, first, second : float64 arrays of shape (n,)
        Of the same compounds; none is NaN.
    unit : str
        What differences are counted in.
    """

    measured: Array
    first: Array
    second: Array
    unit: str

    @classmethod
    def of(
        cls, assay: Assay, column: int, which: NDArray[np.bool_], said: Sequence[Told | None]
    ) -> ValuesOfBoth | str:
        """Return the values of some compounds; or why they are not compared, empty without values.

        Parameters
        ----------
        assay
            The results.
        column
            The place of the task among its tasks.
        which : bool array of shape (n,)
            The compounds that may be judged.
        said
            What each model says of all compounds; None where it predicts no values.
        """
        rule = assay.rules.get(assay.tasks[column])
        first, second = said
        if rule is None or first is None or second is None:
            return ""
        scale = LearnedScale.of(rule.scale)
        numbers = _on_common_scale(scale, scale.learned(assay.values[:, column]))
        both = [one.on_scale_of(scale) for one in (first, second)]
        ours, theirs = both
        if ours is None or theirs is None:
            counted = [one.scale.unit or "no unit" for one in (first, second)]
            return (
                f"Predicted values are not judged: {FIRST} counts in {counted[0]}, {SECOND} in "
                f"{counted[1]}, and the results are in {scale.unit or 'no unit'}."
            )
        exact = scale.sides(assay.relations[:, column]) == 0
        usable = which & exact & np.isfinite(numbers) & np.isfinite(ours) & np.isfinite(theirs)
        if usable.sum() < _FEWEST:
            return (
                f"Predicted values are not judged: only {int(usable.sum())} of the compounds have "
                "a measured one that is no limit."
            )
        return cls(numbers[usable], ours[usable], theirs[usable], scale.describe())

    def judge(self, seed: int) -> tuple[dict[str, Compared], str]:
        """Return the figures of both, and a sentence on who comes closer."""
        found = paired_value_bootstrap(self.measured, self.first, self.second, seed=seed)
        figures = {
            key: Compared(one.first, one.second, one.difference) for key, one in found.items()
        }
        where = f"on {len(self.measured):,} compounds with a measured value"
        return figures, values_sentence(figures["rmse"], self.unit, where)


@dataclass(frozen=True)
class Told:
    """What a model says of the values of n compounds.

    Attributes
    ----------
    scale : LearnedScale
        The model's.
    values : float64 array of shape (n,)
        In its unit; NaN where it says nothing.
    """

    scale: LearnedScale
    values: Array

    def on_scale_of(self, results: LearnedScale) -> Array | None:
        """Return the values as those of the results are judged; None where there is no way."""
        potencies = self.scale.offset is not None and results.offset is not None
        alike = (self.scale.unit, self.scale.logarithmic) == (results.unit, results.logarithmic)
        if not potencies and not alike:
            return None
        return _on_common_scale(self.scale, self.scale.learned(self.values))


def _on_common_scale(scale: LearnedScale, learned: Array) -> Array:
    """Return -log10 of mol/L where there is one, else what is learned."""
    return learned + (scale.offset or 0.0)


def values_sentence(rmse: Compared, unit: str, where: str) -> str:
    """Say whose predicted values are closer to the measured ones, by the RMSE.

    Parameters
    ----------
    rmse
        Of both.
    unit
        What it is counted in.
    where
        On what they were judged.
    """
    found = standing(rmse.difference, lower_is_better=True, close=0.0)
    measured = (
        f"RMSE {rmse.first:.3f} ({FIRST}) and {rmse.second:.3f} ({SECOND}) {unit} {where}, "
        f"difference {interval_text(rmse.difference)}; lower is better"
    )
    if found in ("unknown", "alike"):
        told = (
            "cannot be told apart"
            if found == "unknown"
            else "are equally close to the measured ones"
        )
        return f"The predicted values {told}: {measured}."
    better = SECOND if found == "second" else FIRST
    return f"The predicted values of {better} are closer to the measured ones: {measured}."
