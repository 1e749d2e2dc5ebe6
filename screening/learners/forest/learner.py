"""The random forest as a learner: one forest a task, on every feature block of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from sklearn.ensemble import RandomForestRegressor

from screening.assay import TaughtAs
from screening.features import Encoder
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest.fit import HELD_OUT_TREES, TREES, fit_forest, out_of_bag
from screening.learners.learner import Logits, Part, encode
from screening.learners.options import ModelOptions
from screening.progress import OnStep, ignore_steps


@dataclass(frozen=True)
class FittedForest:
    """Forests and the encoder of what they see.

    Attributes
    ----------
    encoder : Encoder
    forests : tuple of RandomForestRegressor or None
        One a task; None for a task of one class only.
    """

    encoder: Encoder
    forests: tuple[RandomForestRegressor | None, ...]

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return the logits of the mean label that the trees vote for; infinite where all agree."""
        x = encode(self.encoder, compounds, rows)
        return np.column_stack(
            [
                np.full(len(rows), np.nan) if forest is None else logit(forest.predict(x))
                for forest in self.forests
            ]
        )

    def out_of_bag(self, part: Part) -> Logits:
        """Return logits of the part that was learned from, each by trees that did not draw it.

        Shape (n_compounds, n_tasks); NaN where no label was learned.
        """
        x = part.encoded(self.encoder)
        out = np.full(part.compounds.labels.shape, np.nan)
        for task, forest in enumerate(self.forests):
            rows = part.labelled(task)
            if forest is not None and rows is not None:
                out[part.rows[rows], task] = logit(out_of_bag(forest, x[rows]))
        return out


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
        return cls(options.blocks, options.labels, options.seed)

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedForest]:
        """Yield the forests of each part; folds have fewer trees (`HELD_OUT_TREES`)."""
        for done, part in enumerate(parts, start=1):
            encoder = part.encoder(self.blocks)
            x, taught = part.encoded(encoder), part.taught(self.labels)
            forests = []
            for task, labels in enumerate(taught.T):
                rows = part.labelled(task)
                trees = HELD_OUT_TREES if part.is_fold else TREES
                forests.append(
                    None
                    if rows is None
                    else fit_forest(
                        x[rows], labels[rows], seed=self.seed, trees=trees, workers=workers
                    )
                )
            on_step("forests", done, len(parts))
            yield FittedForest(encoder, tuple(forests))
