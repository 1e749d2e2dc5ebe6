"""The model of values: features, what predicts each task, the compounds that it learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry import Standardiser
from screening.features import BlockSet, Encoder, RawFeatures
from screening.learners import ModelOptions
from screening.model.training_table import Near, TrainingTable
from screening.model.values import ValueModel
from screening.trust import Packed

# Rows predicted together. Values do not depend on it; memory does.
_BATCH = 1024


@dataclass
class RegressionModel:
    """Everything needed to predict the values of a molecule, and how far they may be off.

    Attributes
    ----------
    options : ModelOptions
        Those of the networks are not used.
    tasks : tuple of str
    features : BlockSet
    encoder : Encoder
    values : dict of str to ValueModel
        Of each task.
    similarity_limit : float
        Similarity to the nearest training compound from which a molecule is in the domain.
    training : TrainingTable
        Without labels.
    quality : dict
        Held-out figures, as `ScreeningModel.quality` has them of values.
    provenance : dict
        Data hash, ledger, versions, command.
    model_hash : str
        Of the file; empty where there is none.
    """

    options: ModelOptions
    tasks: tuple[str, ...]
    features: BlockSet
    encoder: Encoder
    values: dict[str, ValueModel]
    similarity_limit: float
    training: TrainingTable
    quality: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    model_hash: str = ""

    @cached_property
    def standardiser(self) -> Standardiser:
        """Brings molecules into the form that the model was trained on."""
        return Standardiser(self.options.standardize)

    def near(self, fingerprints: Packed) -> Near:
        """Return what lies nearest."""
        return Near(*self.training.nearest(fingerprints))

    def predict_near(
        self, raw: RawFeatures, similarity: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return values and spreads on the learned scales, each of shape (n, n_tasks).

        A row depends on its molecule alone.

        Parameters
        ----------
        raw
            Features of n molecules.
        similarity
            To the nearest training compound of each.
        """
        n = len(similarity)
        batches = [slice(start, start + _BATCH) for start in range(0, max(1, n), _BATCH)]
        parts = [self._predict_batch(raw.take(rows), similarity[rows]) for rows in batches]
        values, spreads = zip(*parts, strict=True)
        return np.concatenate(values), np.concatenate(spreads)

    def _predict_batch(
        self, raw: RawFeatures, similarity: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        seen = self.encoder.encode(raw)
        told = [self.values[task].predict(raw, seen, similarity) for task in self.tasks]
        values, spreads = zip(*told, strict=True)
        return np.column_stack(values), np.column_stack(spreads)
