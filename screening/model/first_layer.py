"""The layer that reads encoded molecules: sparse bits and dense columns, each in its own way."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from screening.features import Visible

# Outputs summed at a time: the rows of so narrow a table, of some thousand bits, stay in a core's
# own cache, and a sum takes some 40 % of the time that it takes of all 1,024 outputs at once.
_TILE = 64


class BitSums:
    """Rows of a matrix, summed over the bits that are on.

    In float32, half the memory to go through: each row's sum is its own, in the order of its
    columns, so that it does not depend on which rows are computed together.

    Parameters
    ----------
    weights : Tensor of shape (n_bits, width)
    """

    def __init__(self, weights: Tensor) -> None:
        self._width = weights.shape[1]
        self._tiles = [tile.float().contiguous() for tile in weights.split(_TILE, dim=1)]

    def __call__(self, x: Visible) -> Tensor:
        """Return the sums, float32 of shape (n, width)."""
        bits = x.bits
        if not bits.shape[1]:
            return torch.zeros(len(x), self._width)
        columns = torch.from_numpy(bits.indices.astype(np.int32, copy=False))
        ends = torch.from_numpy(bits.indptr.astype(np.int32, copy=False))
        values = None if (bits.data == 1).all() else torch.from_numpy(bits.data)
        sums = [
            embedding_bag(
                columns,
                tile,
                ends,
                mode="sum",
                per_sample_weights=values,
                include_last_offset=True,
            )
            for tile in self._tiles
        ]
        return torch.cat(sums, dim=1)


def dense_part(x: Visible) -> Tensor:
    """Return the dense columns, float32, rows beside each other in memory."""
    return torch.from_numpy(x.dense).contiguous()
