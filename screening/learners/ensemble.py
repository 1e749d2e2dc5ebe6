"""The ensemble: several networks, scored in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csr_matrix

from ebm.plain import Activation, activate
from ebm.rowwise import BitSums, by_rows, narrowest
from screening.features.visible import Visible, as_visible
from screening.learners.member import Member

Array = NDArray[np.floating[Any]]


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
    implied : CSR of shape (dense_from, dense_from), optional
        Which of the columns before are on where one is: a row of weights then stands for all that
        its column implies.
    """

    def __init__(
        self,
        members: Sequence[Member],
        n_columns: int,
        dense_from: int | None = None,
        implied: csr_matrix | None = None,
    ) -> None:
        self._n_columns = n_columns
        self._dense_from = n_columns if dense_from is None else dense_from
        self._implied = implied
        self.members = list(members)
        networks = [member.network for member in members]
        width = networks[0].sizes[1]
        first = np.zeros((n_columns, len(members) * width), dtype=np.float32)
        for index, member in enumerate(members):
            block = slice(index * width, (index + 1) * width)
            first[member.columns, block] = member.network.weights[0]
            if implied is not None:
                first[: self._dense_from, block] = implied @ first[: self._dense_from, block]
        bias = np.concatenate([network.biases[0] for network in networks])
        upper = [
            (
                np.stack([network.weights[layer] for network in networks]),
                np.stack([network.biases[layer] for network in networks])[:, None],
            )
            for layer in range(1, len(networks[0].weights))
        ]
        self.n_tasks = networks[0].n_outputs
        self._sum_of_bits = BitSums(first[: self._dense_from])
        dense = first[self._dense_from :]
        (activation,) = {kind for network in networks for kind in network.activations}
        forward = partial(_Forward, dense.copy(), bias, upper, activation)
        self._forward = narrowest(forward, *dense.shape)

    def __len__(self) -> int:
        return len(self.members)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Made anew in the process that it is sent to, with the products that are right there.
        return Ensemble, (self.members, self._n_columns, self._dense_from, self._implied)

    def logits(self, x: csr_matrix | Visible) -> NDArray[np.float64]:
        """Return every member's logits, shape (n_members, n, n_tasks).

        Parameters
        ----------
        x : CSR of shape (n, n_columns), or the same as an encoder of these columns splits it
        """
        seen = as_visible(x, self._dense_from, self._implied)
        if not len(seen):
            return np.zeros((len(self), 0, self.n_tasks))
        found = by_rows(self._forward, seen.dense, self._sum_of_bits(seen.by_column))
        return np.ascontiguousarray(found.transpose(1, 0, 2), dtype=np.float64)

    def last_hidden(self, x: csr_matrix) -> NDArray[np.float32]:
        """Return the states of every member's last hidden layer, shape (n_members, n, n_last).

        Parameters
        ----------
        x : CSR of shape (n, n_columns)
        """
        return np.stack([m.network.last_hidden(x[:, m.columns]) for m in self.members])


class _Forward:
    """From the dense columns and the sums of bits to logits, in a type.

    Parameters
    ----------
    dense : array of shape (n_dense, n_members · width)
    bias : array of shape (n_members · width,)
    upper : list of (array, array)
        Weights of shape (n_members, n_in, n_out) and biases of shape (n_members, 1, n_out).
    activation : str
        Of all hidden layers.
    dtype
    """

    def __init__(
        self,
        dense: Array,
        bias: Array,
        upper: Sequence[tuple[Array, Array]],
        activation: Activation,
        dtype: DTypeLike,
    ) -> None:
        self._activation = activation
        self._dtype = dtype
        self._dense, self._bias = dense.astype(dtype), bias.astype(dtype)
        self._upper = [(weights.astype(dtype), bias.astype(dtype)) for weights, bias in upper]

    def __call__(self, dense: Array, sums: Array) -> Array:
        """Return logits of shape (n, n_members, n_tasks)."""
        field = dense.astype(self._dtype, copy=False) @ self._dense
        field += self._bias
        field += sums
        members = len(self._upper[0][0])
        hidden = activate(field, self._activation)
        state = hidden.reshape(len(dense), members, -1).transpose(1, 0, 2)
        for weights, bias in self._upper[:-1]:
            state = activate(state @ weights + bias, self._activation)
        weights, bias = self._upper[-1]
        return (state @ weights + bias).transpose(1, 0, 2)
