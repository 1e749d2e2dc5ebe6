"""The networks and, where the user asks for it, a forest beside them: one logit a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import logit

from screening.features import Encoder, Visible
from screening.model.forest import Forest

# A forest that is of one mind says 0 or 1; half a tree of doubt keeps its logit finite.
DOUBT = 1e-3
# Logits that are all alike say nothing, and must not be blown up to say something.
_LEAST_SPREAD = 1e-3

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Blend:
    """One task's logit: networks and forest, each in units of its own spread, as a mean.

    A network's logits lie much further apart than a forest's, whose trees are never of one mind:
    added as they are, the networks would decide alone. What the result is worth as a probability
    is left to the calibration.

    Attributes
    ----------
    networks, forest : float > 0
        Standard deviation of what they said of held-out compounds, in nats.
    """

    networks: float
    forest: float

    def __call__(self, logits: Array, probability: Array) -> NDArray[np.float64]:
        """Return the blended logits, of the logits' shape.

        Parameters
        ----------
        logits : array of shape (..., n)
            Of the networks.
        probability : array of shape (n,)
            Of the forest; NaN where there is none, which leaves the networks alone.
        """
        of_networks = logits / self.networks
        of_forest = forest_logit(probability) / self.forest
        return np.asarray(np.where(np.isnan(of_forest), of_networks, (of_networks + of_forest) / 2))


def fit_blend(logits: Array, probability: Array) -> Blend:
    """Learn both spreads from held-out compounds.

    Parameters
    ----------
    logits, probability : arrays of shape (n,)
        Of networks and forest, of compounds that neither had seen; NaN where there is none.
    """
    return Blend(_spread(logits), _spread(forest_logit(probability)))


@dataclass(frozen=True)
class ForestBlend:
    """The forests of a model, one a task, and how each is blended with the networks.

    Attributes
    ----------
    encoder : Encoder
        Of what the forests see: the networks' own, or one of more blocks.
    forests : tuple of Forest or None
        None for a task of one class only, which is left to the networks.
    blends : tuple of Blend
    """

    encoder: Encoder
    forests: tuple[Forest | None, ...]
    blends: tuple[Blend, ...]

    def __call__(self, logits: Array, seen: Visible) -> NDArray[np.float64]:
        """Return the blended logits, of the logits' shape (..., n, n_tasks).

        Parameters
        ----------
        logits : array of shape (..., n, n_tasks)
            Of the networks.
        seen : Visible
            The molecules as `encoder` encodes them.
        """
        return blend_with(self.blends, logits, forest_probabilities(self.forests, seen))


def blend_with(blends: Sequence[Blend], logits: Array, probabilities: Array) -> NDArray[np.float64]:
    """Return every task's blended logits, of the logits' shape.

    Parameters
    ----------
    blends
        One a task.
    logits : array of shape (..., n, n_tasks)
    probabilities : array of shape (n, n_tasks)
        Of the forests.
    """
    said = [blend(logits[..., t], probabilities[:, t]) for t, blend in enumerate(blends)]
    return np.stack(said, axis=-1)


def _spread(values: Array) -> float:
    known = values[~np.isnan(values)]
    return max(float(known.std()), _LEAST_SPREAD) if len(known) else 1.0


def forest_logit(probability: Array) -> NDArray[np.float64]:
    """Return a forest's probability as a logit that is never infinite."""
    return np.asarray(logit(np.clip(probability, DOUBT, 1 - DOUBT)))


def forest_probabilities(
    forests: Sequence[Forest | None], x: csr_matrix | Visible
) -> NDArray[np.float64]:
    """Return each task's forest's probabilities, shape (n, n_tasks); NaN for a task without."""
    n = len(x) if isinstance(x, Visible) else x.shape[0]
    return np.column_stack(
        [np.full(n, np.nan) if forest is None else forest.probability(x) for forest in forests]
    )
