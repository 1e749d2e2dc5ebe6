"""Atom pairs and torsions of a graph, with the bits that RDKit's generators give them.

References
----------
RDKit, `Code/GraphMol/Fingerprints` (AtomPairGenerator, TopologicalTorsionGenerator).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from screening.features.graphs.graph import Flags, Ints, MolecularGraph
from screening.features.graphs.hashing import Words, combined

MAX_DISTANCE = 30
# Of a molecule whose pairs are found here: which atoms one has reached is kept in one word.
MAX_ATOMS = 64


def pair_hashes(graph: MolecularGraph) -> tuple[Ints, Words]:
    """Return molecule and hash of every pair, in molecules of at most `MAX_ATOMS`.

    A molecule is given by its place among all that the graph was made of.
    """
    codes = graph.pair_codes
    sizes = np.diff(graph.start)
    found = []
    for least, word in ((0, np.uint32), (32, np.uint64)):
        bits = np.dtype(word).itemsize * 8
        chosen = (sizes > least) & (sizes <= bits)
        found.append(_pairs(graph, chosen[graph.owner], word))
    one, two, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    low, high = np.minimum(codes[one], codes[two]), np.maximum(codes[one], codes[two])
    seed = combined(np.zeros_like(low), low)
    seed = combined(combined(seed, distance.astype(np.uint32)), high)
    return graph.rows[graph.owner[one]], seed


def _pairs(
    graph: MolecularGraph, chosen: Flags, word: type[np.unsignedinteger]
) -> tuple[Ints, Ints, NDArray[np.uint8]]:
    """Search from all atoms at once: a word holds which atoms of its molecule one has reached."""
    width = np.dtype(word).itemsize * 8
    atoms = np.flatnonzero(chosen)
    place = np.full(len(graph.owner) + 1, len(atoms))
    place[atoms] = np.arange(len(atoms))
    neighbours = place[graph.neighbours[atoms]]
    first = graph.start[graph.owner[atoms]]
    own = np.left_shift(word(1), (atoms - first).astype(word))
    reached = np.append(own, word(0))
    digits = np.zeros((MAX_DISTANCE.bit_length(), len(atoms)), word)
    for distance in range(1, MAX_DISTANCE + 1):
        wider = reached[:-1].copy()
        for column in neighbours.T:
            wider |= reached[column]
        fresh = wider & ~reached[:-1]
        if not fresh.any():
            break
        for digit in range(len(digits)):
            if distance >> digit & 1:
                digits[digit] |= fresh
        reached[:-1] = wider
    digits &= ~(own | (own - word(1)))  # each pair once
    distances = np.zeros(len(atoms) * width, np.uint8)
    for digit, plane in enumerate(digits):
        octets = plane.astype(plane.dtype.newbyteorder("<")).view(np.uint8)
        distances |= np.unpackbits(octets, bitorder="little") << np.uint8(digit)
    pairs = np.flatnonzero(distances)
    one, two = np.divmod(pairs, width)
    return atoms[one], first[one] + two, distances[pairs]


def torsion_hashes(graph: MolecularGraph) -> tuple[Ints, Words]:
    """Return molecule and hash of every path of four atoms; see `pair_hashes`."""
    b, c = graph.source[graph.once], graph.target[graph.once]
    nobody = len(graph.owner)
    a, d = graph.neighbours[b][:, :, None], graph.neighbours[c][:, None, :]
    there = (a != nobody) & (a != c[:, None, None]) & (d != nobody) & (d != b[:, None, None])
    # RDKit goes around a ring of three once, from its first atom.
    there &= (a != d) | (a < b[:, None, None])
    bond, first, last = np.nonzero(there)
    b, c = b[bond], c[bond]
    a, d = graph.neighbours[b, first], graph.neighbours[c, last]
    ends = graph.pair_codes - np.uint32(1)
    path = [ends[a], ends[b] - np.uint32(1), ends[c] - np.uint32(1), ends[d]]
    turned = (path[0] > path[3]) | ((path[0] == path[3]) & (path[1] > path[2]))
    seed = np.zeros(len(a), np.uint32)
    for forward, backward in zip(path, path[::-1], strict=True):
        seed = combined(seed, np.where(turned, backward, forward))
    return graph.rows[graph.owner[b]], seed
