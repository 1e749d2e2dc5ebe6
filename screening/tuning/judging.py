"""How good settings are: what `train` would ship with them, judged on folds by whole scaffolds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from screening.evaluation import Split
from screening.learners import (
    CalibratedBlend,
    Compounds,
    LibraryStack,
    ModelOptions,
    Part,
    hold_out,
)
from screening.learners.calibrated import HeldOut
from screening.learners.compounds import Rows
from screening.learners.networks import DivergedError
from screening.learners.voices import Voice
from screening.progress import OnStep

# One of so many parts of the assay, by whole scaffolds, takes no part in the search.
PARTS = 5
# What settings score with which networks diverge: less than any that can be trained.
DIVERGED = 0.0
_DECIMALS = 6


class Judge:
    """The same folds and seeds for all settings, so that only the settings make a difference.

    Parameters
    ----------
    compounds : Compounds
    splits : sequence of Split
        Both classes of a task in each test part.
    seed : int
        Of networks and forests.
    library : LibraryStack, optional
        Whose columns and stack every network begins with.
    workers : int
        Processes; the scores are the same for any number.
    """

    def __init__(
        self,
        compounds: Compounds,
        splits: Sequence[Split],
        *,
        seed: int,
        library: LibraryStack | None = None,
        workers: int = 1,
    ) -> None:
        self._seed = seed
        self._library = library
        self._workers = workers
        self.parts = [
            Part(compounds, split.train, split.test, number=number, is_fold=True)
            for number, split in enumerate(splits)
        ]
        # What other voices say does not depend on how networks are trained.
        self._said: dict[Voice, NDArray[np.float64]] = {}

    def scores(self, options: ModelOptions, on_step: OnStep) -> tuple[float, ...]:
        """Return the mean ROC-AUC of the tasks on each fold; `DIVERGED` if networks diverge on one.

        Networks and other voices of the folds are those of `train`'s own cross-validation, blended
        and calibrated as there, on the folds together.

        Parameters
        ----------
        options : ModelOptions
            The seed is the judge's own.
        on_step : callable
            Told (stage, done, total).
        """
        learner = CalibratedBlend(replace(options, seed=self._seed), self._library)
        try:
            networks = hold_out(
                learner.networks, self.parts, workers=self._workers, on_step=on_step
            )
        except DivergedError:
            return (DIVERGED,) * len(self.parts)
        others = {name: self._logits_of(voice) for name, voice in learner.voices.items()}
        held_out = HeldOut.of(self.parts, networks, others)
        labels, log_odds = self.parts[0].compounds.labels, held_out.log_odds
        return tuple(mean_roc_auc(labels[part.asked], log_odds[part.asked]) for part in self.parts)

    def _logits_of(self, voice: Voice) -> NDArray[np.float64]:
        if voice not in self._said:
            self._said[voice] = hold_out(voice, self.parts, workers=self._workers)
        return self._said[voice]


def score_on_unseen(
    compounds: Compounds,
    division: Split,
    options: ModelOptions,
    library: LibraryStack | None,
    workers: int,
    on_step: OnStep,
) -> float:
    """Train as `train` does on what a search saw, and return the mean ROC-AUC on the rest.

    `DIVERGED` where networks do.
    """
    part = Part(compounds, division.train)
    learner = CalibratedBlend(options, library)
    try:
        (fitted,) = learner.fit_parts([part], workers=workers, on_step=on_step)
        log_odds = fitted.logits(compounds, division.test)
    except DivergedError:
        return DIVERGED
    return mean_roc_auc(compounds.labels[division.test], log_odds)


def divide(compounds: Compounds, seed: int) -> Split | None:
    """Return what the search sees (`train`) and what it does not (`test`), whole scaffolds.

    None where no cut leaves both classes of a task in both.
    """
    labels = compounds.labels
    everything = np.arange(len(compounds))
    wanted = len(everything) / PARTS

    def rank(split: Split) -> tuple[int, float]:
        judged = min(count_judged(labels[split.train]), count_judged(labels[split.test]))
        # The part with the largest scaffold may be far larger than the others.
        return -judged, abs(len(split.test) - wanted)

    best = min(cut(compounds, everything, PARTS, seed), key=rank, default=None)
    return None if best is None or not rank(best)[0] else best


def cut(compounds: Compounds, rows: Rows, n_folds: int, seed: int) -> list[Split]:
    """Cut these rows into folds by scaffold; only folds that can be judged are returned.

    Parameters
    ----------
    compounds
    rows : array of int
        Of the compounds, as are those of the splits.
    n_folds, seed : int
    """
    splits = compounds.folds(rows, n_folds, seed)
    return [split for split in splits if count_judged(compounds.labels[split.test])]


def count_judged(labels: NDArray[np.float32]) -> int:
    """Return how many tasks have both classes among these labels, shape (n, n_tasks)."""
    return int(((labels == 1).any(axis=0) & (labels == 0).any(axis=0)).sum())


def mean_roc_auc(labels: NDArray[np.float32], scores: NDArray[np.float64]) -> float:
    """Return the mean over the tasks that have both classes, to six decimals."""
    found = []
    for truth, said in zip(labels.T, scores.T, strict=True):
        known = ~np.isnan(truth)
        if len(np.unique(truth[known])) == 2:
            found.append(roc_auc_score(truth[known], said[known]))
    return round(float(np.mean(found)), _DECIMALS)
