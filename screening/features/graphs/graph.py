"""Many molecules as one graph: flat arrays of their atoms, bonds and rings.

What RDKit answers atom by atom costs a call each, and a call costs more than the answer. Here a
molecule is asked three questions (its Morgan invariants, its bond orders, its rings), and the rest
is computed for hundreds of molecules together.

Molecules with atoms or bonds that are not listed here stay out of the graph: their features are
RDKit's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from screening.features.graphs.hashing import Words, combined

ELEMENTS = (6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53)
MAX_DEGREE = 4
# Matrices grow with the square.
MAX_ATOMS = 512
AROMATIC = 4
_MAX_HYDROGENS = 4
# Bonds of an uncharged atom by element, and how many more a positive charge gives.
_VALENCES = np.zeros(max(ELEMENTS) + 1)
_VALENCES[list(ELEMENTS)] = (4, 3, 2, 1, 4, 3, 2, 1, 3, 2, 1)
_GAINS = np.zeros(max(ELEMENTS) + 1)
_GAINS[[7, 8]] = 1
_PAIR_CODES = 511  # RDKit takes the codes modulo this number
_BELOW_ELEMENT = 5  # bits of a code for branches and pi electrons

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Kinds(NamedTuple):
    """The kinds of atom that a graph may hold, sorted by RDKit's Morgan invariant.

    Attributes
    ----------
    invariants : uint32 array of shape (k,)
    columns : int64 array of shape (5, k)
        Atomic number, neighbours with hydrogens, hydrogens, charge, and 1 in a ring.
    """

    invariants: NDArray[np.uint32]
    columns: Ints


@lru_cache(maxsize=1)
def kinds() -> Kinds:
    """Return the kinds of atom, with the invariants that RDKit computes of them."""
    axes = (ELEMENTS, range(MAX_DEGREE + 1), range(_MAX_HYDROGENS + 1), (-1, 0, 1), (0, 1))
    columns = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])
    columns = columns[:, columns[2] <= columns[1]].astype(np.int64)
    seed = np.zeros(columns.shape[1], np.uint32)
    for column in (*columns[:4], np.zeros_like(columns[0])):  # the last: no isotope
        seed = combined(seed, column.astype(np.uint32))
    ring = columns[4] == 1
    seed[ring] = combined(seed[ring], np.uint32(1))
    order = np.argsort(seed)
    return Kinds(seed[order], columns[:, order])


@lru_cache(maxsize=1)
def _element_codes() -> Ints:
    codes = np.zeros(max(ELEMENTS) + 1, np.int64)
    for number in ELEMENTS:
        alone = Chem.MolFromSmiles(f"[#{number}]").GetAtomWithIdx(0)
        code = rdMolDescriptors.GetAtomPairAtomCode(alone)
        codes[number] = code >> _BELOW_ELEMENT << _BELOW_ELEMENT
    return codes


@lru_cache(maxsize=1)
def _other_bonds() -> Chem.Mol:
    return Chem.MolFromSmarts("*!-;!=;!#;!:*")


class Rings(NamedTuple):
    """The rings of a graph's molecules.

    Attributes
    ----------
    owner, size : int64 arrays of shape (n_rings,)
        Molecule and number of atoms.
    atoms : int64 array
        Atoms ring by ring, in the order in which they are bound.
    """

    owner: Ints
    size: Ints
    atoms: Ints

    def following(self) -> Ints:
        """Return the atom that comes after each of `atoms` in its ring."""
        after = np.roll(self.atoms, -1)
        ends = np.cumsum(self.size)
        after[ends - 1] = self.atoms[ends - self.size]
        return after


@dataclass(frozen=True)
class MolecularGraph:
    """Some molecules as flat arrays; atoms are numbered through all of them.

    Attributes
    ----------
    mols : list of Mol
        All molecules.
    rows : int64 array of shape (m,)
        Which of them are in the graph.
    odd : int64 array
        Which are not.
    start : int64 array of shape (m + 1,)
        First atom of each molecule in the graph.
    kind : int64 array of shape (n_atoms,)
        Place in `kinds`.
    source, target, order : int64 arrays of shape (2 · n_bonds,)
        Bonds in both directions, sorted by source and target; the order is 1, 2, 3 or `AROMATIC`.
    rings : Rings
    """

    mols: Sequence[Chem.Mol]
    rows: Ints
    odd: Ints
    start: Ints
    kind: Ints
    source: Ints
    target: Ints
    order: Ints
    rings: Rings

    @classmethod
    def of(cls, mols: Sequence[Chem.Mol]) -> MolecularGraph:
        """Read molecules, which are not changed."""
        found = [rdMolDescriptors.GetConnectivityInvariants(mol) for mol in mols]
        sizes = np.array([len(one) for one in found], np.int64)
        every = np.array([value for one in found for value in one], np.uint32)
        known = kinds().invariants
        kind = np.minimum(np.searchsorted(known, every), len(known) - 1)
        common = (sizes > 0) & (sizes <= MAX_ATOMS)
        common[np.repeat(np.arange(len(mols)), sizes)[known[kind] != every]] = False
        graph = cls._of_kinds(mols, sizes, kind, common)
        strange = graph._strange()
        if len(strange):
            common[strange] = False
            graph = cls._of_kinds(mols, sizes, kind, common)
        return graph

    @classmethod
    def _of_kinds(
        cls, mols: Sequence[Chem.Mol], sizes: Ints, kind: Ints, common: Flags
    ) -> MolecularGraph:
        rows = np.flatnonzero(common)
        start = np.concatenate([[0], np.cumsum(sizes[rows])])
        chosen = [mols[row] for row in rows.tolist()]
        return cls(
            mols,
            rows,
            np.flatnonzero(~common),
            start,
            kind[np.repeat(common, sizes)],
            *_bonds(chosen, start),
            _rings(chosen, start),
        )

    def _strange(self) -> Ints:
        """Return the molecules with other bonds than these, or aromatic ones of another order.

        RDKit is asked only where the sum of the orders leaves a doubt: a dative bond counts one.
        """
        size = len(self.owner)
        missing = np.bincount(self.source, minlength=size) != self.degree
        between = self.aromatic[self.source] & self.aromatic[self.target]
        doubtful = np.zeros(size, bool)
        doubtful[self.source[between & (self.order % AROMATIC > 1)]] = True
        aromatic = self.counted(self.order == AROMATIC)
        valence = np.bincount(self.source, self.order % AROMATIC, size) + self.hydrogens
        usual = valence == _VALENCES[self.element] + self.charge * _GAINS[self.element]
        usual |= (self.element == 16) & (valence == 6)
        # An aromatic nitrogen may give its pair away in place of a bond to a third neighbour.
        usual |= (aromatic > 0) & ((self.element == 6) | (valence == self.hydrogens))
        asked = np.unique(self.owner[~usual])
        other = _other_bonds()
        found = [place for place in asked if self.mols[self.rows[place]].HasSubstructMatch(other)]
        return self.rows[np.union1d(self.owner[missing | doubtful], found).astype(np.int64)]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def owner(self) -> Ints:
        """The molecule of each atom, as a place in `rows`."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.start))

    @cached_property
    def element(self) -> Ints:
        """Atomic numbers."""
        return kinds().columns[0, self.kind]

    @cached_property
    def total_degree(self) -> Ints:
        """Neighbours of each atom, hydrogens included."""
        return kinds().columns[1, self.kind]

    @cached_property
    def hydrogens(self) -> Ints:
        """Hydrogens on each atom."""
        return kinds().columns[2, self.kind]

    @cached_property
    def charge(self) -> Ints:
        """Formal charges."""
        return kinds().columns[3, self.kind]

    @cached_property
    def in_ring(self) -> Flags:
        """Which atoms are in a ring."""
        return kinds().columns[4, self.kind] == 1

    @cached_property
    def degree(self) -> Ints:
        """Neighbours of each atom among the atoms of the graph."""
        return self.total_degree - self.hydrogens

    @cached_property
    def aromatic(self) -> Flags:
        """Which atoms are aromatic."""
        return self.has(self.order == AROMATIC)

    @cached_property
    def pair_codes(self) -> Words:
        """RDKit's code of each atom in atom pairs and torsions: branches, pi electrons, element.

        Pi electrons are 1 in aromatic atoms, else the valence in excess of the neighbours. RDKit
        adds the hydrogens that a SMILES writes in brackets, and takes no pi electrons in sp3 atoms;
        where either may matter, it is asked.
        """
        orders = np.where(self.order == AROMATIC, 1, self.order)
        valence = np.bincount(self.source, orders, len(self.owner)).astype(np.int64)
        pi = np.where(self.aromatic, 1, valence - self.degree)
        codes = self.degree | (pi << 3) | _element_codes()[self.element]
        for atom in np.flatnonzero(~self._has_plain_pi(valence)).tolist():
            molecule = self.owner[atom]
            there = self.mols[self.rows[molecule]].GetAtomWithIdx(atom - int(self.start[molecule]))
            codes[atom] = rdMolDescriptors.GetAtomPairAtomCode(there)
        return (codes % _PAIR_CODES).astype(np.uint32)

    def _has_plain_pi(self, valence: Ints) -> Flags:
        bare = self.hydrogens == 0
        carbon = (self.element == 6) & (bare | (self.total_degree == 4))
        nitrogen = (self.element == 7) & bare & (valence <= 3)
        oxygen = (self.element == 8) & bare & (valence <= 2)
        # Without a multiple bond there is nothing to count, whatever the hybridisation.
        single = bare & (valence == self.degree)
        plain = (self.charge == 0) & (carbon | nitrogen | oxygen | single)
        return np.asarray(self.aromatic | plain)

    @cached_property
    def once(self) -> Ints:
        """Of `source` and `target`, the places that hold each bond once."""
        return np.flatnonzero(self.source < self.target)

    @cached_property
    def times_in_ring(self) -> Ints:
        """In how many rings each bond is, in the order of `source` and `target`."""
        one, two = self.rings.atoms, self.rings.following()
        size = len(self.owner) + 1
        bonds = self.source * size + self.target
        pairs = np.concatenate([one * size + two, two * size + one])
        return np.bincount(np.searchsorted(bonds, pairs), minlength=len(bonds))

    @cached_property
    def neighbours(self) -> Ints:
        """The neighbours of each atom, shape (n_atoms, 4), filled up with the number of atoms."""
        return self.per_atom(self.target, len(self.owner))

    def per_atom(self, values: Ints, fill: int) -> Ints:
        """Return the values of each atom's bonds beside each other, shape (n_atoms, 4)."""
        table = np.full((len(self.owner), MAX_DEGREE), fill, np.int64)
        first = np.cumsum(self.degree) - self.degree
        table[self.source, np.arange(len(self.source)) - first[self.source]] = values
        return table

    def counted(self, bonds: Flags) -> Ints:
        """Return how many of the chosen bonds begin at each atom."""
        return np.bincount(self.source[bonds], minlength=len(self.owner))

    def has(self, bonds: Flags) -> Flags:
        """Tell at which atoms a chosen bond begins."""
        found = np.zeros(len(self.owner), bool)
        found[self.source[bonds]] = True
        return found


