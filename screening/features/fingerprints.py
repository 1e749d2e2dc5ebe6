"""Fingerprints of RDKit's generators, as counts or bits, and the atoms behind their bits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix, vstack

from screening.features.blocks import BITS, BitFingerprint, CountFingerprint
from screening.features.graphs import MolecularGraph, graphs_of
from screening.features.graphs.graph import Ints
from screening.features.graphs.hashing import Words
from screening.features.graphs.pairs import MAX_ATOMS, pair_hashes, torsion_hashes

RADIUS = 2


@lru_cache(maxsize=16)
def _generator(family: str, n_bits: int) -> Any:
    """Return RDKit's generator of a family, made once a process."""
    if family == "morgan":
        return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=n_bits)
    if family == "fcfp":
        features = rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
        return rdFingerprintGenerator.GetMorganGenerator(
            radius=RADIUS, fpSize=n_bits, atomInvariantsGenerator=features
        )
    if family == "atom_pairs":
        return rdFingerprintGenerator.GetAtomPairGenerator(fpSize=n_bits)
    if family == "torsions":
        return rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=n_bits)
    return rdFingerprintGenerator.GetRDKitFPGenerator(fpSize=n_bits)


class GeneratedCounts(CountFingerprint):
    """A count fingerprint of one of RDKit's generators."""

    family: ClassVar[str]

    def generator(self) -> Any:
        """Return RDKit's generator for this block."""
        return _generator(self.family, self.n_bits)

    def counter(self) -> Callable[[Chem.Mol], Any]:
        """Return the generator's function for counts."""
        counts: Callable[[Chem.Mol], Any] = self.generator().GetCountFingerprint
        return counts


class GeneratedBits(BitFingerprint):
    """A bit fingerprint of one of RDKit's generators.

    Parameters
    ----------
    n_bits : int
        Length that the substructure hashes are folded to.
    """

    family: ClassVar[str]

    def __init__(self, n_bits: int = BITS) -> None:
        self.n_bits = n_bits

    def reader(self) -> Callable[[Chem.Mol], Any]:
        """Return the generator's function for bits."""
        bits: Callable[[Chem.Mol], Any] = _generator(self.family, self.n_bits).GetFingerprint
        return bits


class HashedTogether(GeneratedCounts):
    """A count fingerprint whose hashes are found for many molecules together."""

    @abstractmethod
    def hashes(self, graph: MolecularGraph) -> tuple[Ints, Words]:
        """Return molecule and hash of each occurrence, of molecules in the graph."""

    def alone(self, graph: MolecularGraph) -> Ints:
        """Return the molecules that RDKit's generator is asked for instead."""
        return graph.odd

    def columns_of(self, mols: Sequence[Chem.Mol]) -> csr_matrix:
        """Count substructures, as CSR of int32 with sorted columns."""
        parts = [self._counts(graph) for graph in graphs_of(mols)]
        empty = csr_matrix((0, self.n_bits), dtype=np.int32)
        return vstack([empty, *parts], format="csr", dtype=np.int32)

    def _counts(self, graph: MolecularGraph) -> csr_matrix:
        rows, hashes = self.hashes(graph)
        keys = [rows * self.n_bits + (hashes % np.uint32(self.n_bits)).astype(np.int64)]
        count = self.counter()
        for row in self.alone(graph).tolist():
            entries = count(graph.mols[row]).GetNonzeroElements()
            bits = np.repeat(list(entries.keys()), list(entries.values())).astype(np.int64)
            keys.append(bits + row * self.n_bits)
        return tally(np.concatenate(keys), len(graph.mols), self.n_bits)


class MorganCounts(GeneratedCounts):
    """Circular substructures of radius 2 (ECFP4), counted.

    References
    ----------
    Rogers and Hahn 2010, https://doi.org/10.1021/ci100050t
    """

    name, family = "morgan_counts", "morgan"


class MorganBits(GeneratedBits):
    """Circular substructures of radius 2 (ECFP4), there or not."""

    name, family = "morgan_bits", "morgan"


class FeatureMorganCounts(GeneratedCounts):
    """Circular substructures of pharmacophoric atom types (FCFP4), counted."""

    name, family = "fcfp_counts", "fcfp"


class FeatureMorganBits(GeneratedBits):
    """Circular substructures of pharmacophoric atom types (FCFP4), there or not."""

    name, family = "fcfp_bits", "fcfp"


