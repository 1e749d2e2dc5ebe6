"""How the logits of networks and other voices are blended: in units of spread, by weights.

A network's logits lie much further apart than a forest's, whose trees are never of one mind: added
as they are, the networks would decide alone. So each is divided by its spread first. What a voice
is worth differs from assay to assay, and is learned from what was said of held-out compounds, drawn
towards equal weights. A voice that knows neighbours counts as far as there are any, and leaves the
rest of its weight to the others. What the result is worth as a probability is left to the
calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from screening.features import Encoder
from screening.learners.voices.voice import FittedVoice, Seen, StoredVoice

# The first voice of every blend.
NETWORKS = "networks"
# A forest that is of one mind says 0 or 1; half a tree of doubt keeps its logit finite.
DOUBT = 1e-3
# So many compounds speak for equal weights of trusted voices, before those held out do.
EQUAL_COMPOUNDS = 100
# Logits that are all alike say nothing, and must not be blown up to say something.
_LEAST_SPREAD = 1e-3
# A voice that is worth less is not worth the time that it takes.
_LEAST_WEIGHT = 0.02
# The networks are always asked: how far they disagree is told beside the score.
_LEAST_OF_NETWORKS = 0.1
_DECIMALS = 4

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Blending:
    """How the voices of one task are blended; the networks are the first of them.

    Attributes
    ----------
    spreads : tuple of float > 0
        Standard deviation of what each voice said of held-out compounds, in nats.
    weights : tuple of float >= 0
        What each is worth; their sum is 1.
    near : tuple of bool
        Which voices' weights are times a compound's similarity to the nearest known one; the others
        share the rest. Empty when none is.
    """

    spreads: tuple[float, ...]
    weights: tuple[float, ...]
    near: tuple[bool, ...] = ()

    def __call__(
        self, networks: Array, others: Sequence[Array | None], similarity: Array | float = 1.0
    ) -> NDArray[np.float64]:
        """Return the blended logits, of the networks' shape.

        Parameters
        ----------
        networks : array of shape (..., n)
            Their logits.
        others : sequence of array of shape (n,)
            Those of the other voices. Where one is NaN, the others share its weight; None for a
            voice without weight.
        similarity : array of shape (n,), or 1
            To the nearest known compound, 0-1.
        """
        total = self.weights[0] * (networks / self.spreads[0])
        worth = np.full(np.shape(networks)[-1], self.weights[0])
        reach = np.asarray(similarity, dtype=np.float64)
        rest = zip(
            others, self.spreads[1:], self.weights[1:], _each(self.near, self.weights), strict=True
        )
        for said, spread, weight, near in rest:
            if said is None or not weight:
                continue
            own = np.where(np.isnan(said), 0.0, weight * reach if near else weight)
            total = total + own * (np.nan_to_num(_doubted(said)) / spread)
            worth = worth + own
        return np.asarray(total / worth)


def _each(near: tuple[bool, ...], weights: tuple[float, ...]) -> tuple[bool, ...]:
    """Return which of the voices beside the networks are asked of what is near."""
    return near[1:] if near else (False,) * (len(weights) - 1)


def fit_blending(
    said: Sequence[Array],
    labels: Array,
    similarity: Array | float = 1.0,
    near: tuple[bool, ...] = (),
    trusted: tuple[bool, ...] = (),
) -> Blending:
    """Learn spreads and weights from logits of compounds that no voice had seen.

    The weights are those of a logistic regression without negative ones, on the mean that
    `Blending` makes of the logits. How far they may differ is bounded by as much evidence for equal
    weights of the trusted voices as `EQUAL_COMPOUNDS` compounds would give, each voice saying
    something of its own of them.

    Parameters
    ----------
    said : sequence of array of shape (n,)
        The networks' logits, then those of the other voices; NaN where there is none.
    labels : array of shape (n,)
        1, 0, or NaN where missing.
    similarity, near
        See `Blending`.
    trusted : tuple of bool
        Which voices have a weight before any compound speaks for it; empty when all have. The
        networks are one of them.

    References
    ----------
    Cao and Fleet 2014 (what an expert is worth depends on what is asked),
    https://arxiv.org/abs/1410.7827
    """
    said = [said[0], *map(_doubted, said[1:])]
    spreads = tuple(map(_spread, said))
    asked = np.array([not np.isnan(one).all() for one in said])
    heard = np.flatnonzero(asked)
    weights = asked * np.array(trusted or (True,) * len(said), dtype=np.float64)
    table = np.column_stack([said[voice] / spreads[voice] for voice in heard])
    known = ~np.isnan(table).any(axis=1) & ~np.isnan(labels)
    if len(heard) > 1 and len(np.unique(labels[known])) == 2:
        reach = np.ones_like(table)
        for place in np.flatnonzero(np.take((False, *_each(near, spreads)), heard)):
            reach[:, place] = similarity
        learned_from = np.asarray(labels[known], dtype=np.float64)
        weights[heard] = _learned(
            table[known], reach[known], learned_from, weights[heard] / weights.sum()
        )
    weights = np.round(weights / weights.sum(), _DECIMALS)
    return Blending(spreads, tuple((weights / weights.sum()).tolist()), near)


def _learned(
    said: NDArray[np.float64],
    reach: NDArray[np.float64],
    labels: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the weights, shape (n_voices,), of logits of unit spread, shape (n, n_voices).

    Reach, of the same shape and from 0 to 1, is what weights are multiplied by. The prior weights,
    whose sum is 1, are those that weights are drawn towards.
    """
    mean = ((said * reach) @ prior / (reach @ prior))[:, None]
    once = np.ones_like(mean)
    (slope, offset) = _regression(mean, once, labels, np.zeros(1), np.ones(1), 0.0)
    if slope <= 0:
        return prior
    p = expit(slope * mean[:, 0] + offset)
    expected = slope * prior
    # The curvature of the loss that a compound adds along a logit of unit spread.
    evidence = EQUAL_COMPOUNDS * float((p * (1 - p)).mean())
    start = np.append(expected, offset)
    *slopes, _ = _regression(said, reach, labels, expected, start, evidence)
    weights = np.maximum(slopes, 0) / max(np.sum(slopes), 1e-12)
    weights[0] = max(weights[0], _LEAST_OF_NETWORKS)
    return np.where(weights < _LEAST_WEIGHT, 0.0, weights)


