"""The layer that reads encoded molecules: sparse bits and dense columns, each in its own way."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from screening.features import Visible


class BitSums:
    """Rows of a matrix, summed over the bits that are on.

    In float32, half the memory to go through: each row's sum is its own, in the order of its
    columns, so that it does not depend on which rows are computed together.

    Parameters
    ----------
    weights : Tensor of shape (n_bits, width)
    """

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights.float().contiguous()

    def __call__(self, x: Visible) -> Tensor:
        """Return the sums, float32 of shape (n, width)."""
        if not self.weights.shape[0]:
            return torch.zeros(len(x), self.weights.shape[1])
        bits = x.bits
        values = None if (bits.data == 1).all() else torch.from_numpy(bits.data)
        return embedding_bag(
            torch.from_numpy(bits.indices.astype(np.int32, copy=False)),
            self.weights,
            torch.from_numpy(bits.indptr.astype(np.int32, copy=False)),
            mode="sum",
            per_sample_weights=values,
            include_last_offset=True,
        )


def dense_part(x: Visible) -> Tensor:
    """Return the dense columns, float32, rows beside each other in memory."""
    return torch.from_numpy(x.dense).contiguous()
