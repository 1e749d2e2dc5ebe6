"""The model: features, ensemble, calibration, conformal values, domain, training compounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.features import Encoder, FeatureSet, RawFeatures
from screening.model.calibration import Calibration
from screening.model.conformal import Conformal
from screening.model.domain import Domain
from screening.model.ensemble import Ensemble
from screening.model.neighbours import Packed
from screening.model.novelty import Novelty
from screening.model.options import ModelOptions
from screening.model.scores import DECIMALS, Scores
from screening.model.training_table import TrainingTable

# Rows scored together. Scores do not depend on it (see `Ensemble`); memory does.
BATCH = 1024


@dataclass
class ScreeningModel:
    """Everything needed to score a molecule and to say how far to trust the score.

    Attributes
    ----------
    options : ModelOptions
    tasks : tuple of str
    features : FeatureSet
    encoder : Encoder
    ensemble : Ensemble
    novelty : Novelty
    calibrations, conformals : list
        One a task.
    thresholds : list of float
        Score from which a compound is called active, one a task: best MCC on held-out compounds.
    domain : Domain
    training : TrainingTable
    quality : dict
        Cross-validated figures beside the baselines.
    provenance : dict
        Data hash, ledger, versions, command, seconds, learning curves.
    """

    options: ModelOptions
    tasks: tuple[str, ...]
    features: FeatureSet
    encoder: Encoder
    ensemble: Ensemble
    novelty: Novelty
    calibrations: list[Calibration]
    conformals: list[Conformal]
    thresholds: list[float]
    domain: Domain
    training: TrainingTable
    quality: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    model_hash: str = ""

    @cached_property
    def standardiser(self) -> Standardiser:
        """Brings molecules into the form that the model was trained on."""
        return Standardiser(self.options.standardize)

    def prepare(self, smiles: str) -> Chem.Mol | Failure:
        """Parse and standardise one structure as the training compounds were."""
        return prepare_molecule(smiles, self.standardiser, self.options.limits)

    def featurise(self, mols: Sequence[Chem.Mol]) -> RawFeatures:
        """Compute the model's feature blocks."""
        return self.features.transform(mols)

    def score(self, raw: RawFeatures) -> Scores:
        """Score molecules from their features; the result of a row depends on that row alone."""
        parts = [
            self._score_batch(raw.take(slice(start, start + BATCH)))
            for start in range(0, max(1, len(raw)), BATCH)
        ]
        if len(parts) == 1:
            return parts[0]
        names = ("score", "score_std", "p_active", "p_inactive", "novelty_percentile")
        return Scores(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})

    def _score_batch(self, raw: RawFeatures) -> Scores:
        x = self.encoder.transform(raw)
        logits = self.ensemble.logits(x)
        mean = np.round(logits.mean(axis=0), DECIMALS + 2)
        columns = range(len(self.tasks))
        score = np.column_stack([self.calibrations[t](mean[:, t]) for t in columns])
        members = np.stack([self.calibrations[t](logits[:, :, t]) for t in columns], axis=2)
        p_values = [self.conformals[t].p_values(mean[:, t]) for t in columns]
        return Scores(
            score=score,
            score_std=members.std(axis=0),
            p_active=np.column_stack([active for active, _ in p_values]),
            p_inactive=np.column_stack([inactive for _, inactive in p_values]),
            novelty_percentile=self.domain.percentile(np.round(self.novelty(x), DECIMALS)),
        )

    def score_molecules(self, mols: Sequence[Chem.Mol]) -> Scores:
        """Score molecules that were prepared."""
        return self.score(self.featurise(mols))

    def in_domain(self, scores: Scores, similarity: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tell which molecules are like the training compounds."""
        return self.domain.contains(scores.novelty_percentile, similarity)

    def fingerprints(self, mols: Sequence[Chem.Mol], raw: RawFeatures) -> Packed:
        """Return packed Morgan bits, for neighbours."""
        return self.features.packed_morgan(mols, raw)