def _regression(
    x: NDArray[np.float64],
    reach: NDArray[np.float64],
    labels: NDArray[np.float64],
    centre: NDArray[np.float64],
    start: NDArray[np.float64],
    evidence: float,
) -> NDArray[np.float64]:
    """Return slopes >= 0, drawn towards the centre, and the offset of a logistic regression.

    It is on the sum of the slopes times the mean of x, weighted by slopes times reach: where all
    reach is 1, on the sum of slopes times x.
    """
    # Slow to import, and only training needs it.
    from scipy.optimize import minimize

    width = x.shape[1]

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slopes, offset = parameters[:width], parameters[width]
        worth = np.maximum(reach @ slopes, 1e-12)
        mean = (x * reach) @ slopes / worth
        logits, away = slopes.sum() * mean + offset, slopes - centre
        too_high = expit(logits) - labels
        value = np.logaddexp(0, logits).sum() - labels @ logits + evidence / 2 * away @ away
        # How the logits change with each slope.
        share = slopes.sum() / worth
        change = mean[:, None] + share[:, None] * reach * (x - mean[:, None])
        return float(value), np.append(change.T @ too_high + evidence * away, too_high.sum())

    begin = np.append(start, 0.0)[: width + 1]
    bounds = [(0.0, None)] * width + [(None, None)]
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)


def _doubted(logits: Array) -> NDArray[np.float64]:
    """Return a voice's logits, none of them infinite."""
    return np.clip(np.asarray(logits, dtype=np.float64), logit(DOUBT), logit(1 - DOUBT))


def _spread(values: Array) -> float:
    known = values[~np.isnan(values)]
    return max(float(known.std()), _LEAST_SPREAD) if len(known) else 1.0


def blend_with(
    blendings: Sequence[Blending],
    networks: Array,
    others: Sequence[Array | None],
    similarity: Array | float,
) -> NDArray[np.float64]:
    """Return every task's blended logits, of the networks' shape.

    Parameters
    ----------
    blendings
        One a task.
    networks : array of shape (..., n, n_tasks)
    others : sequence of array of shape (n, n_tasks)
        Of the other voices; None for one without weight in any task.
    similarity : array of shape (n,), or 1
        To the nearest known compound.
    """
    said = [
        one(networks[..., t], [None if own is None else own[:, t] for own in others], similarity)
        for t, one in enumerate(blendings)
    ]
    return np.stack(said, axis=-1)


@dataclass(frozen=True)
class Blend:
    """The voices of a model beside its networks, and how all are blended.

    Attributes
    ----------
    names : tuple of str
        Of the voices beside the networks, in the order of the weights.
    voices : dict of str to StoredVoice
        Those that have a weight in some task; the others are not kept.
    blendings : tuple of Blending
        One a task.
    """

    names: tuple[str, ...]
    voices: Mapping[str, StoredVoice]
    blendings: tuple[Blending, ...]

    @classmethod
    def of(cls, fitted: Mapping[str, FittedVoice], blendings: Sequence[Blending]) -> Blend:
        """Keep fitted voices, each of the tasks in which it has a weight."""
        kept = {}
        for place, (name, voice) in enumerate(fitted.items(), start=1):
            wanted = [blending.weights[place] > 0 for blending in blendings]
            if any(wanted):
                kept[name] = voice.stored(wanted)
        return cls(tuple(fitted), kept, tuple(blendings))

    def __call__(
        self, logits: Array, seen: Seen, similarity: Array | float = 1.0
    ) -> NDArray[np.float64]:
        """Return the blended logits, of the logits' shape (..., n, n_tasks).

        Parameters
        ----------
        logits : array of shape (..., n, n_tasks)
            Of the networks.
        seen : Seen
            The same molecules.
        similarity : array of shape (n,), or 1
            Of each to the nearest known compound.
        """
        said = [
            self.voices[name].logits(seen) if name in self.voices else None for name in self.names
        ]
        return blend_with(self.blendings, logits, said, similarity)

    def described(self, tasks: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return what each voice is worth in each task, by name; the networks are one of them."""
        names = (NETWORKS, *self.names)
        return {
            task: dict(zip(names, one.weights, strict=True))
            for task, one in zip(tasks, self.blendings, strict=True)
        }

    def sentences(self, tasks: Sequence[str]) -> list[str]:
        """Say the same in words, a task a line."""
        return [
            f"{task}: weights of the blend, learned from held-out compounds: "
            + ", ".join(f"{name} {weight:.2f}" for name, weight in own.items())
            for task, own in self.described(tasks).items()
        ]

    def encoders(self) -> list[Encoder]:
        """Return what voices encode molecules with; some is the networks' own."""
        return [own for voice in self.voices.values() for own in voice.encoders()]

    def weights(self, name: str) -> tuple[float, ...]:
        """Return the weights of a voice, one a task."""
        place = 1 + self.names.index(name)
        return tuple(blending.weights[place] for blending in self.blendings)
