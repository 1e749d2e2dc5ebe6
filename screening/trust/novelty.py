"""The free-energy novelty: how unlike the training compounds a molecule looks to an RBM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csr_matrix
from scipy.special import logit

from ebm.plain import PlainRBM
from ebm.rowwise import BitSums, Rowwise, by_rows, narrowest
from screening.features.visible import Visible, as_visible

# From here on softplus is linear to the last bit, and products of exponentials stay finite.
_LINEAR = 50.0

Array = NDArray[np.floating[Any]]


@dataclass
class Novelty:
    """An RBM of the training compounds, read as a distance.

    The score is -(-F(v) - log p_independent(v)), less its mean over the training compounds: how
    much less the structure of the training set explains the molecule than its single bits do. The
    independent-bit part takes out the size of the molecule, which decides F alone.

    Attributes
    ----------
    rbm : PlainRBM
    bit_logits : float64 array of shape (n_columns,)
        Log odds of each column in the training set, smoothed.
    centre : float
        Mean over the training compounds, in nats.
    implied : CSR of shape (n_bits, n_bits), optional
        Which of the first columns are on where one is: those are not summed one by one.
    """

    rbm: PlainRBM
    bit_logits: NDArray[np.float64]
    centre: float = 0.0
    implied: csr_matrix | None = None

    def __call__(self, x: csr_matrix | Visible) -> NDArray[np.float64]:
        """Return the novelty of each row in nats, shape (n,); larger is stranger.

        Parameters
        ----------
        x : CSR of shape (n, n_columns), or the same as an encoder of these columns splits it
        """
        width = len(self.bit_logits) if self.implied is None else self.implied.shape[0]
        seen = as_visible(x, width, self.implied)
        if not len(seen):
            return np.zeros(0)
        n_bits = seen.tops.shape[1]
        sum_of_bits, forward = self._split_at(n_bits)
        hidden = by_rows(forward, seen.dense, sum_of_bits(seen.by_column))
        linear = seen.tops @ self._together(self._linear[:n_bits])
        linear += seen.dense @ self._linear[n_bits:]
        explained = hidden + linear + self._independent_log_partition
        return np.asarray(-explained) - self.centre

    def __post_init__(self) -> None:
        rbm = self.rbm
        self._linear = rbm.visible_bias.astype(np.float64) - self.bit_logits
        self._independent_log_partition = float(np.logaddexp(0, self.bit_logits).sum())

        @cache
        def split_at(n_bits: int) -> tuple[BitSums, Rowwise]:
            dense = rbm.weights[n_bits:]
            return BitSums(self._together(rbm.weights[:n_bits])), narrowest(
                partial(_Hidden, dense, rbm.hidden_bias, rbm.shifts), *dense.shape
            )

        self._split_at = split_at

    def _together(self, weights: Array) -> Array:
        """Return the weights of each bit with those of the bits that it implies."""
        return weights if self.implied is None else self.implied @ weights

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Made anew in the process that it is sent to, with the products that are right there.
        return Novelty, (self.rbm, self.bit_logits, self.centre, self.implied)


class _Hidden:
    """What the hidden units add to minus the free energy, in a type; summed in 64 bits.

    Parameters
    ----------
    dense : array of shape (n_dense, n_hidden)
    bias : array of shape (n_hidden,)
    shifts : array of shape (n_copies,)
        Of the biases of the bits that make up a unit.
    dtype
    """

    def __init__(
        self, dense: Array, bias: Array, shifts: NDArray[np.float64], dtype: DTypeLike
    ) -> None:
        self._dtype = dtype
        self._dense, self._bias, self._shifts = dense.astype(dtype), bias.astype(dtype), shifts

    def __call__(self, dense: Array, sums: Array) -> NDArray[np.float64]:
        """Return the sum of softplus of all bits' fields, float64 of shape (n,)."""
        field = dense.astype(self._dtype, copy=False) @ self._dense
        field += self._bias
        field += sums
        return np.asarray(_softplus_sum(field.astype(np.float64), self._shifts).sum(axis=1))


def _softplus_sum(field: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Σ log(1 + exp(field + shift)) over the shifts, none above 0: one logarithm for all.

    Eight factors of up to exp(50) are a number that 64 bits hold; beyond, each is linear.
    """
    beyond = np.maximum(field - _LINEAR, 0)
    rise = np.exp(field - beyond)
    total = np.zeros_like(field)
    for start in range(0, len(shifts), 8):
        product = np.ones_like(field)
        for shift in shifts[start : start + 8]:
            product *= 1 + np.exp(shift) * rise
        total += np.log(product)
    return total + len(shifts) * beyond


def read_novelty(rbm: PlainRBM, x: csr_matrix) -> Novelty:
    """Read an RBM that was trained on all columns of these compounds as a distance to them."""
    mean = (np.asarray(x.sum(axis=0), dtype=np.float64).ravel() + 1) / (x.shape[0] + 2)
    novelty = Novelty(rbm, logit(mean))
    novelty.centre = float(novelty(x).mean())
    return novelty


def percentile_among(
    values: NDArray[np.float64], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of `known` (ascending) below or equal to each value, in percent."""
    return np.asarray(100 * np.searchsorted(known, values, side="right") / len(known))
