"""The 42 molecular quantum numbers of a graph's molecules: counts of atoms, bonds and rings.

References
----------
Nguyen et al. 2009, https://doi.org/10.1002/cmdc.200900317; donors, acceptors and rotatable bonds as
in RDKit, `Code/GraphMol/Descriptors` (MQN, Lipinski).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from screening.features.graphs.graph import AROMATIC, Flags, Ints, MolecularGraph

# Elements that have a column each, from the second; carbon has the first.
_ELEMENTS = (6, 9, 17, 35, 53, 16, 15)


def quantum_numbers(graph: MolecularGraph) -> NDArray[np.float64]:
    """Return the 42 numbers, shape (m, 42), in the order of `rdMolDescriptors.MQNs_`."""
    atoms = [
        *(graph.element == number for number in _ELEMENTS),
        *_by_ring(graph.element == 7, graph.in_ring),
        *_by_ring(graph.element == 8, graph.in_ring),
        np.ones(len(graph.owner), bool),
    ]
    columns = [
        *_of_atoms(graph, atoms),
        *_of_bonds(graph),
        *_of_atoms(graph, [*_polarity(graph), graph.charge < 0, graph.charge > 0]),
        *_of_atoms(graph, _topology(graph)),
        *_of_rings(graph),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _by_ring(which: Flags, in_ring: Flags) -> tuple[Flags, Flags]:
    return which & ~in_ring, which & in_ring


def _of_atoms(graph: MolecularGraph, columns: Sequence[NDArray[np.generic]]) -> list[Ints]:
    table = np.stack(columns, axis=1).astype(np.int64)
    return list(np.add.reduceat(table, graph.start[:-1], axis=0).T) if len(graph) else list(table.T)


def _polarity(graph: MolecularGraph) -> list[NDArray[np.generic]]:
    """Return acceptor sites, acceptor atoms, donor sites and donor atoms."""
    nitrogen, oxygen = graph.element == 7, graph.element == 8
    accepting = nitrogen & (graph.degree != 4)
    sites = accepting + oxygen * np.where(graph.charge == -1, 3, 2)
    donors = (nitrogen | oxygen) & (graph.hydrogens > 0)
    return [sites, accepting | oxygen, donors * graph.hydrogens, donors]


def _topology(graph: MolecularGraph) -> list[Flags]:
    by_degree = [graph.degree == number for number in range(5)]
    return [
        by_degree[1],
        *(flags & ~graph.in_ring for flags in by_degree[2:]),
        *(flags & graph.in_ring for flags in by_degree[2:]),
    ]


def _of_bonds(graph: MolecularGraph) -> list[Ints]:
    """Return single, double and triple bonds, first outside of rings; and rotatable bonds."""
    order, in_ring = graph.order[graph.once], graph.times_in_ring[graph.once] > 0
    owner = graph.owner[graph.source[graph.once]]
    place = owner * 8 + order - 1 + 4 * (in_ring & (order != AROMATIC))
    # Aromatic bonds are at place 3: half of them are single, half double, an odd one single.
    found = np.bincount(place, minlength=8 * len(graph)).reshape(len(graph), 8).T
    chains, cycles, aromatic = found[:3], found[4:7].copy(), found[3]
    cycles[0] += aromatic - aromatic // 2
    cycles[1] += aromatic // 2
    rotatable = np.bincount(graph.owner[graph.source[rotatable_bonds(graph)]], minlength=len(graph))
    return [*chains, *cycles, rotatable]


def _of_rings(graph: MolecularGraph) -> list[Ints]:
    """Return rings of 3 to 9 and of more atoms, and atoms and bonds that several rings share."""
    rings = graph.rings
    sizes = np.bincount(rings.owner * 8 + np.minimum(rings.size, 10) - 3, minlength=8 * len(graph))
    times = np.bincount(rings.atoms, minlength=len(graph.owner))
    bonds = graph.source[graph.once][graph.times_in_ring[graph.once] >= 2]
    return [
        *sizes.reshape(len(graph), 8).T,
        *(
            np.bincount(graph.owner[shared], minlength=len(graph))
            for shared in (np.flatnonzero(times >= 2), bonds)
        ),
    ]


def rotatable_bonds(graph: MolecularGraph) -> Ints:
    """Return which bonds rotate by RDKit's strict definition, as places with source < target.

    A single bond outside of rings rotates unless an end is terminal, has a triple bond or is CX3
    (X fluorine, chlorine, bromine or methyl), or either end makes it stiff as amides and esters
    are. RDKit looks for a stiff end on one side only, so either side may be the one that is not.
    """
    element, charge, source, target = graph.element, graph.charge, graph.source, graph.target
    aliphatic = ~graph.aromatic
    single = (graph.order == 1) & (graph.times_in_ring == 0)
    methyl = (element == 6) & aliphatic & (graph.hydrogens == 3)
    fixed = (graph.degree == 1) | graph.has(graph.order == 3)
    for three in ((element == number) for number in (9, 17, 35)):
        fixed |= _bears_three(graph, three)
    fixed |= _bears_three(graph, methyl)
    hetero = (element == 7) | (
        aliphatic & ((element == 8) | ((element == 16) & (graph.degree > 1)))
    )
    stiff = np.zeros(len(graph.owner), bool)
    acceptors = aliphatic & np.isin(element, (7, 8, 16))
    cations = aliphatic & (element == 7) & (charge == 1)
    for doubly, partner in (
        (acceptors, hetero),
        (cations, (element == 7) & (graph.degree > 1)),
    ):
        centre = (element == 6) & aliphatic & (graph.degree == 3)
        centre &= graph.has((graph.order == 2) & doubly[target])
        joined = single & centre[source] & partner[target]
        stiff[source[joined]] = True
        stiff[target[joined]] = True
    free = single & ~fixed[source] & ~fixed[target] & ~(stiff[source] & stiff[target])
    return np.flatnonzero(free & (source < target))


def _bears_three(graph: MolecularGraph, which: Flags) -> Flags:
    centre = (graph.element == 6) & ~graph.aromatic
    return np.asarray(centre & (graph.counted(which[graph.target] & (graph.order == 1)) >= 3))
