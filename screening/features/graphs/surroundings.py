"""What an atom contributes to logP, refractivity and polar surface, by what surrounds it.

RDKit types an atom by a hundred SMARTS patterns, tried one after the other, which costs more than
all other features together. None of them looks further than the neighbours of an atom, or, from the
one neighbour of a terminal atom, the neighbours of that. So atoms with the same surroundings have
the same contributions: RDKit is asked once for each.

References
----------
Wildman and Crippen 1999, https://doi.org/10.1021/ci990307l. Ertl, Rohde and Selzer 2000,
https://doi.org/10.1021/jm000942e.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from screening.features.graphs.graph import ELEMENTS, Ints, MolecularGraph, kinds

LOGP, REFRACTIVITY, HYDROGENS_LOGP, HYDROGENS_REFRACTIVITY, POLAR = range(5)
_NEIGHBOUR = 9  # bits: element, aromatic, charge and order, from 1
_KIND = 12


class Surroundings:
    """Numbers that depend on an atom's surroundings alone, learned as they are met.

    Examples
    --------
    >>> from rdkit import Chem
    >>> graph = MolecularGraph.of([Chem.MolFromSmiles("CO")])
    >>> Surroundings().contributions(graph)[:, POLAR]
    array([ 0.  , 20.23])
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.uint64)
        self._values = np.empty((0, 5))

    def contributions(self, graph: MolecularGraph) -> NDArray[np.float64]:
        """Return what each atom contributes, shape (n_atoms, 5).

        The columns are logP and molar refractivity (Crippen) of the atom, both of its hydrogens
        together, and polar surface in Å².
        """
        keys = surroundings(graph)
        place, known = self._find(keys)
        if not known.all():
            unknown = np.flatnonzero(~known)
            _, first = np.unique(keys[unknown], return_index=True)
            self._learn(graph, keys, np.unique(graph.owner[unknown[first]]))
            place, _ = self._find(keys)
        return self._values[place]

    def _find(self, keys: NDArray[np.uint64]) -> tuple[Ints, NDArray[np.bool_]]:
        if not len(self._keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return place, self._keys[place] == keys

    def _learn(self, graph: MolecularGraph, keys: NDArray[np.uint64], molecules: Ints) -> None:
        met, values = [self._keys], [self._values]
        for molecule in molecules:
            met.append(keys[graph.start[molecule] : graph.start[molecule + 1]])
            values.append(_asked(graph.mols[graph.rows[molecule]]))
        self._keys, first = np.unique(np.concatenate(met), return_index=True)
        self._values = np.concatenate(values)[first]


def _asked(mol: Chem.Mol) -> NDArray[np.float64]:
    """Return RDKit's contributions of each atom."""
    atoms = mol.GetNumAtoms()
    found = np.zeros((atoms, 5))
    found[:, [LOGP, REFRACTIVITY]] = rdMolDescriptors._CalcCrippenContribs(mol)
    found[:, POLAR] = rdMolDescriptors._CalcTPSAContribs(mol)
    whole: Any = Chem.AddHs(mol)
    hydrogens = np.array(rdMolDescriptors._CalcCrippenContribs(whole))[atoms:]
    bearer = [
        whole.GetAtomWithIdx(place).GetNeighbors()[0].GetIdx()
        for place in range(atoms, whole.GetNumAtoms())
    ]
    if bearer:
        np.add.at(found[:, HYDROGENS_LOGP], bearer, hydrogens[:, 0])
        np.add.at(found[:, HYDROGENS_REFRACTIVITY], bearer, hydrogens[:, 1])
    return found


def surroundings(graph: MolecularGraph) -> NDArray[np.uint64]:
    """Return a number for the surroundings of each atom: equal where, and only where, these are.

    It holds the kind of the atom, whether it is in a ring of three, and for each neighbour element,
    aromaticity, charge and bond; of a terminal atom the same of its neighbour.
    """
    word = np.uint64
    shift = word(_NEIGHBOUR)
    element = np.zeros(max(ELEMENTS) + 1, np.int64)
    element[list(ELEMENTS)] = np.arange(len(ELEMENTS))
    atom = (element[graph.element] * 2 + graph.aromatic) * 3 + graph.charge + 1
    table = graph.per_atom(atom[graph.target] * 4 + graph.order, 0)
    table.sort(axis=1)
    around = np.zeros(len(graph.owner), word)
    for column in table.T:
        around = around << shift | column.astype(word)
    kind = graph.kind.astype(word)
    small = np.zeros(len(graph.owner), bool)
    small[graph.rings.atoms[np.repeat(graph.rings.size == 3, graph.rings.size)]] = True
    key = around << word(_KIND) | kind
    lonely = np.flatnonzero(graph.degree == 1)
    only = graph.neighbours[lonely, 0]
    order = graph.order[np.searchsorted(graph.source, lonely)] - 1
    beyond = around[only] << word(_KIND) | kind[only]
    beyond = (beyond << word(_KIND) | kind[lonely]) << word(2) | order.astype(word)
    key = key << word(1) | small
    key[lonely] = beyond
    # The two kinds of number are told apart by the last bit.
    key <<= word(1)
    key[lonely] |= word(1)
    return key


assert len(kinds().invariants) < 1 << _KIND
