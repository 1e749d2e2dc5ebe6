"""Hashed fingerprints by RDKit's generators, as counts or bits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_matrix

from screening.features.blocks import CountFingerprint

BITS = 2048
RADIUS = 2


@lru_cache(maxsize=16)
def _generator(name: str, n_bits: int) -> Any:
    if name == "morgan_counts":
        return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=n_bits)
    if name == "fcfp_counts":
        features = rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
        return rdFingerprintGenerator.GetMorganGenerator(
            radius=RADIUS, fpSize=n_bits, atomInvariantsGenerator=features
        )
    if name == "atom_pairs":
        return rdFingerprintGenerator.GetAtomPairGenerator(fpSize=n_bits)
    return rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=n_bits)


class GeneratedCounts(CountFingerprint):
    """A count fingerprint of one of RDKit's generators, which are made once a process."""

    def generator(self) -> Any:
        """Return RDKit's generator for this block."""
        return _generator(self.name, self.n_bits)


class MorganCounts(GeneratedCounts):
    """Circular substructures of radius 2 (ECFP4), counted.

    References
    ----------
    Rogers and Hahn 2010, https://doi.org/10.1021/ci100050t
    """

    name = "morgan_counts"


class FeatureMorganCounts(GeneratedCounts):
    """Circular substructures of pharmacophoric atom types (FCFP4), counted."""

    name = "fcfp_counts"


class AtomPairs(GeneratedCounts):
    """Pairs of atom types with their topological distance, counted.

    References
    ----------
    Carhart, Smith and Venkataraghavan 1985, https://doi.org/10.1021/ci00046a002
    """

    name = "atom_pairs"


class Torsions(GeneratedCounts):
    """Topological torsions: paths of four atoms, counted.

    References
    ----------
    Nilakantan et al. 1987, https://doi.org/10.1021/ci00054a008
    """

    name = "torsions"


def pack_bits(counts: csr_matrix) -> NDArray[np.uint8]:
    """Return which counts are above zero as packed bits, shape (n, n_bits // 8)."""
    on = np.zeros(counts.shape, dtype=bool)
    on[np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)), counts.indices] = True
    return np.packbits(on, axis=1)


def bit_atoms(mol: Chem.Mol, name: str, n_bits: int = BITS) -> dict[int, list[tuple[int, ...]]]:
    """Return the atoms behind each bit that is on.

    Returns
    -------
    dict
        Bit -> one tuple of atom indices an occurrence.
    """
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    if name in ("morgan_counts", "fcfp_counts"):
        _generator(name, n_bits).GetCountFingerprint(mol, additionalOutput=output)
        return {
            bit: [_circle(mol, centre, radius) for centre, radius in places]
            for bit, places in output.GetBitInfoMap().items()
        }
    raise ValueError(f"no atoms are known for the bits of {name!r}")


def _circle(mol: Chem.Mol, centre: int, radius: int) -> tuple[int, ...]:
    atoms = {centre}
    for bond in Chem.FindAtomEnvironmentOfRadiusN(mol, radius, centre) if radius else ():
        found = mol.GetBondWithIdx(bond)
        atoms |= {found.GetBeginAtomIdx(), found.GetEndAtomIdx()}
    return tuple(sorted(atoms))
