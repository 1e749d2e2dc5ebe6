"""Nearest training compounds: exact Tanimoto similarity by popcount on packed bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Packed = NDArray[np.uint8]
# Pairs compared at a time; keeps the working arrays within a few tens of megabytes.
_PAIRS = 1 << 17


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

    Of equally similar ones the first is taken.
    """
    step = max(1, _PAIRS // max(1, len(known)))
    index = np.zeros(len(queries), dtype=np.int64)
    similarity = np.zeros(len(queries), dtype=np.float32)
    for start in range(0, len(queries), step):
        block = tanimoto(queries[start : start + step], known)
        best = block.argmax(axis=1)
        index[start : start + step] = best
        similarity[start : start + step] = block[np.arange(len(best)), best]
    return index, similarity
