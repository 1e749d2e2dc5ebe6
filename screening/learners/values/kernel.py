"""The kernel machine: ridge regression on similarities to known compounds.

It is the mean of a Gaussian process whose covariance is their similarity (see `similarity`), with
one noise for all compounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ebm.rowwise import one_thread
from screening.learners.values.similarity import (
    Compared,
    Similarity,
    from_arrays,
    to_arrays,
    typical_distance,
)

# The compounds that a machine compares with; of more, so many are drawn.
MOST = 4000
# Compounds whose errors choose the noise.
_CHOOSE = 800
NOISES = tuple(float(noise) for noise in np.geomspace(0.003, 3.0, 13))
# Times that is looked which limits count; each costs a solution.
_ROUNDS = 12

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KernelMachine:
    """Known compounds, and what each adds to the prediction of one that is like it.

    Attributes
    ----------
    known : Compared
    width : float
        Of the Gaussian kernel.
    weights : float64 array of shape (n_known,)
    """

    known: Compared
    width: float
    weights: Array

    @cached_property
    def similarity(self) -> Similarity:
        """The known compounds, laid out."""
        return Similarity(self.known, self.width)

    def predict(self, asked: Compared) -> Array:
        """Return the sum over known compounds of weight times similarity, shape (n,).

        A row depends on its compound alone.
        """
        out = np.zeros(len(asked))
        for rows, kernel in self.similarity.blocks(asked):
            out[rows] = (kernel * self.weights).sum(axis=1)
        return out

    def to_state(self) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
        """Return the numbers as a JSON-able dict, and the arrays by name."""
        return {"width": self.width}, {"weights": self.weights, **to_arrays(self.known)}

    @classmethod
    def from_state(
        cls,
        numbers: Mapping[str, float],
        arrays: Mapping[str, NDArray[Any]],
        widths: Mapping[str, int],
    ) -> Self:
        """Build the machine that `to_state` described.

        Parameters
        ----------
        numbers, arrays
        widths
            Of the fingerprints of the model by block.

        Raises
        ------
        ValueError
            There are not as many compounds as weights, or they are not whole.
        """
        known, width = from_arrays(arrays, widths), float(numbers["width"])
        if not len(known) or arrays["weights"].shape != (len(known),) or not width > 0:
            raise ValueError("the known compounds of the kernel machine are not whole")
        return cls(known, width, arrays["weights"])


@dataclass(frozen=True)
class KernelFit:
    """A machine, and what it says of the compounds that it was learned from without each.

    Attributes
    ----------
    machine : KernelMachine
    completed : float64 array of shape (n,)
        The numbers, limits moved to where the machine sees the compound without knowing it.
    left_out : float64 array of shape (n,)
        The prediction of each from all others (closed-form leave-one-out); of a compound that the
        machine was not drawn from, its prediction.
    """

    machine: KernelMachine
    completed: Array
    left_out: Array


def fit_kernel(
    compounds: Compared, numbers: Array, sides: NDArray[np.int8], *, seed: int
) -> KernelFit:
    """Learn (K + noise I) w = numbers, with the noise whose leave-one-out error is smallest.

    A limit costs (max(0, limit - f))² or its mirror image: nothing, where the machine already sees
    the compound beyond it. So the limits that it does not see beyond count as numbers and the
    others not at all, and it is learned again until these are the same: Newton's method on the
    convex sum of the costs.

    Parameters
    ----------
    compounds : Compared
        n of them.
    numbers : array of shape (n,)
        Standardised.
    sides : int8 array of shape (n,)
        Where the truth lies: on the number (0), above (1) or below it (-1).
    seed
        Of what is drawn: the compounds that choose the noise, and the known ones of very many.

    References
    ----------
    Rasmussen and Williams 2006, sections 2.2 and 5.4.2 (leave-one-out),
    http://gaussianprocess.org/gpml/; Chapelle 2007 (Newton's method on losses with flat sides),
    https://doi.org/10.1162/neco.2007.19.5.1155
    """
    n = len(numbers)
    order = np.random.default_rng(seed).permutation(n)
    drawn = np.sort(order[:MOST])
    known = compounds.take(drawn).capped()
    width = typical_distance(known.dense, seed)
    with one_thread():
        own = Similarity(known, width)(known).astype(np.float64)
        few = np.searchsorted(drawn, np.sort(order[:MOST][:_CHOOSE]))
        noise = _least_noise(own[np.ix_(few, few)], numbers[drawn][few])
        weights, left_out = _solved(own, noise, numbers[drawn], sides[drawn])
    machine = KernelMachine(known, width, weights)
    full = np.empty(n)
    full[drawn] = left_out
    others = np.setdiff1d(np.arange(n), drawn)
    full[others] = machine.predict(compounds.take(others))
    return KernelFit(machine, beyond(full, numbers, sides), full)


def beyond(said: Array, numbers: Array, sides: NDArray[np.int8]) -> Array:
    """Return numbers, limits moved to what was said where that lies on their open side."""
    found = np.where(sides > 0, np.maximum(said, numbers), numbers)
    return np.where(sides < 0, np.minimum(said, numbers), found)


def _solved(
    kernel: Array, noise: float, numbers: Array, sides: NDArray[np.int8]
) -> tuple[Array, Array]:
    """Return weights, and what is said of each compound from all others."""
    from scipy.linalg import cho_factor, cho_solve

    counts = np.ones(len(numbers), dtype=bool)
    for _ in range(_ROUNDS):
        own = np.flatnonzero(counts)
        inner = kernel[np.ix_(own, own)] + noise * np.eye(len(own))
        factor = cho_factor(inner, lower=True, overwrite_a=True)
        weights = np.zeros(len(numbers))
        weights[own] = cho_solve(factor, numbers[own])
        said = kernel @ weights
        wanted = (sides == 0) | (sides * (numbers - said) > 0)
        if (wanted == counts).all():
            break
        counts = wanted
    inverse = np.einsum("ii->i", cho_solve(factor, np.eye(len(own)), overwrite_b=True))
    # A limit that does not count has taught nothing: what is said of it is said without it.
    left_out = said.copy()
    left_out[own] = numbers[own] - weights[own] / inverse
    return weights, left_out


def _least_noise(kernel: Array, numbers: Array) -> float:
    """Return the noise whose closed-form leave-one-out error is smallest.

    The error of a compound is w_i / (K + noise I)^-1_ii, from one decomposition for all noises.
    """
    from scipy.linalg import eigh

    values, vectors = eigh(kernel)
    turned = vectors.T @ numbers
    errors = []
    for noise in NOISES:
        inverse = 1 / (np.maximum(values, 0) + noise)
        weights = vectors @ (inverse * turned)
        diagonal = (vectors**2) @ inverse
        errors.append(float(np.mean((weights / diagonal) ** 2)))
    return NOISES[int(np.argmin(errors))]
