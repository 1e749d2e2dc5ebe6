"""Kappa shape indices of a graph's molecules, from the degrees of their atoms.

References
----------
Hall and Kier 1991, https://doi.org/10.1002/9780470125793.ch9
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem import rdMolDescriptors

from screening.features.graphs.graph import Ints, MolecularGraph


def kappa_shapes(graph: MolecularGraph) -> NDArray[np.float64]:
    """Return kappa 1, 2, 3 and the Hall-Kier alpha, shape (m, 4).

    With degrees d, the paths of two bonds number sum d (d - 1) / 2, those of three bonds the sum
    over bonds (d_u - 1) (d_v - 1), where each triangle is met three times and counts once.
    """
    size = len(graph)
    alpha = np.array(
        [rdMolDescriptors.CalcHallKierAlpha(graph.mols[row]) for row in graph.rows.tolist()]
    )
    degree = graph.degree
    owner = graph.owner[graph.source[graph.once]]
    one = np.bincount(owner, minlength=size)
    two = np.bincount(graph.owner, degree * (degree - 1) / 2, size)
    between = (degree[graph.source[graph.once]] - 1) * (degree[graph.target[graph.once]] - 1)
    three = np.bincount(owner, between, size) - 2 * _triangles(graph)
    atoms = np.diff(graph.start)
    odd = atoms % 2 == 1
    count = atoms + alpha
    return np.stack(
        [
            _shape(count, count - 1, one, alpha),
            _shape(count - 1, count - 2, two, alpha),
            _shape(np.where(odd, count - 1, count - 2), count - 3, three, alpha),
            alpha,
        ],
        axis=1,
    )


def _shape(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    paths: NDArray[np.number],
    alpha: NDArray[np.float64],
) -> NDArray[np.float64]:
    below = (paths + alpha) ** 2
    return np.divide(first * second**2, below, out=np.zeros(len(below)), where=below != 0)


def _triangles(graph: MolecularGraph) -> Ints:
    """Return how many three atoms of each molecule are bound to each other."""
    found = np.zeros(len(graph), np.int64)
    where = np.unique(graph.rings.owner[graph.rings.size == 3])
    bonds = graph.once[np.isin(graph.owner[graph.source[graph.once]], where)]
    one, two = graph.neighbours[graph.source[bonds]], graph.neighbours[graph.target[bonds]]
    common = (one[:, :, None] == two[:, None, :]) & (one[:, :, None] != len(graph.owner))
    np.add.at(found, graph.owner[graph.source[bonds]], common.sum(axis=(1, 2)))
    return found // 3
