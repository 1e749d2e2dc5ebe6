"""Nearest training compounds: exact Tanimoto similarity of packed bits, as a sparse product."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Packed = NDArray[np.uint8]
# Is told similarities as they are computed: which queries, which known compounds, and those of all
# pairs. They are its own to write in.
OnSimilarities = Callable[[slice, slice, NDArray[np.float32]], None]
# Pairs compared at a time; keeps the working arrays within a few tens of megabytes.
_PAIRS = 1 << 17
# Known compounds whose bits are laid out at a time: 8 MB of bytes.
_KNOWN = 4096
# Up to so many stay laid out, 32 MB; more are laid out again for every call.
_KEPT = 4 * _KNOWN
# Up to so many queries are compared with these word by word: laying out takes longer.
_FEW = 16


def tanimoto(left: Packed, right: Packed) -> NDArray[np.float32]:
    """Return |a and b| / |a or b| of all pairs, shape (n_left, n_right); 0 for two empty sets.

    Parameters
    ----------
    left, right : uint8 arrays of shape (n, n_bytes)
        Packed fingerprints; n_bytes must be a multiple of 8.
    """
    a, b = np.ascontiguousarray(left).view(np.uint64), np.ascontiguousarray(right).view(np.uint64)
    shared = np.bitwise_count(a[:, None, :] & b[None, :, :]).sum(axis=2, dtype=np.int32)
    on_a = np.bitwise_count(a).sum(axis=1, dtype=np.int32)
    on_b = np.bitwise_count(b).sum(axis=1, dtype=np.int32)
    union = on_a[:, None] + on_b[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1), dtype=np.float32)


def nearest(queries: Packed, known: Packed) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the index and similarity of each query's most similar known compound.

    Of equally similar ones the first is taken. Whoever asks often keeps a `NeighbourIndex`.
    """
    return NeighbourIndex(known).nearest(queries)


class NeighbourIndex:
    """Compounds laid out to be asked for the nearest one, many times.

    The number of shared bits is a product of the queries' bits, which are few, with a matrix of all
    known ones: a sum of some fifty rows of small integers instead of a comparison of every word.

    Parameters
    ----------
    packed : uint8 array of shape (n, n_bytes)
    """

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._kept: list[_Block] | None = None

    def nearest(
        self,
        queries: Packed,
        *,
        but: NDArray[np.int64] | None = None,
        on_similarities: OnSimilarities | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the index and similarity of each query's most similar compound, 0 and 0 if none.

        Of equally similar ones the first is taken.

        Parameters
        ----------
        queries : uint8 array of shape (n, n_bytes)
        but : int64 array of shape (n,), optional
            A compound for each query that does not count: itself, where it is one of those known.
        on_similarities : callable, optional
            Is told all of them, a few at a time; without `but`.
        """
        index = np.zeros(len(queries), dtype=np.int64)
        similarity = np.zeros(len(queries), dtype=np.float32)
        if not len(queries) or not len(self._packed):
            return index, similarity
        if len(self._packed) > _KEPT and len(queries) <= _FEW:
            for row in range(len(queries)):
                (ratio,) = tanimoto(queries[row : row + 1], self._packed)
                if but is not None:
                    ratio[but[row]] = 0
                index[row] = ratio.argmax()
                similarity[row] = ratio[index[row]]
                if on_similarities is not None:
                    on_similarities(slice(row, row + 1), slice(0, len(ratio)), ratio[None])
            return index, similarity
        bits = _as_rows(queries)
        on = np.diff(bits.indptr).astype(np.float32)
        for block in self._blocks():
            step = max(1, _PAIRS // len(block.on))
            for start in range(0, len(queries), step):
                rows = slice(start, start + step)
                shared = np.asarray(bits[rows] @ block.by_bit)
                union = on[rows, None] + block.on
                union -= shared
                # A float32 division of whole numbers is what `tanimoto` rounds its float64 one to.
                ratio = np.divide(shared, union, out=union)
                if but is not None:
                    own = but[rows] - block.first
                    here = np.flatnonzero((own >= 0) & (own < len(block.on)))
                    ratio[here, own[here]] = -1
                best = ratio.argmax(axis=1)
                found = ratio[np.arange(len(best)), best]
                better = found > similarity[rows]
                index[rows][better] = block.first + best[better]
                similarity[rows][better] = found[better]
                if on_similarities is not None:
                    on_similarities(rows, slice(block.first, block.first + len(block.on)), ratio)
        return index, similarity

    def _blocks(self) -> Iterable[_Block]:
        if self._kept is not None:
            return self._kept
        made = (_laid_out(self._packed, first) for first in range(0, len(self._packed), _KNOWN))
        if len(self._packed) > _KEPT:
            return made
        self._kept = list(made)
        return self._kept


class _Block(NamedTuple):
    """Some known compounds: number of the first, bits of each, and one row a bit."""

    first: int
    on: NDArray[np.float32]
    by_bit: NDArray[np.integer[Any]]


def _laid_out(packed: Packed, first: int) -> _Block:
    bits = np.unpackbits(packed[first : first + _KNOWN], axis=1)
    on = bits.sum(axis=1, dtype=np.int64)
    # No more bits are shared than the known compound has; a byte is enough for nearly all.
    small = np.uint8 if on.max() <= np.iinfo(np.uint8).max else np.int16
    # An empty set shares nothing: with one bit it is as unlike, and no union is empty.
    return _Block(first, np.maximum(on, 1).astype(np.float32), np.ascontiguousarray(bits.T, small))


def _as_rows(packed: Packed) -> csr_matrix:
    n_bits = 8 * packed.shape[1]
    places = np.flatnonzero(np.unpackbits(packed, axis=None).view(bool))
    counts = np.bitwise_count(packed).sum(axis=1, dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(counts)])
    ones = np.ones(len(places), np.uint8)
    return csr_matrix((ones, (places % n_bits).astype(np.int32), ends), shape=(len(packed), n_bits))
