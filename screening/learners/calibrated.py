"""The learner that `train` ships: networks and other voices, blended, calibrated on held-out ones.

`evaluate` and `train --tune` judge this same learner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from screening.learners.blend import Blend, Blending, blend_with, fit_blending
from screening.learners.compounds import Compounds, Rows
from screening.learners.learner import (
    Logits,
    Part,
    ask,
    encode,
    fold_parts,
    random_fold_parts,
)
from screening.learners.networks import FittedNetworks, Networks
from screening.learners.options import NEAR, UNTRUSTED, ModelOptions
from screening.learners.pretraining import LibraryStack
from screening.learners.voices import FittedVoice, Voice, voices_of
from screening.progress import OnStep, ignore_steps
from screening.trust.calibration import Calibration, fit_calibration
from screening.trust.conformal import Conformal, fit_conformal

CalibratedOn = Literal["folds", "validation"]


@dataclass(frozen=True)
class HeldOut:
    """What was said of compounds that had taught nothing to those who said it, and what it teaches.

    Attributes
    ----------
    networks : float64 array of shape (n, n_tasks)
        Logits; NaN, here and below, for compounds that were not asked for.
    voices : dict of str to float64 array of shape (n, n_tasks)
        Logits of the voices beside the networks, by name.
    logits : float64 array of shape (n, n_tasks)
        Of the blend.
    similarities : float32 array of shape (n,)
        To the nearest compound that was learned from.
    blendings : list of Blending
        One a task, learned from all these compounds together; empty without other voices.
    calibrations : list of Calibration
        One a task, likewise.
    """

    networks: Logits
    voices: Mapping[str, Logits]
    logits: Logits
    similarities: NDArray[np.float32]
    blendings: list[Blending]
    calibrations: list[Calibration]

    @classmethod
    def of(cls, parts: Sequence[Part], networks: Logits, voices: Mapping[str, Logits]) -> HeldOut:
        """Learn how to blend and to calibrate what was said of the compounds that parts ask for."""
        labels, others = parts[0].compounds.labels, list(voices.values())
        blendings, logits, nearest = [], networks, similarities(parts)
        if others:
            near = (False, *(name in NEAR for name in voices))
            trusted = (True, *(name not in UNTRUSTED for name in voices))
            for own, *said in zip(labels.T, networks.T, *(one.T for one in others), strict=True):
                asked = ~np.isnan(said[0])
                known = [one[asked] for one in said]
                blendings.append(fit_blending(known, own[asked], nearest[asked], near, trusted))
            logits = blend_with(blendings, networks, others, nearest)
        calibrations = fit_calibrations(logits, nearest, labels)
        return cls(networks, voices, logits, nearest, blendings, calibrations)

    @property
    def log_odds(self) -> Logits:
        """Calibrated log odds in nats, shape (n, n_tasks)."""
        return calibrated(self.calibrations, self.logits, self.similarities)


def fit_calibrations(
    logits: Logits, similarities: NDArray[np.float32], labels: NDArray[np.float32]
) -> list[Calibration]:
    """Learn one calibration a task from what was said of held-out compounds.

    Parameters
    ----------
    logits : array of shape (n, n_tasks)
    similarities : array of shape (n,)
        NaN for compounds that were not asked for; they teach nothing.
    labels : array of shape (n, n_tasks)
    """
    asked = ~np.isnan(similarities)
    found = []
    for said, column in zip(logits.T, labels.T, strict=True):
        known = asked & ~np.isnan(column)
        found.append(fit_calibration(said[known], similarities[known], column[known]))
    return found


def calibrated(
    calibrations: Sequence[Calibration], logits: Logits, similarity: NDArray[np.float32]
) -> Logits:
    """Return calibrated log odds in nats, shape (n, n_tasks)."""
    columns = [one.log_odds(logits[:, t], similarity) for t, one in enumerate(calibrations)]
    return np.column_stack(columns)


@dataclass(frozen=True)
class FittedBlend:
    """Networks, other voices, and what they said of compounds that were held out from them.

    Attributes
    ----------
    part : Part
        That was learned from.
    networks : FittedNetworks
    voices : dict of str to FittedVoice
        What is blended with the networks, by name.
    held_out : HeldOut
        With blendings and calibrations.
    folds : list of FittedNetworks
        The ensembles behind `held_out`; none where it comes from `networks` and `voices`.
    """

    part: Part
    networks: FittedNetworks
    voices: Mapping[str, FittedVoice]
    held_out: HeldOut
    folds: list[FittedNetworks]

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return calibrated log odds in nats, shape (n_rows, n_tasks)."""
        similarity = self.part.similarity(compounds, rows)
        said = self._blended(self.networks.logits(compounds, rows), compounds, rows, similarity)
        return calibrated(self.held_out.calibrations, said, similarity)

    def members(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return the log odds by each network, blended with the voices as all are together.

        Shape (n_members, n_rows, n_tasks), in nats.
        """
        said = self.networks.ensemble.logits(encode(self.networks.encoder, compounds, rows))
        similarity = self.part.similarity(compounds, rows)
        said = self._blended(said, compounds, rows, similarity)
        return np.stack([calibrated(self.held_out.calibrations, m, similarity) for m in said])

    def blend(self) -> Blend | None:
        """Return the voices as a model keeps them; None without any."""
        return Blend.of(self.voices, self.held_out.blendings) if self.voices else None

    def _blended(
        self,
        networks: Logits,
        compounds: Compounds,
        rows: Rows,
        similarity: NDArray[np.float32],
    ) -> Logits:
        """Return the blended logits, of the shape of the networks' (..., n_rows, n_tasks)."""
        if not self.voices:
            return networks
        said = [voice.logits(compounds, rows) for voice in self.voices.values()]
        return blend_with(self.held_out.blendings, networks, said, similarity)


@dataclass(frozen=True)
class CalibratedBlend:
    """The learner of networks and the voices beside them, whose logits are log odds.

    Attributes
    ----------
    options : ModelOptions
    library : LibraryStack, optional
        For the networks to start from.
    calibrated_on : str
        `folds` of the compounds that it learns from; or the `validation` part, where there is one,
        which saves the ensembles of the folds.
    """

    options: ModelOptions
    library: LibraryStack | None = None
    calibrated_on: CalibratedOn = "folds"

    @property
    def networks(self) -> Networks:
        """The learner of the networks."""
        return Networks(self.options, self.library)

    @property
    def voices(self) -> dict[str, Voice]:
        """The learners of what is blended with the networks, by name."""
        return voices_of(self.options)

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedBlend]:
        """Yield the calibrated blend of each part."""
        for part in parts:
            yield self.fit(self.cut(part), workers=workers, on_step=on_step)

    def cut(self, part: Part) -> list[Part]:
        """Return folds of a part, and last the part as a whole, asking for what calibrates it."""
        if self.calibrated_on == "validation":
            return [replace(part, asked=part.validation)]
        folds = fold_parts(part, self.options.folds, self.options.seed)
        whole = Part(part.compounds, part.rows, number=len(folds), is_fold=part.is_fold)
        return [*folds, whole]

    def fit(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> FittedBlend:
        """Learn from the last part, and how to blend and calibrate from what all are asked for.

        Parameters
        ----------
        parts
            See `cut`.
        workers, on_step
            As for `Learner.fit_parts`.
        """
        *folds, networks = self.networks.fit_parts(parts, workers=workers, on_step=on_step)
        said, _ = ask([*folds, networks], parts)
        voices, others = {}, {}
        for name, voice in self.voices.items():
            learned = voice.fit_parts(parts, workers=workers, on_step=on_step)
            others[name], voices[name] = ask(learned, parts)
        return FittedBlend(parts[-1], networks, voices, HeldOut.of(parts, said, others), folds)

    def fit_conformals(
        self, fitted: FittedBlend, *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> list[Conformal]:
        """Learn conformal values, one a task, from what is said of compounds held out at random.

        Folds by scaffold leave a compound without its series, and it looks less active than a new
        compound whose series is known. Here it is held out from one network a fold, from the trees
        that did not draw it, and from the other voices of a fold.

        Parameters
        ----------
        fitted
            With the calibrations.
        workers, on_step
            As for `Learner.fit_parts`.
        """
        part, held_out = fitted.part, fitted.held_out
        folds = random_fold_parts(part, self.options.folds, self.options.seed)
        networks = self.networks.fit_beside(
            fitted.networks, folds, workers=workers, on_step=on_step
        )
        said, _ = ask(networks, folds)
        nearest = similarities(folds)
        if fitted.voices:
            others = [voice.at_random(part, folds) for voice in fitted.voices.values()]
            said = blend_with(held_out.blendings, said, others, nearest)
        log_odds = calibrated(held_out.calibrations, said, nearest)
        found = []
        for own, column in zip(log_odds.T, part.compounds.labels.T, strict=True):
            known = ~np.isnan(nearest) & ~np.isnan(column)
            found.append(fit_conformal(own[known], nearest[known], column[known]))
        return found


def similarities(parts: Sequence[Part]) -> NDArray[np.float32]:
    """Return how similar each compound that parts ask for is to the nearest one learned from.

    Shape (n,); NaN for compounds that none asks for.
    """
    found = np.full(len(parts[0].compounds), np.nan, dtype=np.float32)
    for part in parts:
        found[part.asked] = part.similarity(part.compounds, part.asked)
    return found
