"""Approximate surface of atoms, and how it is shared out among ranges of a property.

References
----------
Labute 2000, https://doi.org/10.1016/S1093-3263(00)00068-1
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.features.graphs.graph import ELEMENTS, Ints, MolecularGraph

LOGP_RANGES = (-0.4, -0.2, 0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
REFRACTIVITY_RANGES = (1.29, 1.82, 2.24, 2.45, 2.75, 3.05, 3.63, 3.8, 4.0)
CHARGE_RANGES = (-0.3, -0.25, -0.2, -0.15, -0.1, -0.05, 0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# How much shorter than single a bond is, in Å, by its order; the last is aromatic.
_SHORTER = np.array([0, 0, 0.2, 0.3, 0.1])


@lru_cache(maxsize=1)
def _radii() -> NDArray[np.float64]:
    table = Chem.GetPeriodicTable()
    radii = np.zeros(max(ELEMENTS) + 1)
    for number in (1, *ELEMENTS):
        radii[number] = table.GetRb0(number)
    return radii


def atom_surfaces(graph: MolecularGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the surface of each atom, and that of each molecule with its hydrogens, in Å²."""
    radii = _radii()
    own, other = radii[graph.element[graph.source]], radii[graph.element[graph.target]]
    hidden = _hidden(own, other, own + other - _SHORTER[graph.order])
    overlaps = np.bincount(graph.source, hidden, len(graph.owner)).astype(np.float64)
    # As in RDKit, the hydrogens of an atom hide as much of it as one would.
    radius, hydrogen = radii[graph.element], np.full(len(graph.owner), radii[1])
    overlaps += _hidden(radius, hydrogen, radius + hydrogen)
    surfaces = np.pi * radius * (4 * radius - overlaps)
    of_hydrogens = np.bincount(graph.owner, _hidden(hydrogen, radius, radius + hydrogen))
    whole = np.bincount(graph.owner, surfaces)
    return surfaces, whole + np.pi * radii[1] * (4 * radii[1] - of_hydrogens)


def _hidden(
    own: NDArray[np.float64], other: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float64]:
    length = np.minimum(np.maximum(np.abs(own - other), length), own + other)
    return np.asarray(other * other - (own - length) * (own - length) / length)


def shared_out(
    owner: Ints,
    surfaces: NDArray[np.float64],
    values: NDArray[np.float64],
    ranges: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the surface of the atoms whose value is in each range, a row a molecule.

    Parameters
    ----------
    owner
        Molecule of each atom; each has one.
    surfaces
        Of each atom, in Å².
    values
        The property of each atom.
    ranges
        Where one range ends and the next begins.
    """
    columns = len(ranges) + 1
    place = owner * columns + np.searchsorted(ranges, values, side="right")
    rows = int(owner[-1]) + 1 if len(owner) else 0
    shares = np.bincount(place, surfaces, rows * columns).astype(np.float64)
    return shares.reshape(rows, columns)
