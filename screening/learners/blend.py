"""How logits of networks and of a forest are blended: each in units of its own spread, as a mean.

A network's logits lie much further apart than a forest's, whose trees are never of one mind: added
as they are, the networks would decide alone. What the result is worth as a probability is left to
the calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from screening.learners.forest.stored import StoredForest

if TYPE_CHECKING:
    from screening.features.encoder import Encoder
    from screening.features.visible import Visible
    from screening.learners.forest.learner import FittedForest

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
