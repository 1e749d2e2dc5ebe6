"""What a search leaves: its trials, two comparisons with the default, and what was chosen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from screening.evaluation import paired_difference
from screening.learners import ModelOptions
from screening.tuning.space import Settings


@dataclass(frozen=True)
class Trial:
    """Settings and how they did.

    Attributes
    ----------
    number : int
        From 0, which has the default settings.
    settings : dict
    folds : tuple of float
        Mean ROC-AUC of the tasks on each inner fold.
    """

    number: int
    settings: Settings
    folds: tuple[float, ...]

    @property
    def score(self) -> float:
        """Mean over the folds."""
        return round(float(np.mean(self.folds)), 6)


@dataclass(frozen=True)
class Comparison:
    """Two settings on the same folds.

    Attributes
    ----------
    default, chosen : tuple of float
        Mean ROC-AUC of the tasks on each fold, in the same order.
    """

    default: tuple[float, ...]
    chosen: tuple[float, ...]

    @property
    def gain(self) -> float:
        """Mean over the folds of what the chosen settings are better by."""
        return float(np.mean(self.chosen) - np.mean(self.default))

    @property
    def standard_error(self) -> float:
        """Standard error of the gain; NaN for one fold.

        That of `paired_difference`: folds learn from the same compounds, and the error that takes
        them for independent would be too small.
        """
        n = len(self.default)
        if n < 2:
            return float("nan")
        # Of n folds each is tested on one part and learned from the n - 1 others.
        overlap = 1 / (n - 1)
        sd = paired_difference(self.chosen, self.default, overlap).sd
        return float(sd * np.sqrt(1 / n + overlap))

    @property
    def is_more_than_noise(self) -> bool:
        """Whether the gain is at least one standard error."""
        return self.gain > 0 and self.gain >= self.standard_error


@dataclass(frozen=True)
class Verdict:
    """Both settings on compounds that took no part in the search.

    Attributes
    ----------
    n : int
        Compounds.
    default, chosen : float
        Mean ROC-AUC of the tasks that have both classes there.
    """

    n: int
    default: float
    chosen: float


@dataclass(frozen=True)
class Tuned:
    """What a search came to.

    Attributes
    ----------
    options : ModelOptions
        To train with.
    default : ModelOptions
        What the search began with.
    trials : tuple of Trial
    best : Trial
        The first of those with the highest score.
    confirmed : Comparison or None
        Default and best on another cut into folds; None when the best is the default.
    verdict : Verdict or None
        None when the best did not get so far. With the default kept beside it, the best could not
        be trained there.
    """

    options: ModelOptions
    default: ModelOptions
    trials: tuple[Trial, ...]
    best: Trial
    confirmed: Comparison | None
    verdict: Verdict | None

    @property
    def changed(self) -> bool:
        """Whether anything but the default was chosen."""
        return self.options != self.default

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-able dict, for the model's provenance."""
        confirmed = None
        if self.confirmed is not None:
            error = self.confirmed.standard_error
            confirmed = {
                **asdict(self.confirmed),
                "gain": round(self.confirmed.gain, 6),
                "standard_error": None if np.isnan(error) else round(error, 6),
            }
        return {
            "objective": "mean ROC-AUC of the tasks on held-out scaffolds",
            "changed": self.changed,
            "best": self.best.number,
            "trials": [{**asdict(trial), "score": trial.score} for trial in self.trials],
            "confirmed": confirmed,
            "unseen": None if self.verdict is None else asdict(self.verdict),
        }
