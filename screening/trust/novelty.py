"""The free-energy novelty: how unlike the training compounds a molecule looks to an RBM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from ebm import RBM
from ebm.rowwise import BitSums, Rowwise, by_rows, narrowest, one_thread
from ebm.units import NReLU, Unit
from screening.features import Visible, as_visible


@dataclass
class Novelty:
    """An RBM of the training compounds, read as a distance.

    The score is -(-F(v) - log p_independent(v)), less its mean over the training compounds: how
    much less the structure of the training set explains the molecule than its single bits do. The
    independent-bit part takes out the size of the molecule, which decides F alone.

    Attributes
    ----------
    rbm : RBM
    bit_logits : float64 array of shape (n_columns,)
        Log odds of each column in the training set, smoothed.
    centre : float
        Mean over the training compounds, in nats.
    """

    rbm: RBM
    bit_logits: NDArray[np.float64]
    centre: float = 0.0

    @torch.no_grad()
    def __call__(self, x: csr_matrix | Visible) -> NDArray[np.float64]:
        """Return the novelty of each row in nats, shape (n,); larger is stranger.

        Parameters
        ----------
        x : CSR of shape (n, n_columns), or the same as an encoder of these columns splits it
        """
        seen = as_visible(x, len(self.bit_logits))
        if not len(seen):
            return np.zeros(0)
        n_bits = seen.bits.shape[1]
        sum_of_bits, forward = self._split_at(n_bits)
        with one_thread():
            hidden = by_rows(
                forward, torch.from_numpy(seen.dense).contiguous(), sum_of_bits(seen.bits)
            )
        linear = seen.bits @ self._linear[:n_bits] + seen.dense @ self._linear[n_bits:]
        explained = hidden.numpy() + linear + self._independent_log_partition
        return np.asarray(-explained) - self.centre

    def __post_init__(self) -> None:
        weights = self.rbm.weights.detach().double()
        bias = self.rbm.hidden.bias.detach().double()
        shifts = _shifts(self.rbm.hidden)
        bit_logits = torch.from_numpy(self.bit_logits)
        self._linear = (self.rbm.visible.bias.detach().double() - bit_logits).numpy()
        self._independent_log_partition = float(torch.nn.functional.softplus(bit_logits).sum())

        @cache
        def split_at(n_bits: int) -> tuple[BitSums, Rowwise]:
            dense = weights[n_bits:]
            return BitSums(weights[:n_bits]), narrowest(
                partial(_Hidden, dense, bias, shifts), *dense.shape
            )

        self._split_at = split_at

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Made anew in the process that it is sent to, with the products that are right there.
        return Novelty, (self.rbm, self.bit_logits, self.centre)


class _Hidden:
    """What the hidden units add to minus the free energy, in a type; summed in 64 bits.

    Parameters
    ----------
    dense : Tensor of shape (n_dense, n_hidden)
    bias : Tensor of shape (n_hidden,)
    shifts : list of float
        Of the biases of the bits that make up a unit.
    dtype
    """

    def __init__(
        self, dense: Tensor, bias: Tensor, shifts: list[float], dtype: torch.dtype
    ) -> None:
        self._dtype = dtype
        self._dense, self._bias, self._shifts = dense.to(dtype), bias.to(dtype), shifts

    def __call__(self, dense: Tensor, sums: Tensor) -> Tensor:
        """Return the sum of softplus of all bits' fields, float64 of shape (n,)."""
        field = torch.addmm(self._bias, dense.to(self._dtype), self._dense)
        field += sums
        total = torch.zeros(len(dense), dtype=torch.float64)
        for shift in self._shifts:
            total += torch.nn.functional.softplus(field + shift).sum(dim=1, dtype=torch.float64)
        return total


def _shifts(hidden: Unit) -> list[float]:
    """Return by how much the biases of a unit's bits differ: a rectified unit is a sum of bits."""
    return hidden.shifts.tolist() if isinstance(hidden, NReLU) else [0.0]


def read_novelty(rbm: RBM, x: csr_matrix) -> Novelty:
    """Read an RBM that was trained on all columns of these compounds as a distance to them."""
    mean = (np.asarray(x.sum(axis=0), dtype=np.float64).ravel() + 1) / (x.shape[0] + 2)
    novelty = Novelty(rbm, torch.logit(torch.from_numpy(mean)).numpy())
    novelty.centre = float(novelty(x).mean())
    return novelty


def percentile_among(
    values: NDArray[np.float64], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of `known` (ascending) below or equal to each value, in percent."""
    return np.asarray(100 * np.searchsorted(known, values, side="right") / len(known))
