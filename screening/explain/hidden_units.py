"""Which hidden units matter most for the score, and what each of them responds to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.learners.member import Member
from screening.model import ScreeningModel

# Columns that a unit is described by.
_BITS, _NUMBERS = 3, 3


@dataclass(frozen=True)
class Response:
    """A column that moves a unit.

    Attributes
    ----------
    block : str
        Feature block.
    position : int
        Bit of a fingerprint, or column of a dense block.
    weight : float
        Standard deviation of the unit's input that this column alone causes over the training
        compounds, with the sign of its weight.
    """

    block: str
    position: int
    weight: float


@dataclass(frozen=True)
class HiddenUnit:
    """A unit of a member's first hidden layer.

    Attributes
    ----------
    member, unit : int
    effect : float
        Change of the member's log odds, in nats, that one standard deviation of the unit's
        activation over the training compounds makes (first order, mean over the compounds).
    bits : list of Response
        Fingerprint bits it responds to most.
    numbers : list of Response
        Columns of dense blocks it responds to most.
    """

    member: int
    unit: int
    effect: float
    bits: list[Response]
    numbers: list[Response]


def important_units(
    model: ScreeningModel, x: csr_matrix, task: int, count: int = 6
) -> list[HiddenUnit]:
    """Return the units with the largest effect, at most one of each member, largest first.

    Parameters
    ----------
    model
    x : CSR of shape (n, n_columns)
        Encoded training compounds.
    task
        Index of the task.
    count
        How many units.
    """
    found = []
    spread = _spread(x)
    columns = column_places(model)
    for number, member in enumerate(model.ensemble.members):
        effects = unit_effects(member, x, task)
        unit = int(np.argmax(np.abs(effects)))
        weights = member.network.weights[0][:, unit] * spread[member.columns]
        bits, numbers = _responses(weights, [columns[c] for c in member.columns], model)
        found.append(HiddenUnit(number, unit, float(effects[unit]), bits, numbers))
    found.sort(key=lambda unit: -abs(unit.effect))
    return found[:count]


def unit_effects(member: Member, x: csr_matrix, task: int) -> NDArray[np.float64]:
    """Return mean ∂logit/∂h_j times the standard deviation of h_j, in nats, shape (n_hidden,)."""
    hidden = member.network.hidden(csr_matrix(x[:, member.columns])).astype(np.float64)
    slopes = member.network.slopes(hidden, task)
    return np.asarray(slopes.mean(axis=0) * hidden.std(axis=0))


def _spread(x: csr_matrix) -> NDArray[np.float64]:
    """Return the standard deviation of each column."""
    x = x.astype(np.float64)
    mean = np.asarray(x.mean(axis=0)).ravel()
    return np.sqrt(np.maximum(np.asarray(x.power(2).mean(axis=0)).ravel() - mean**2, 0))


def column_places(model: ScreeningModel) -> list[tuple[str, int]]:
    """Return block and position of every encoded column; levels of a count share a position."""
    names = [str(name).split(">=")[0] for name in model.encoder.get_feature_names_out()]
    return [(name.rpartition("_")[0], int(name.rpartition("_")[2])) for name in names]


def _responses(
    weights: NDArray[np.float64], places: list[tuple[str, int]], model: ScreeningModel
) -> tuple[list[Response], list[Response]]:
    dense = {block.name for block in model.features.blocks if block.kind == "continuous"}
    sums: dict[tuple[str, int], float] = {}
    for place, weight in zip(places, weights, strict=True):
        sums[place] = sums.get(place, 0.0) + float(weight)
    ranked = sorted(sums.items(), key=lambda entry: -abs(entry[1]))
    responses = [Response(block, position, weight) for (block, position), weight in ranked]
    bits = [response for response in responses if response.block not in dense]
    numbers = [response for response in responses if response.block in dense]
    return bits[:_BITS], numbers[:_NUMBERS]
