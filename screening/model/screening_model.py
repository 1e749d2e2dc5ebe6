"""The model: features, ensemble, calibration, conformal values, domain, training compounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.special import expit

from screening.chemistry import Failure, Standardiser, prepare_molecule
from screening.features import BlockSet, Encoder, RawFeatures, Visible
from screening.learners import ModelOptions
from screening.learners.blend import Blend
from screening.learners.ensemble import Ensemble
from screening.learners.kernels.ridge import StoredRidge
from screening.learners.voices import Seen
from screening.model.scores import DECIMALS, Scores
from screening.model.training_table import Near, TrainingTable
from screening.model.turns import Turn
from screening.model.values import ValueModel
from screening.trust import Calibration, Conformal, Domain, Novelty, Packed

# Rows scored together. Scores do not depend on it (see `Ensemble`); memory does.
BATCH = 1024


@dataclass
class ScreeningModel:
    """Everything needed to score a molecule and to say how far to trust the score.

    Attributes
    ----------
    options : ModelOptions
    tasks : tuple of str
    features : BlockSet
    encoder : Encoder
    ensemble : Ensemble
    blend : Blend or None
        What is blended with the networks.
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
        Data hash, ledger, versions, command, learning curves.
    turns : list of Turn
        How its predecessors were judged on results that they had not seen, the first one first.
    values : dict of str to ValueModel
        What predicts the values of tasks that have enough measured ones, by task.
    """

    options: ModelOptions
    tasks: tuple[str, ...]
    features: BlockSet
    encoder: Encoder
    ensemble: Ensemble
    blend: Blend | None
    novelty: Novelty
    calibrations: list[Calibration]
    conformals: list[Conformal]
    thresholds: list[float]
    domain: Domain
    training: TrainingTable
    quality: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    values: dict[str, ValueModel] = field(default_factory=dict)
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
        return self.features.by_block(mols)

    def score(self, raw: RawFeatures, fingerprints: Packed) -> Scores:
        """Score molecules; the result of a row depends on that row alone.

        Parameters
        ----------
        raw
            Their features.
        fingerprints
            Their packed Morgan bits, for the nearest training compound.
        """
        return self.score_near(raw, self.near(fingerprints))

    def near(self, fingerprints: Packed) -> Near:
        """Return what lies nearest; similarities are computed once for all that asks for them."""
        if self._kernel is None:
            return Near(*self.training.nearest(fingerprints))
        sums = self._kernel.sums(len(fingerprints))
        found = self.training.nearest(fingerprints, on_similarities=sums.add)
        return Near(*found, sums.logits())

    @cached_property
    def _kernel(self) -> StoredRidge | None:
        """The kernel machine, where it compares with what neighbours are searched among."""
        for voice in [] if self.blend is None else self.blend.voices.values():
            if isinstance(voice, StoredRidge) and voice.knows(self.training.fingerprints):
                return voice
        return None

    def score_near(self, raw: RawFeatures, near: Near) -> Scores:
        """Score molecules whose nearest training compounds are known.

        Parameters
        ----------
        raw
            Their features.
        near
            See `near`.
        """
        n = max(1, len(near.index))
        batches = [slice(start, start + BATCH) for start in range(0, n, BATCH)]
        parts = [self._score_batch(raw.take(rows), near.take(rows)) for rows in batches]
        if len(parts) == 1:
            return parts[0]
        return Scores(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Scores)}
        )

    def _score_batch(self, raw: RawFeatures, near: Near) -> Scores:
        x, similarity = self.encoder.encode(raw), near.similarity
        logits = self._blended(Seen(raw, self.encoder, x, near.by_kernel), similarity)
        columns = range(len(self.tasks))
        members = np.stack(
            [self.calibrations[t](logits[:, :, t], similarity) for t in columns], axis=2
        )
        log_odds = [self.log_odds(logits[:, :, t].mean(axis=0), similarity, t) for t in columns]
        value, value_spread = self._valued(raw, x, similarity)
        p_values = [self.conformals[t].p_values(log_odds[t], similarity) for t in columns]
        return Scores(
            score=np.column_stack([expit(values) for values in log_odds]),
            log_odds=np.column_stack(log_odds),
            score_std=members.std(axis=0),
            p_active=np.column_stack([active for active, _ in p_values]),
            p_inactive=np.column_stack([inactive for _, inactive in p_values]),
            novelty_percentile=self.domain.percentile(np.round(self.novelty(x), DECIMALS)),
            nearest_index=near.index,
            nearest_similarity=similarity.astype(np.float64),
            value=value,
            value_spread=value_spread,
        )

    def logits(
        self, raw: RawFeatures, similarity: NDArray[np.floating[Any]]
    ) -> NDArray[np.float64]:
        """Return what goes into calibration, shape (n_members, n, n_tasks).

        Every member's logits, or each blended with the other voices'.

        Parameters
        ----------
        raw
            Features of molecules.
        similarity : array of shape (n,)
            Of each to the nearest training compound.
        """
        return self._blended(Seen(raw, self.encoder, self.encoder.encode(raw)), similarity)

    def _blended(self, seen: Seen, similarity: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        logits = self.ensemble.logits(seen.visible)
        return logits if self.blend is None else self.blend(logits, seen, similarity)

    def _valued(
        self, raw: RawFeatures, seen: Visible, similarity: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return values and spreads of every task, shape (2, n, n_tasks)."""
        found = np.full((2, len(similarity), len(self.tasks)), np.nan)
        for task, name in enumerate(self.tasks):
            if name in self.values:
                found[:, :, task] = self.values[name].predict(raw, seen, similarity)
        return found

    def log_odds(
        self, logits: NDArray[np.float64], similarity: NDArray[np.float32], task: int
    ) -> NDArray[np.float64]:
        """Return calibrated log odds of one task, in nats, shape (n,).

        Rounded well below what a score shows, so that comparing them with those of held-out
        compounds does not depend on which rows were computed together.
        """
        return np.round(self.calibrations[task].log_odds(logits, similarity), DECIMALS + 2)

    def blend_sentences(self) -> list[str]:
        """Say what each voice is worth in each task; nothing of networks alone."""
        return [] if self.blend is None else self.blend.sentences(self.tasks)

    def score_molecules(self, mols: Sequence[Chem.Mol]) -> Scores:
        """Score molecules that were prepared."""
        raw = self.featurise(mols)
        return self.score(raw, self.fingerprints(mols, raw))

    def in_domain(self, scores: Scores) -> NDArray[np.bool_]:
        """Tell which molecules have a training compound near enough."""
        return self.domain.contains(scores.nearest_similarity)

    def fingerprints(self, mols: Sequence[Chem.Mol], raw: RawFeatures | None = None) -> Packed:
        """Return packed Morgan bits, for neighbours; taken from `raw` where that has them."""
        return self.features.packed_morgan(mols, RawFeatures() if raw is None else raw)