def _bonds(mols: Sequence[Chem.Mol], start: Ints) -> tuple[Ints, Ints, Ints]:
    if not mols:
        return (np.empty(0, np.int64),) * 3
    # Under a name of its own: RDKit keeps the matrix on the molecule, for others as well.
    orders = np.concatenate(
        [Chem.GetAdjacencyMatrix(mol, useBO=True, prefix="orders").ravel() for mol in mols]
    )
    filled = np.flatnonzero(orders)
    sizes = np.diff(start)
    blocks = np.concatenate([[0], np.cumsum(sizes**2)])
    owner = np.searchsorted(blocks, filled, side="right") - 1
    source, target = np.divmod(filled - blocks[owner], sizes[owner])
    first = start[owner]
    order = orders[filled]
    return (
        source + first,
        target + first,
        np.where(order == 1.5, AROMATIC, order).astype(np.int64),
    )


def _rings(mols: Sequence[Chem.Mol], start: Ints) -> Rings:
    owner, sizes, atoms = [], [], []
    for place, (mol, first) in enumerate(zip(mols, start.tolist(), strict=False)):
        for ring in mol.GetRingInfo().AtomRings():
            owner.append(place)
            sizes.append(len(ring))
            atoms.extend([first + atom for atom in ring])
    return Rings(np.array(owner, np.int64), np.array(sizes, np.int64), np.array(atoms, np.int64))
