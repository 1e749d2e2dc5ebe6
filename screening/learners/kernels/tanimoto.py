"""The Tanimoto kernel of counts: what two compounds share, of all that either has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# Pairs compared at a time: the working arrays stay in the cache.
_PAIRS = 1 << 18


class TanimotoKernel:
    """Known compounds laid out to be compared with others, many times.

    k(a, b) = sum of min(a_i, b_i) / sum of max(a_i, b_i), from 0 to 1, and 0 for two compounds
    without counts. A count c is the set of the levels 1 to c, so that what two compounds share is
    the number of levels that both have: a product of sparse rows with a matrix of ones and zeros.
    The kernel is positive definite.

    Parameters
    ----------
    known : CSR of whole numbers, shape (n_known, n_columns)
        Counts of substructures, none below 0.

    References
    ----------
    Ralaivola et al. 2005, section 4 (the MinMax kernel),
    https://doi.org/10.1016/j.neunet.2005.07.009
    """

    def __init__(self, known: csr_matrix) -> None:
        n, width = known.shape
        highest = np.zeros(width, dtype=np.int64)
        np.maximum.at(highest, known.indices, known.data)
        self._highest = highest
        self._first = np.concatenate([[0], np.cumsum(highest)])
        self._total = _totals(known)
        # No more is shared than the known compound has: a byte is enough for nearly all.
        kind = np.uint8 if self._total.max(initial=0) <= np.iinfo(np.uint8).max else np.int32
        self._by_level = np.zeros((int(self._first[-1]), n), dtype=kind)
        levels = self._levels(known)
        self._by_level[levels.indices, np.repeat(np.arange(n), np.diff(levels.indptr))] = 1

    def __len__(self) -> int:
        return len(self._total)

    def __call__(self, queries: csr_matrix) -> NDArray[np.float32]:
        """Return the kernel of each query with each known compound, shape (n, n_known).

        A row depends on its query alone.

        Parameters
        ----------
        queries : CSR of whole numbers, shape (n, n_columns)
        """
        out = np.empty((queries.shape[0], len(self)), dtype=np.float32)
        for rows, found in self.blocks(queries):
            out[rows] = found
        return out

    def blocks(self, queries: csr_matrix) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yield the rows of the same a few at a time: which ones, and their kernel."""
        levels, total = self._levels(queries), _totals(queries)
        step = max(1, _PAIRS // max(1, len(self)))
        for start in range(0, queries.shape[0], step):
            rows = slice(start, start + step)
            shared = np.asarray(levels[rows] @ self._by_level, dtype=np.float32)
            either = total[rows, None] + self._total
            either -= shared
            # Two compounds without counts share nothing of nothing.
            yield rows, np.divide(shared, np.maximum(either, 1, out=either), out=shared)

    def _levels(self, counts: csr_matrix) -> csr_matrix:
        """Return which levels each compound has, of those that a known one has."""
        n = counts.shape[0]
        times = np.minimum(counts.data, self._highest[counts.indices]).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(times)])
        level = np.arange(ends[-1]) - np.repeat(ends[:-1], times)
        columns = np.repeat(self._first[counts.indices], times) + level
        ones = np.ones(len(columns), dtype=self._by_level.dtype)
        return csr_matrix((ones, columns, ends[counts.indptr]), shape=(n, int(self._first[-1])))


def tanimoto_kernel(left: csr_matrix, right: csr_matrix) -> NDArray[np.float32]:
    """Return the kernel of all pairs, shape (n_left, n_right); see `TanimotoKernel`."""
    return TanimotoKernel(right)(left)


def capped(counts: csr_matrix, highest: int) -> csr_matrix:
    """Return the same counts, those above `highest` taken as it; with 1, bits."""
    data = np.minimum(counts.data, highest)
    return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def _totals(counts: csr_matrix) -> NDArray[np.float32]:
    return np.asarray(counts.sum(axis=1), dtype=np.float32).ravel()
