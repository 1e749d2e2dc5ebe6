"""Networks and a forest as one learner: each in units of its own spread, as a mean.

A network's logits lie much further apart than a forest's, whose trees are never of one mind: added
as they are, the networks would decide alone. What the result is worth as a probability is left to
the calibration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from screening.features import Encoder, Visible
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest import FittedForest, Forest, StoredForest
from screening.learners.learner import Logits, Part, asked_logits, fold_parts, hold_out
from screening.learners.networks import FittedNetworks, Networks
from screening.learners.options import ModelOptions
from screening.learners.pretraining import LibraryStack
from screening.progress import OnStep, ignore_steps
from screening.trust.neighbours import nearest

# A forest that is of one mind says 0 or 1; half a tree of doubt keeps its logit finite.
DOUBT = 1e-3
# Logits that are all alike say nothing, and must not be blown up to say something.
_LEAST_SPREAD = 1e-3

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Spreads:
    """How far apart the logits of one task lie.

    Attributes
    ----------
    networks, forest : float > 0
        Standard deviation of what they said of held-out compounds, in nats.
    """

    networks: float
    forest: float

    def __call__(self, networks: Array, forest: Array) -> NDArray[np.float64]:
        """Return the blended logits, of the networks' shape.

        Parameters
        ----------
        networks : array of shape (..., n)
            Their logits.
        forest : array of shape (n,)
            Its logits; NaN where there is none, which leaves the networks alone.
        """
        of_networks = networks / self.networks
        of_forest = _doubted(forest) / self.forest
        return np.asarray(np.where(np.isnan(of_forest), of_networks, (of_networks + of_forest) / 2))


def fit_spreads(networks: Array, forest: Array) -> Spreads:
    """Learn both spreads from logits of compounds that neither had seen, shape (n,)."""
    return Spreads(_spread(networks), _spread(_doubted(forest)))


def _doubted(logits: Array) -> NDArray[np.float64]:
    """Return a forest's logits, none of them infinite."""
    return np.clip(np.asarray(logits, dtype=np.float64), logit(DOUBT), logit(1 - DOUBT))


def _spread(values: Array) -> float:
    known = values[~np.isnan(values)]
    return max(float(known.std()), _LEAST_SPREAD) if len(known) else 1.0


def blend_with(spreads: Sequence[Spreads], networks: Array, forest: Array) -> NDArray[np.float64]:
    """Return every task's blended logits, of the networks' shape.

    Parameters
    ----------
    spreads
        One a task.
    networks : array of shape (..., n, n_tasks)
    forest : array of shape (n, n_tasks)
    """
    said = [one(networks[..., t], forest[:, t]) for t, one in enumerate(spreads)]
    return np.stack(said, axis=-1)


@dataclass(frozen=True)
class ForestBlend:
    """The forests of a model as they are kept, and how they are blended with the networks.

    Attributes
    ----------
    encoder : Encoder
        Of what the forests see: the networks' own, or one of more blocks.
    forests : tuple of StoredForest or None
        One a task; None for a task of one class only, which is left to the networks.
    spreads : tuple of Spreads
    """

    encoder: Encoder
    forests: tuple[StoredForest | None, ...]
    spreads: tuple[Spreads, ...]

    @classmethod
    def of(cls, fitted: FittedForest, spreads: Sequence[Spreads]) -> ForestBlend:
        """Keep fitted forests."""
        kept = (None if one is None else StoredForest.from_sklearn(one) for one in fitted.forests)
        return cls(fitted.encoder, tuple(kept), tuple(spreads))

    def __call__(self, logits: Array, seen: Visible) -> NDArray[np.float64]:
        """Return the blended logits, of the logits' shape (..., n, n_tasks).

        Parameters
        ----------
        logits : array of shape (..., n, n_tasks)
            Of the networks.
        seen : Visible
            The molecules as `encoder` encodes them.
        """
        return blend_with(self.spreads, logits, logit(self.probabilities(seen)))

    def probabilities(self, seen: Visible) -> NDArray[np.float64]:
        """Return each task's forest's probabilities, shape (n, n_tasks); NaN for a task without."""
        return np.column_stack(
            [
                np.full(len(seen), np.nan) if forest is None else forest.probability(seen)
                for forest in self.forests
            ]
        )


@dataclass
class HeldOut:
    """What was said of compounds that had taught nothing to those who said it.

    Attributes
    ----------
    networks : float64 array of shape (n, n_tasks)
        Logits; NaN, here and below, for compounds that were not asked for.
    forest : float64 array of shape (n, n_tasks) or None
        Logits; None where there is no forest.
    spreads : list of Spreads
        One a task, learned from all these compounds together; empty without a forest.
    logits : float64 array of shape (n, n_tasks)
        Of the blend.
    similarities : float32 array of shape (n,)
        To the nearest compound that was learned from.
    """

    networks: Logits
    forest: Logits | None
    spreads: list[Spreads]
    logits: Logits
    similarities: NDArray[np.float32]


