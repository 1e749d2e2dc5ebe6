"""The ensemble: members trained beside each other, scored in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn.functional import embedding_bag

from ebm.dbn import DBN
from screening.model.member import Member, one_thread, train_member
from screening.model.options import ModelOptions


class Job(NamedTuple):
    """What one member is trained on.

    Attributes
    ----------
    x : CSR of shape (n, n_columns)
    y : float32 array of shape (n, n_tasks)
    seed : int
    dbn : DBN, optional
        The pretrained stack that it starts from; random weights without one.
    """

    x: csr_matrix
    y: NDArray[np.float32]
    seed: int
    dbn: DBN | None = None


def train_members(
    jobs: Sequence[Job],
    options: ModelOptions,
    workers: int,
    on_member: Callable[[], None],
) -> list[Member]:
    """Train several members in processes; the result is the same for any number of them.

    Parameters
    ----------
    jobs
        Data and seed of each member.
    options
        Settings shared by all.
    workers
        Processes; with 1 everything happens in this one.
    on_member
        Called as each member is ready, in order.
    """
    calls = (delayed(train_member)(job.x, job.y, options, job.seed, job.dbn) for job in jobs)
    members = []
    for member in Parallel(n_jobs=workers, return_as="generator")(calls):
        on_member()
        members.append(member)
    return members


class Ensemble:
    """Several networks of one shape, as one stack of matrices.

    The first layers stand side by side as one matrix over all columns, with zeros where a member
    does not look: the compounds are read once for all members. Matrix products are in float64, so
    that a score rounded to six places does not depend on which rows were computed together.

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
        self._dense_from = n_columns if dense_from is None else dense_from
        self.members = list(members)
        networks = [member.network for member in members]
        width = networks[0].sizes[1]
        first = torch.zeros(n_columns, len(members) * width, dtype=torch.float64)
        for index, member in enumerate(members):
            block = slice(index * width, (index + 1) * width)
            first[torch.from_numpy(member.columns), block] = _weights(member, 0)
        self._first_bits = first[: self._dense_from].float()
        self._first_dense = first[self._dense_from :]
        self._first_bias = torch.cat([_bias(member, 0) for member in members])
        depth = len(networks[0].sizes) - 1
        self._upper = [
            (
                torch.stack([_weights(m, layer) for m in members]),
                torch.stack([_bias(m, layer) for m in members])[:, None],
            )
            for layer in range(1, depth + 1)
        ]

    def __len__(self) -> int:
        return len(self.members)

    @torch.no_grad()
    def logits(self, x: csr_matrix) -> NDArray[np.float64]:
        """Return every member's logits, shape (n_members, n, n_tasks)."""
        if not x.shape[0]:
            return np.zeros((len(self), 0, self._upper[-1][0].shape[-1]))
        with one_thread():
            dense = torch.from_numpy(x[:, self._dense_from :].toarray()).double()
            field = torch.addmm(self._first_bias, dense, self._first_dense)
            field += self._sum_of_bits(x[:, : self._dense_from])
            state = field.sigmoid_()
            state = state.reshape(x.shape[0], len(self), -1).transpose(0, 1)
            for depth, (weights, bias) in enumerate(self._upper, start=1):
                state = torch.baddbmm(bias, state, weights)
                if depth < len(self._upper):
                    state = torch.sigmoid(state)
        return np.asarray(state.numpy())

    def _sum_of_bits(self, bits: csr_matrix) -> Tensor:
        """Sum the rows of the first matrix whose bits are on, shape (n, n_members · width).

        In float32, half the memory to go through: each row's sum is its own, in the order of its
        columns, so that it does not depend on which rows are computed together.
        """
        if not bits.shape[1]:
            return torch.zeros(bits.shape[0], len(self._first_bias))
        return embedding_bag(
            torch.from_numpy(bits.indices.astype(np.int64)),
            self._first_bits,
            torch.from_numpy(bits.indptr.astype(np.int64)),
            mode="sum",
            per_sample_weights=torch.from_numpy(bits.data),
            include_last_offset=True,
        )


def _weights(member: Member, layer: int) -> Tensor:
    return list(member.network.affines())[layer].weights.detach().double()


def _bias(member: Member, layer: int) -> Tensor:
    return list(member.network.affines())[layer].bias.detach().double()