class AtomPairs(HashedTogether):
    """Pairs of atom types with their topological distance, counted.

    References
    ----------
    Carhart, Smith and Venkataraghavan 1985, https://doi.org/10.1021/ci00046a002
    """

    name, family = "atom_pairs", "atom_pairs"

    def hashes(self, graph: MolecularGraph) -> tuple[Ints, Words]:
        """Return molecule and hash of each pair."""
        return pair_hashes(graph)

    def alone(self, graph: MolecularGraph) -> Ints:
        """Return the molecules that are odd or large."""
        large = graph.rows[np.diff(graph.start) > MAX_ATOMS]
        return np.concatenate([graph.odd, large])


class Torsions(HashedTogether):
    """Topological torsions: paths of four atoms, counted.

    References
    ----------
    Nilakantan et al. 1987, https://doi.org/10.1021/ci00054a008
    """

    name, family = "torsions", "torsions"

    def hashes(self, graph: MolecularGraph) -> tuple[Ints, Words]:
        """Return molecule and hash of each path."""
        return torsion_hashes(graph)


class RDKitPath(GeneratedBits):
    """Linear and branched subgraphs of one to seven bonds, there or not."""

    name, family = "rdkit_path", "rdkit_path"


_GENERATED = {
    block.name: block.family
    for block in (
        MorganCounts,
        MorganBits,
        FeatureMorganCounts,
        FeatureMorganBits,
        AtomPairs,
        Torsions,
        RDKitPath,
    )
}


# Cells of a table of counts that is small enough to be filled and searched.
_CELLS = 1 << 22


def tally(keys: Ints, rows: int, width: int) -> csr_matrix:
    """Count equal keys, row · width + column, as CSR of int32 with sorted columns."""
    if rows * width <= _CELLS:
        table = np.bincount(keys, minlength=rows * width)
        found = np.flatnonzero(table)
        counts = table[found]
    else:
        found, counts = np.unique(keys, return_counts=True)
    row, columns = np.divmod(found, width)
    ends = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))])
    return csr_matrix(
        (counts.astype(np.int32), columns.astype(np.int32), ends), shape=(rows, width)
    )


def pack_bits(counts: csr_matrix) -> NDArray[np.uint8]:
    """Return which counts are above zero as packed bits, shape (n, n_bits // 8)."""
    on = np.zeros(counts.shape, dtype=bool)
    on[np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)), counts.indices] = True
    return np.packbits(on, axis=1)


def bit_atoms(mol: Chem.Mol, name: str, n_bits: int = BITS) -> dict[int, list[tuple[int, ...]]]:
    """Return the atoms behind each bit that is on.

    Parameters
    ----------
    mol
    name
        A block made by one of RDKit's generators.
    n_bits
        Its length.

    Returns
    -------
    dict
        Bit -> one tuple of atom indices an occurrence; as many as the bit's count.

    Raises
    ------
    ValueError
        The block is none whose atoms are known.
    """
    if name not in _GENERATED:
        raise ValueError(f"no atoms are known for the bits of {name!r}")
    family = _GENERATED[name]
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    output.AllocateBitPaths()
    _generator(family, n_bits).GetCountFingerprint(mol, additionalOutput=output)
    if family in ("morgan", "fcfp"):
        return _each(output.GetBitInfoMap(), lambda place: _circle(mol, *place))
    if family == "atom_pairs":
        return _each(output.GetBitInfoMap(), tuple)
    if family == "torsions":
        return _each(output.GetBitPaths(), tuple)
    return _each(output.GetBitPaths(), lambda bonds: _atoms_of(mol, bonds))


def _each(
    places: dict[int, Any], atoms: Callable[[Any], tuple[int, ...]]
) -> dict[int, list[tuple[int, ...]]]:
    return {int(bit): [atoms(place) for place in found] for bit, found in places.items()}


def _circle(mol: Chem.Mol, centre: int, radius: int) -> tuple[int, ...]:
    bonds = Chem.FindAtomEnvironmentOfRadiusN(mol, radius, centre) if radius else ()
    return tuple(sorted({centre, *_atoms_of(mol, bonds)}))


def _atoms_of(mol: Chem.Mol, bonds: Any) -> tuple[int, ...]:
    found = [mol.GetBondWithIdx(bond) for bond in bonds]
    atoms = {b.GetBeginAtomIdx() for b in found} | {b.GetEndAtomIdx() for b in found}
    return tuple(sorted(atoms))
