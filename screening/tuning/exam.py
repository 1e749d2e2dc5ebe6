"""How good settings are: networks trained on some scaffolds, judged by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score

from screening.evaluation import Split
from screening.features import Encoder
from screening.model import ModelOptions, Pretrained
from screening.model.blend import blend_with, fit_blend, forest_probabilities
from screening.model.ensemble import Ensemble
from screening.model.ensembles import train_ensembles
from screening.model.forest import Forest
from screening.model.lessons import lessons
from screening.model.start import Part
from screening.tuning.compounds import Compounds

# Networks of different folds draw from seeds that never meet.
_SEEDS_PER_FOLD = 1000
_DECIMALS = 6


@dataclass(frozen=True)
class _Encoded:
    """One fold as visible units; `forest` is what a forest says of the test part, or None."""

    taught: NDArray[np.float32]
    x_train: csr_matrix
    x_test: csr_matrix
    forest: NDArray[np.float64] | None


class Exam:
    """The same folds and seeds for all settings, so that only the settings make a difference.

    What a fold's columns and forest are depends on the features alone: they are made once for each
    list of blocks.

    Parameters
    ----------
    compounds : Compounds
    splits : sequence of Split
        Both classes of a task in each test part.
    seed : int
        Of networks and forests.
    members : int
        Networks a fold.
    pretrained : Pretrained, optional
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
        members: int,
        pretrained: Pretrained | None = None,
        workers: int = 1,
    ) -> None:
        self.members = members
        self._compounds = compounds
        self._splits = list(splits)
        self._seed = seed
        self._pretrained = pretrained
        self._workers = workers
        self._encoded: dict[tuple[tuple[str, ...], ...], list[_Encoded]] = {}

    @property
    def networks(self) -> int:
        """How many networks one call of `scores` trains."""
        return len(self._splits) * self.members

    def scores(self, options: ModelOptions, on_network: Callable[[], None]) -> tuple[float, ...]:
        """Return the mean ROC-AUC of the tasks on each fold.

        Parameters
        ----------
        options : ModelOptions
            The size of the ensemble, the folds and the seed are the exam's own.
        on_network : callable
            Called as each network is ready.
        """
        folds = self._prepared(options)
        labels = self._compounds.labels
        parts = [
            Part(fold.x_train, fold.taught, self._seed + _SEEDS_PER_FOLD * number)
            for number, fold in enumerate(folds)
        ]

        def on_step(stage: str, done: int, total: int) -> None:
            del done, total
            if stage == "networks":
                on_network()

        trained = train_ensembles(
            parts,
            replace(options, ensemble_size=self.members),
            begun=None if self._pretrained is None else self._pretrained.dbn,
            workers=self._workers,
            on_step=on_step,
        )
        found = []
        for fold, split, own in zip(folds, self._splits, trained, strict=True):
            logits = Ensemble(own.members, fold.x_test.shape[1]).logits(fold.x_test).mean(axis=0)
            # Networks that diverged say nothing: all compounds tie.
            logits = np.nan_to_num(logits)
            if fold.forest is not None:
                both = zip(logits.T, fold.forest.T, strict=True)
                logits = blend_with([fit_blend(*said) for said in both], logits, fold.forest)
            found.append(_mean_roc_auc(labels[split.test], logits))
        return tuple(found)

    def _prepared(self, options: ModelOptions) -> list[_Encoded]:
        key = (options.features, options.blocks, (options.labels,))
        if key not in self._encoded:
            self._encoded[key] = [self._encode(split, options) for split in self._splits]
        return self._encoded[key]

    def _encode(self, split: Split, options: ModelOptions) -> _Encoded:
        raw = self._compounds.raw(options.blocks)
        learn, asked = raw.take(split.train), raw.take(split.test)
        own = learn.only(options.features)
        encoder = self._pretrained.encoder if self._pretrained else Encoder().fit(own)
        x_train, x_test = encoder.transform(learn), encoder.transform(asked)
        taught = lessons(self._compounds.assay, split.train, options)
        if options.blend == "none":
            return _Encoded(taught, x_train, x_test, None)
        of_forest = Encoder().fit(learn)
        seen = of_forest.transform(learn)
        forests = [Forest.fit(seen, y, seed=self._seed, workers=self._workers) for y in taught.T]
        said = forest_probabilities(forests, of_forest.transform(asked))
        return _Encoded(taught, x_train, x_test, said)


def _mean_roc_auc(labels: NDArray[np.float32], scores: NDArray[np.float64]) -> float:
    """Return the mean over the tasks that have both classes, to six decimals."""
    found = []
    for truth, said in zip(labels.T, scores.T, strict=True):
        known = ~np.isnan(truth)
        if len(np.unique(truth[known])) == 2:
            found.append(roc_auc_score(truth[known], said[known]))
    return round(float(np.mean(found)), _DECIMALS)
