"""The ensemble: several networks, scored in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor

from ebm.network import Activation, activate
from ebm.rowwise import BitSums, by_rows, narrowest, one_thread
from screening.features import Visible, as_visible
from screening.learners.member import Member


class Ensemble:
    """Several networks of one shape, as one stack of matrices.

    The first layers stand side by side as one matrix over all columns, with zeros where a member
    does not look: the compounds are read once for all members. A row's logits are its own, whatever
    rows it is computed with (see `ebm.rowwise`).

    Parameters
    ----------
    members : sequence of Member
    n_columns : int
        Width of the encoded matrix.
    dense_from : int, optional
        Columns from here on are rarely zero and are multiplied as a dense block; none when None.
    """

    def __init__(
        self, members: Sequence[Member], n_columns: int, dense_from: int | None = None
    ) -> None:
        self._n_columns = n_columns
        self._dense_from = n_columns if dense_from is None else dense_from
        self.members = list(members)
        networks = [member.network for member in members]
        width = networks[0].sizes[1]
        first = torch.zeros(n_columns, len(members) * width, dtype=torch.float64)
        for index, member in enumerate(members):
            block = slice(index * width, (index + 1) * width)
            first[torch.from_numpy(member.columns), block] = _weights(member, 0)
        bias = torch.cat([_bias(member, 0) for member in members])
        upper = [
            (
                torch.stack([_weights(m, layer) for m in members]),
                torch.stack([_bias(m, layer) for m in members])[:, None],
            )
            for layer in range(1, len(networks[0].sizes))
        ]
        self.n_tasks = upper[-1][0].shape[-1]
        self._sum_of_bits = BitSums(first[: self._dense_from])
        dense = first[self._dense_from :]
        with one_thread(), torch.no_grad():
            (activation,) = {kind for network in networks for kind in network.activations}
            forward = partial(_Forward, dense, bias, upper, activation)
            self._forward = narrowest(forward, *dense.shape)

    def __len__(self) -> int:
        return len(self.members)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Made anew in the process that it is sent to, with the products that are right there.
        return Ensemble, (self.members, self._n_columns, self._dense_from)

    @torch.no_grad()
    def logits(self, x: csr_matrix | Visible) -> NDArray[np.float64]:
        """Return every member's logits, shape (n_members, n, n_tasks).

        Parameters
        ----------
        x : CSR of shape (n, n_columns), or the same as an encoder of these columns splits it
        """
        seen = as_visible(x, self._dense_from)
        if not len(seen):
            return np.zeros((len(self), 0, self.n_tasks))
        with one_thread():
            dense = torch.from_numpy(seen.dense).contiguous()
            found = by_rows(self._forward, dense, self._sum_of_bits(seen.bits))
        return np.ascontiguousarray(found.double().numpy().transpose(1, 0, 2))


class _Forward:
    """From the dense columns and the sums of bits to logits, in a type.

    Parameters
    ----------
    dense : Tensor of shape (n_dense, n_members · width)
    bias : Tensor of shape (n_members · width,)
    upper : list of (Tensor, Tensor)
        Weights of shape (n_members, n_in, n_out) and biases of shape (n_members, 1, n_out).
    activation : str
        Of all hidden layers.
    dtype
    """

    def __init__(
        self,
        dense: Tensor,
        bias: Tensor,
        upper: Sequence[tuple[Tensor, Tensor]],
        activation: Activation,
        dtype: torch.dtype,
    ) -> None:
        self._activation = activation
        self._dtype = dtype
        self._dense, self._bias = dense.to(dtype), bias.to(dtype)
        self._upper = [(weights.to(dtype), bias.to(dtype)) for weights, bias in upper]

    def __call__(self, dense: Tensor, sums: Tensor) -> Tensor:
        """Return logits of shape (n, n_members, n_tasks)."""
        field = torch.addmm(self._bias, dense.to(self._dtype), self._dense)
        field += sums
        members = self._upper[0][0].shape[0]
        hidden = activate(field, self._activation)
        state = hidden.reshape(len(dense), members, -1).transpose(0, 1)
        for weights, bias in self._upper[:-1]:
            state = activate(torch.baddbmm(bias, state, weights), self._activation)
        weights, bias = self._upper[-1]
        return torch.baddbmm(bias, state, weights).transpose(0, 1)


def _weights(member: Member, layer: int) -> Tensor:
    return list(member.network.affines())[layer].weights.detach().double()


def _bias(member: Member, layer: int) -> Tensor:
    return list(member.network.affines())[layer].bias.detach().double()
