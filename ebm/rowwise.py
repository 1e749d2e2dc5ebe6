"""Products whose every row is the same number, whatever other rows it is computed with.

The last bits of a matrix product depend on its shape: a library cuts large and small ones up in
different ways. Here every product has the same number of rows, the last ones being filled up, and
it is tried out once whether a row then depends on its place or its company. Where it does not,
32 bits are as good as 64 for scores that must not depend on how rows come together, at half the
cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, pad

# Rows of every product.
ROWS = 256
_CACHE_LINE = 64
# Outputs summed at a time: the rows of so narrow a table, of some thousand bits, stay in a core's
# own cache, and a sum takes some 40 % of the time that it takes of all 1,024 outputs at once.
_TILE = 64

# From tensors of ROWS rows to one of ROWS rows.
Rowwise = Callable[..., Tensor]


def by_rows(function: Rowwise, *parts: Tensor) -> Tensor:
    """Apply a function to blocks of exactly `ROWS` rows, and return the rows that there are.

    Parameters
    ----------
    function
        From one tensor a part, of shape (ROWS, its width), to a tensor of shape (ROWS, ...).
    parts
        Tensors of shape (n, width), n > 0.
    """
    n = len(parts[0])
    found = []
    for start in range(0, n, ROWS):
        block = [part[start : start + ROWS] for part in parts]
        short = ROWS - len(block[0])
        whole = [pad(part, (0, 0, 0, short)) if short else _aligned(part) for part in block]
        found.append(function(*whole)[: len(block[0])])
    return torch.cat(found)


def _aligned(part: Tensor) -> Tensor:
    """Return what begins at the start of a cache line, as what was tried did: a copy if need be."""
    here = part.is_contiguous() and part.data_ptr() % _CACHE_LINE == 0
    return part if here else part.clone(memory_format=torch.contiguous_format)


def narrowest(make: Callable[[torch.dtype], Rowwise], *widths: int) -> Rowwise:
    """Return the function in 32 bits if its rows stand for themselves here, else in 64 bits.

    Parameters
    ----------
    make
        Makes the function that computes in a type; it is given float32 tensors.
    widths
        Of the tensors it takes.
    """
    single = make(torch.float32)
    return single if stands_alone(single, *widths) else make(torch.float64)


def stands_alone(function: Rowwise, *widths: int) -> bool:
    """Tell whether rows in another order, and among others, give the same bits."""
    generator = torch.Generator().manual_seed(0)
    parts = [torch.rand(ROWS, width, generator=generator) for width in widths]
    expected = function(*(part.clone() for part in parts))
    order = torch.randperm(ROWS, generator=generator)
    if not torch.equal(function(*(part[order] for part in parts)), expected[order]):
        return False
    few = [torch.cat([torch.zeros_like(part[1:]), part[:1]]) for part in parts]
    return torch.equal(function(*few)[-1], expected[0])


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
        self._tiles = [tile.float().contiguous() for tile in torch.split(weights, _TILE, dim=1)]

    def __call__(self, bits: Any) -> Tensor:
        """Return the sums, float32 of shape (n, width).

        Parameters
        ----------
        bits : scipy CSR of float32, shape (n, n_bits)
        """
        if not bits.shape[1]:
            return torch.zeros(bits.shape[0], self._width)
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


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: the last bits of a matrix product depend on how it was cut up."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
