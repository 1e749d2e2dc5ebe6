"""Contrastive divergence that reconstructs, of sparse bits, the columns in use and some others.

A few rows of sparse bits (`ROWS_TOGETHER` of the minibatch at a time) are off together in most
columns. Let P be the columns that are on in one of them, and S a sample of k of the n others, drawn
evenly without replacement. The visible states are drawn in P and S only, and stand for all columns
with importance weights:

    v̂_j = v'_j for j in P,   (n/k)·v'_j for j in S,   0 elsewhere,   v'_j ~ p(v_j | h).

Each of the n columns is in S with probability k/n, so E_S[v̂] = v': the visible states, the hidden
field v̂·W, and the product v̂·gᵀ with any g that does not depend on S, have the mean of a whole
reconstruction, and so has the gradient by the visible biases. The gradients by W and by the hidden
biases contain h' = E[h | v̂], and have that mean up to the curvature of the hidden units' mean: an
error of second order in the deviation of the field, whose variance over S is, for hidden unit i,

    Var(v̂·W_i) = n (n - k) / k · (variance over the columns j outside P of v'_j W_ji),

with the variance as a mean of squares over n - 1. It vanishes as k goes to n, and is small where
few of the bits that the machine turns on are outside P. With k = n the reconstruction is whole.

References
----------
Dauphin, Glorot, Bengio (2011), "Large-scale learning of embeddings with reconstruction sampling",
ICML (all ones and some zeros, with importance weights, for autoencoders).
Dauphin, Bengio (2013), "Stochastic ratio matching of RBMs for sparse high-dimensional inputs", NIPS
26 (the same for the ratio matching of RBMs). Here the sample is one for all rows that are taken
together, so that products stay products of matrices, and the criterion is contrastive divergence.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.sparse import csr_of_dense, csr_with, stack_rows
from ebm.units.bernoulli import sample_bits

# Few rows leave many columns out; many rows make the products of matrices worth their price.
ROWS_TOGETHER = 128


class SampledColumns(NamedTuple):
    """Columns to reconstruct.

    Attributes
    ----------
    places : int64 Tensor of shape (m,)
    weights : Tensor of shape (m,)
        1 in P, n/k in S.
    """

    places: Tensor
    weights: Tensor


def reconstruct_sparsely(
    rbm: RBM,
    data: Tensor,
    data_field: Tensor,
    *,
    share: float,
    steps: int,
    generator: torch.Generator,
) -> Tensor:
    """Visible states v̂ of every row of a minibatch, sparse CSR of shape (n, n_visible).

    Parameters
    ----------
    rbm : RBM
        With Bernoulli visible units, on the CPU.
    data : sparse CSR Tensor of shape (n, n_visible)
        The minibatch.
    data_field : Tensor of shape (n, n_hidden)
        Its v·W.
    share : float
        Of the columns outside P that are in S, in (0, 1]; k is rounded up.
    steps : int
        Sweeps h -> v, the k of CD-k; all of them in the same columns.
    generator : torch.Generator
    """
    hidden = rbm.hidden.sample(data_field, generator)
    parts = []
    pointers = data.crow_indices().tolist()
    for start in range(0, data.shape[0], ROWS_TOGETHER):
        stop = min(start + ROWS_TOGETHER, data.shape[0])
        used = data.col_indices()[pointers[start] : pointers[stop]]
        columns = draw_columns(used, data_field, rbm.visible.size, share, generator)
        parts.append(_sweeps(rbm, columns, hidden[start:stop], steps, generator))
    return stack_rows(parts)


def draw_columns(
    used: Tensor, like: Tensor, n_columns: int, share: float, generator: torch.Generator
) -> SampledColumns:
    """Take every used column, and a share of the others.

    Parameters
    ----------
    used : integer Tensor
        Columns of the entries, with repetitions.
    like : Tensor
        Of the number type that the weights get.
    n_columns : int
    share : float
    generator : torch.Generator
    """
    seen = np.zeros(n_columns, dtype=bool)
    seen[used.numpy()] = True
    there, others = (torch.from_numpy(np.flatnonzero(part)) for part in (seen, ~seen))
    count = math.ceil(share * len(others))
    drawn = others[torch.randperm(len(others), generator=generator)[:count]]
    weights = like.new_ones(len(there) + count)
    weights[len(there) :] = len(others) / max(count, 1)
    return SampledColumns(torch.cat([there, drawn]), weights)


def _sweeps(
    rbm: RBM, columns: SampledColumns, hidden: Tensor, steps: int, generator: torch.Generator
) -> Tensor:
    """Visible states after k sweeps, the first of which has got as far as its hidden states."""
    weights = rbm.weights.index_select(0, columns.places)
    bias = rbm.visible.bias.index_select(0, columns.places)
    for left in reversed(range(steps)):
        drawn = csr_of_dense(sample_bits(torch.addmm(bias, hidden, weights.T), generator))
        index = drawn.col_indices()
        states = csr_with(
            drawn, columns.places[index], columns.weights[index], n_columns=rbm.visible.size
        )
        if left:
            hidden = rbm.sample_hidden(states, generator)
    return states
