"""Nearest training compounds: exact Tanimoto similarity by popcount on packed bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Packed = NDArray[np.uint8]
# Pairs compared at a time; keeps the working arrays within a few tens of megabytes.
_PAIRS = 1 << 17
# Known compounds whose bits are laid out at a time: 16 MB of int16.
_KNOWN = 4096


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

    Of equally similar ones the first is taken. The number of shared bits is a product of the
    queries' bits, which are few, with a matrix of all known ones: a sum of some forty rows of small
    integers instead of a comparison of every word.
    """
    index = np.zeros(len(queries), dtype=np.int64)
    similarity = np.zeros(len(queries), dtype=np.float32)
    if not len(queries) or not len(known):
        return index, similarity
    bits = _as_rows(queries)
    on = np.diff(bits.indptr).astype(np.float32)
    for first in range(0, len(known), _KNOWN):
        block = np.unpackbits(known[first : first + _KNOWN], axis=1)
        # An empty set shares nothing: with one bit it is as unlike, and no union is empty.
        on_known = np.maximum(block.sum(axis=1, dtype=np.float32), 1)
        by_bit = np.ascontiguousarray(block.T, dtype=np.int16)
        step = max(1, _PAIRS // len(block))
        for start in range(0, len(queries), step):
            rows = slice(start, start + step)
            shared = np.asarray(bits[rows] @ by_bit)
            union = on[rows, None] + on_known
            union -= shared
            # A float32 division of whole numbers is what `tanimoto` rounds its float64 one to.
            ratio = np.divide(shared, union, out=union)
            best = ratio.argmax(axis=1)
            found = ratio[np.arange(len(best)), best]
            better = found > similarity[rows]
            index[rows][better] = first + best[better]
            similarity[rows][better] = found[better]
    return index, similarity


def _as_rows(packed: Packed) -> csr_matrix:
    bits = np.unpackbits(packed, axis=1)
    rows, columns = np.nonzero(bits)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(packed)))])
    ones = np.ones(len(columns), np.int16)
    return csr_matrix((ones, columns.astype(np.int32), ends), shape=bits.shape)