def blend_held_out(parts: Sequence[Part], networks: Logits, forest: Logits | None) -> HeldOut:
    """Learn the spreads from held-out logits of both, and blend them.

    Parameters
    ----------
    parts
        That asked for the compounds.
    networks, forest
        See `HeldOut`.
    """
    spreads = [] if forest is None else list(map(fit_spreads, networks.T, forest.T))
    logits = networks if forest is None else blend_with(spreads, networks, forest)
    similarities = np.full(len(networks), np.nan, dtype=np.float32)
    for part in parts:
        packed = part.compounds.fingerprints
        _, similarities[part.asked] = nearest(packed[part.asked], packed[part.rows])
    return HeldOut(networks, forest, spreads, logits, similarities)


@dataclass(frozen=True)
class FittedBlend:
    """Networks, a forest or none, and what they said of compounds that were held out from them.

    Attributes
    ----------
    networks : FittedNetworks
    forest : FittedForest or None
    held_out : HeldOut
        With the spreads.
    folds : list of FittedNetworks
        The ensembles behind `held_out`.
    """

    networks: FittedNetworks
    forest: FittedForest | None
    held_out: HeldOut
    folds: list[FittedNetworks]

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return the blended logits, shape (n_rows, n_tasks)."""
        own = self.networks.logits(compounds, rows)
        if self.forest is None:
            return own
        return blend_with(self.held_out.spreads, own, self.forest.logits(compounds, rows))


@dataclass(frozen=True)
class Blend:
    """The learner of both.

    Attributes
    ----------
    options : ModelOptions
    library : LibraryStack, optional
        For the networks to start from.
    """

    options: ModelOptions
    library: LibraryStack | None = None

    @property
    def networks(self) -> Networks:
        """The learner of the networks."""
        return Networks(self.options, self.library)

    @property
    def forest(self) -> Forest | None:
        """The learner of the forest, None where the options want none."""
        return Forest.of(self.options) if self.options.blend == "forest" else None

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedBlend]:
        """Yield the blend of each part; its spreads come from folds of that part's compounds."""
        for part in parts:
            whole, folds = self.cut(part)
            yield self.fit(whole, folds, workers=workers, on_step=on_step)

    def cut(self, part: Part) -> tuple[Part, list[Part]]:
        """Return the part, asking for nothing, and folds of its compounds by scaffold."""
        folds = fold_parts(part, self.options.folds, self.options.seed)
        whole = Part(part.compounds, part.rows, number=len(folds), is_fold=part.is_fold)
        return whole, folds

    def fit(
        self,
        whole: Part,
        held_out: Sequence[Part],
        *,
        workers: int = 1,
        on_step: OnStep = ignore_steps,
    ) -> FittedBlend:
        """Learn from a part, and the spreads from what parts without those compounds say of some.

        Parameters
        ----------
        whole
            To learn from. Its number is that of no part in `held_out`, or it is the only one there.
        held_out
            Folds of it; or `whole` alone, which then asks for compounds that it does not learn
            from.
        workers, on_step
            As for `Learner.fit_parts`.
        """
        parts = [*held_out, *([] if whole in held_out else [whole])]
        networks = list(self.networks.fit_parts(parts, workers=workers, on_step=on_step))
        folds = networks[: len(held_out)]
        forest, fitted = None, None
        if self.forest is not None:
            forest = np.full(whole.compounds.labels.shape, np.nan)
            kept = self.forest.fit_parts(parts, workers=workers, on_step=on_step)
            # Each fold's forest is let go once it has been asked; the last one is the whole's.
            for part, fitted in zip(parts, kept, strict=True):
                if part in held_out:
                    forest[part.asked] = fitted.logits(part.compounds, part.asked)
        said = asked_logits(folds, held_out)
        return FittedBlend(networks[-1], fitted, blend_held_out(held_out, said, forest), folds)

    def hold_out(
        self,
        parts: Sequence[Part],
        *,
        forest: Logits | None = None,
        workers: int = 1,
        on_step: OnStep = ignore_steps,
    ) -> HeldOut:
        """Return what networks and forest of the parts say of the compounds that each asks for.

        Parameters
        ----------
        parts
        forest
            What the forest says, where it is known; it does not depend on how networks are trained.
        workers, on_step
            As for `Learner.fit_parts`.
        """
        if forest is None and self.forest is not None:
            forest = hold_out(self.forest, parts, workers=workers, on_step=on_step)
        networks = hold_out(self.networks, parts, workers=workers, on_step=on_step)
        return blend_held_out(parts, networks, forest)
