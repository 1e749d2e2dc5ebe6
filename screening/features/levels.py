"""Counts as bits: a column for each level that enough molecules reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# Of each block, the used columns of each level.
Used = Mapping[str, Sequence[NDArray[np.int64]]]


class Levels:
    """Which column each level of each count is.

    Columns are those of the first block's first level, its second level, and so on. A count that
    reaches a level reaches the lower ones: it is told by its highest level alone, and the other
    bits are implied. A sum of one row a bit is then one of a row a count.

    Parameters
    ----------
    thresholds : sequence of int
        Levels of the thermometer.
    used : mapping of str to sequence of int64 arrays
        Of each block, the columns that each level has.
    """

    def __init__(self, thresholds: Sequence[int], used: Used) -> None:
        self._order = np.argsort(thresholds, kind="stable")
        self._thresholds = [thresholds[level] for level in self._order]
        self._used = used
        self._places: dict[tuple[str, int], NDArray[np.int32]] = {}
        sizes = {name: list(map(len, per_level)) for name, per_level in used.items()}
        ends = np.cumsum([0, *(size for own in sizes.values() for size in own)])
        self._starts = dict(zip(used, ends[:-1].reshape(len(used), len(thresholds)), strict=True))
        self.n_bits = int(ends[-1])

    @cached_property
    def implied(self) -> csr_matrix:
        """Which bits are on where one is, itself among them: ones, shape (n_bits, n_bits)."""
        own = np.arange(self.n_bits)
        high, low = [own], [own]
        for name, per_level in self._used.items():
            for lower, higher in combinations(self._order, 2):
                _, below, above = np.intersect1d(
                    per_level[lower], per_level[higher], return_indices=True
                )
                low.append(self._starts[name][lower] + below)
                high.append(self._starts[name][higher] + above)
        pairs = (np.concatenate(high), np.concatenate(low))
        ones = np.ones(len(pairs[0]), dtype=np.float32)
        return csr_matrix((ones, pairs), shape=(self.n_bits, self.n_bits))

    def tops(self, counts: Mapping[str, csr_matrix]) -> csr_matrix:
        """Return the highest bit of each count that has any, as CSR of float32 ones.

        The bits of a row are not sorted.
        """
        n = next(iter(counts.values())).shape[0] if counts else 0
        found = []
        for name, block in counts.items():
            rank = np.zeros(len(block.data), dtype=np.int32)
            for threshold in self._thresholds:
                rank += block.data >= threshold
            at = self._place(name, block.shape[1])[rank, block.indices]
            kept = at >= 0
            until = np.concatenate([[0], np.cumsum(kept)])
            found.append((at[kept], np.diff(until[block.indptr])))
        return _side_by_side(found, n, self.n_bits)

    def _place(self, name: str, width: int) -> NDArray[np.int32]:
        """Return the column of each count that passes so many thresholds, or -1."""
        if (name, width) not in self._places:
            place = np.full((1 + len(self._order), width), -1, dtype=np.int32)
            for rank, level in enumerate(self._order, start=1):
                columns = self._used[name][level]
                place[rank] = place[rank - 1]
                place[rank, columns] = self._starts[name][level] + np.arange(len(columns))
            self._places[name, width] = place
        return self._places[name, width]


def tops_among(bits: csr_matrix, implied: csr_matrix) -> csr_matrix:
    """Return those of the bits that no other one implies.

    Parameters
    ----------
    bits : CSR of float32 ones, shape (n, n_bits)
        With each bit, those that it implies.
    implied : CSR of shape (n_bits, n_bits)
        See `Levels`.
    """
    # How many bits that are on imply each, itself counted once.
    by_how_many = csr_matrix(bits @ implied)
    by_how_many.data = (by_how_many.data == 1).astype(np.float32)
    by_how_many.eliminate_zeros()
    return by_how_many


def thermometer_bits(
    counts: Mapping[str, csr_matrix], thresholds: Sequence[int], used: Used
) -> csr_matrix:
    """Return the bits `count >= level` of the used columns, as CSR of float32 ones.

    The columns are those of the first block's first level, its second level, and so on.
    """
    n = next(iter(counts.values())).shape[0] if counts else 0
    found: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    width = 0
    for name, block in counts.items():
        rows = np.repeat(np.arange(n, dtype=np.int32), np.diff(block.indptr))
        for level, columns in zip(thresholds, used[name], strict=True):
            place = np.full(block.shape[1], -1, dtype=np.int32)
            place[columns] = width + np.arange(len(columns))
            high = slice(None) if level <= 1 else np.flatnonzero(block.data >= level)
            at = place[block.indices[high]]
            kept = at >= 0
            found.append((at[kept], np.bincount(rows[high][kept], minlength=n)))
            width += len(columns)
    return _side_by_side(found, n, width)


def _side_by_side(
    parts: Sequence[tuple[NDArray[np.int32], NDArray[np.int64]]], n: int, width: int
) -> csr_matrix:
    """Put blocks of ones beside each other: each block's columns by row, and how many a row has."""
    per_row = np.sum([counts for _, counts in parts], axis=0, dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(per_row)]) if parts else np.zeros(n + 1, dtype=np.int64)
    columns = np.empty(int(ends[-1]), dtype=np.int32)
    free = ends[:-1].copy()
    for own, counts in parts:
        before = np.cumsum(counts) - counts
        columns[np.arange(len(own)) + np.repeat(free - before, counts)] = own
        free += counts
    ones = np.ones(len(columns), dtype=np.float32)
    return csr_matrix((ones, columns, ends), shape=(n, width))
