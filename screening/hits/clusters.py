"""Clusters of hits around the best-ranked compound of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.model import tanimoto

SIMILARITY = 0.4


def clusters(fingerprints: NDArray[np.uint8], similarity: float = SIMILARITY) -> NDArray[np.int64]:
    """Return the cluster of each ranked compound, from 1 in order of their best compound.

    Going down the ranking, a compound that is not within `similarity` of an earlier leader becomes
    a leader; each compound then joins its most similar leader (the better ranked of equals).

    Parameters
    ----------
    fingerprints : uint8 array of shape (n, n_bytes)
        Packed bits, best compound first.
    similarity : float
        Tanimoto similarity.

    References
    ----------
    Sphere exclusion: Hudson et al. 1996, https://doi.org/10.1002/qsar.19960150402
    """
    n = len(fingerprints)
    leaders: list[int] = []
    best = np.full(n, -1.0, dtype=np.float32)
    number = np.zeros(n, dtype=np.int64)
    for i in range(n):
        if best[i] >= similarity:
            continue
        leaders.append(i)
        to_leader = tanimoto(fingerprints[i : i + 1], fingerprints)[0]
        closer = to_leader > best
        best[closer], number[closer] = to_leader[closer], len(leaders)
    return number
