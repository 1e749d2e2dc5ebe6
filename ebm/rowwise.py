"""Products whose every row is the same number, whatever other rows it is computed with.

The last bits of a matrix product depend on its shape, and on the number of threads: a library cuts
large and small ones up in different ways. Here every product has the same number of rows, the last
ones being filled up, and one thread, and it is tried out once whether a row then depends on its
place or its company. Where it does not, 32 bits are as good as 64 for scores that must not depend
on how rows come together, at half the cost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csc_matrix, csr_matrix
from threadpoolctl import ThreadpoolController

# Rows of every product.
ROWS = 256
_CACHE_LINE = 64

Array = NDArray[np.floating[Any]]
# From arrays of ROWS rows to one of ROWS rows.
Rowwise = Callable[..., Array]


def by_rows(function: Rowwise, *parts: Array) -> Array:
    """Apply a function to blocks of exactly `ROWS` rows, and return the rows that there are.

    Parameters
    ----------
    function
        From one array a part, of shape (ROWS, its width), to an array of shape (ROWS, ...).
    parts
        Arrays of shape (n, width), n > 0.
    """
    n = len(parts[0])
    whole = [_aligned(ROWS, part) for part in parts]
    found = []
    with one_thread():
        for start in range(0, n, ROWS):
            here = min(ROWS, n - start)
            for block, part in zip(whole, parts, strict=True):
                block[:here] = part[start : start + here]
                block[here:] = 0
            found.append(function(*whole)[:here])
    return np.concatenate(found)


def _aligned(rows: int, like: Array) -> Array:
    """Return an array that begins at the start of a cache line, as every block does."""
    size = rows * like.shape[1] * like.itemsize
    room = np.empty(size + _CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % _CACHE_LINE
    return room[first : first + size].view(like.dtype).reshape(rows, like.shape[1])


def narrowest(make: Callable[[DTypeLike], Rowwise], *widths: int) -> Rowwise:
    """Return the function in 32 bits if its rows stand for themselves here, else in 64 bits.

    Parameters
    ----------
    make
        Makes the function that computes in a type; it is given float32 arrays.
    widths
        Of the arrays it takes.
    """
    single = make(np.float32)
    return single if stands_alone(single, *widths) else make(np.float64)


def stands_alone(function: Rowwise, *widths: int) -> bool:
    """Tell whether rows in another order, and among others, give the same bits."""
    draw = np.random.default_rng(0)
    parts = [draw.random((ROWS, width), dtype=np.float32) for width in widths]
    expected = by_rows(function, *parts)
    order = draw.permutation(ROWS)
    if not np.array_equal(by_rows(function, *(part[order] for part in parts)), expected[order]):
        return False
    few = [np.concatenate([np.zeros_like(part[1:]), part[:1]]) for part in parts]
    return np.array_equal(by_rows(function, *few)[-1], expected[0])


class BitSums:
    """Rows of a matrix, summed over the bits that are on.

    In float32, half the memory to go through: each row's sum is its own, in the order of its
    columns, so that it does not depend on which rows are computed together.

    Parameters
    ----------
    weights : array of shape (n_bits, width)
    """

    def __init__(self, weights: Array) -> None:
        self._weights = np.ascontiguousarray(weights, dtype=np.float32)

    def __call__(self, bits: csr_matrix | csc_matrix) -> NDArray[np.float32]:
        """Return the sums, float32 of shape (n, width).

        Parameters
        ----------
        bits : CSR or CSC of float32, shape (n, n_bits)
        """
        # By column, a weight is read once for all rows that have it; each sum keeps its order.
        return np.asarray(bits.tocsc() @ self._weights, dtype=np.float32)


@cache
def _libraries() -> ThreadpoolController:
    """Return what sets the threads of the libraries of linear algebra that are loaded."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Compute on one thread: the last bits of a matrix product depend on how it was cut up."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited
