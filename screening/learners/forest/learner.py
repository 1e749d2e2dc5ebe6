"""Forests as learners: one a task, on every feature block of the model, or on its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import logit

from screening.assay import TaughtAs
from screening.features import Encoder
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest.fit import (
    HELD_OUT_TREES,
    TREES,
    AveragingTrees,
    fit_extra_trees,
    fit_forest,
    out_of_bag,
)
from screening.learners.forest.stored import StoredForest
from screening.learners.learner import Logits, Part, encode
from screening.learners.options import ModelOptions
from screening.learners.voices.trees import StoredForests
from screening.progress import OnStep, ignore_steps


@dataclass(frozen=True)
class FittedForest:
    """Forests and the encoder of what they see.

    Attributes
    ----------
    encoder : Encoder
    forests : tuple of RandomForestRegressor, ExtraTreesRegressor or None
        One a task; None for a task of one class only.
    first_column : int
        Of the encoded matrix: they see it and those that follow.
    """

    encoder: Encoder
    forests: tuple[AveragingTrees | None, ...]
    first_column: int = 0

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return the logits of the mean label that the trees vote for; infinite where all agree."""
        x = encode(self.encoder, compounds, rows)[:, self.first_column :]
        return np.column_stack(
            [
                np.full(len(rows), np.nan) if forest is None else logit(forest.predict(x))
                for forest in self.forests
            ]
        )

    def at_random(self, part: Part, folds: Sequence[Part]) -> Logits:
        """Return logits of the part that was learned from, each by trees that did not draw it.

        Shape (n_compounds, n_tasks); NaN where no label was learned. No tree needs the folds.
        """
        del folds
        x = part.encoded(self.encoder)[:, self.first_column :]
        out = np.full(part.compounds.labels.shape, np.nan)
        for task, forest in enumerate(self.forests):
            rows = part.labelled(task)
            if forest is not None and rows is not None:
                out[part.rows[rows], task] = logit(out_of_bag(forest, x[rows]))
        return out

    def stored(self, wanted: Sequence[bool]) -> StoredForests:
        """Return the forests of the wanted tasks as a model keeps them."""
        kept = (
            StoredForest.from_sklearn(forest, self.first_column)
            if forest is not None and own
            else None
            for forest, own in zip(self.forests, wanted, strict=True)
        )
        return StoredForests(self.encoder, tuple(kept))


@dataclass(frozen=True)
class Forest:
    """The learner of the forest that stands beside the networks.

    Attributes
    ----------
    blocks : tuple of str
        Feature blocks that it sees.
    labels : str
        As what labels are taught: graded or hard.
    seed : int
    """

    blocks: tuple[str, ...]
    labels: TaughtAs
    seed: int

    @classmethod
    def of(cls, options: ModelOptions) -> Forest:
        """Return the forest that a model with these options has."""
        return cls(options.forest_blocks, options.labels, options.seed)

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedForest]:
        """Yield the forests of each part; folds have fewer trees (`HELD_OUT_TREES`)."""
        for done, part in enumerate(parts, start=1):
            encoder = part.encoder(self.blocks)
            first = self.first_column(encoder)
            x, taught = part.encoded(encoder)[:, first:], part.taught(self.labels)
            forests = []
            for task, labels in enumerate(taught.T):
                rows = part.labelled(task)
                trees = HELD_OUT_TREES if part.is_fold else TREES
                forests.append(
                    None
                    if rows is None
                    else self.grown(x[rows], labels[rows], trees=trees, workers=workers)
                )
            on_step(self.stage, done, len(parts))
            yield FittedForest(encoder, tuple(forests), first)

    @property
    def stage(self) -> str:
        """What whoever waits is told."""
        return "forests"

    def first_column(self, encoder: Encoder) -> int:
        """Return the first column that the trees see."""
        del encoder
        return 0

    def grown(
        self, x: csr_matrix, taught: NDArray[np.float32], *, trees: int, workers: int
    ) -> AveragingTrees:
        """Fit one forest."""
        return fit_forest(x, taught, seed=self.seed, trees=trees, workers=workers)


@dataclass(frozen=True)
class DescriptorForest(Forest):
    """The learner of a forest that sees the descriptors alone.

    Thousands of bits beside them leave a tree few descriptors to try. Where physical chemistry
    decides, as for absorption or toxicity, trees that try nothing else know more.
    """

    @classmethod
    def of(cls, options: ModelOptions) -> DescriptorForest:
        """Return the forest of descriptors that a model with these options has."""
        return cls(options.descriptor_blocks, options.labels, options.seed)

    @property
    def stage(self) -> str:
        """What whoever waits is told."""
        return "forests of descriptors"

    def first_column(self, encoder: Encoder) -> int:
        """Return the first column that is of a number."""
        return encoder.dense_from()

    def grown(
        self, x: csr_matrix, taught: NDArray[np.float32], *, trees: int, workers: int
    ) -> AveragingTrees:
        """Fit one forest."""
        return fit_extra_trees(x, taught, seed=self.seed, trees=trees, workers=workers)
