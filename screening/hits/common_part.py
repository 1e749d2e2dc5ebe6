"""The part that two molecules share, quickly and the same every time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator


@lru_cache(maxsize=1)
def _generator() -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, includeRedundantEnvironments=True)


class Environments:
    """Circular substructures of radius 1 and 2 of a molecule.

    Parameters
    ----------
    mol : Mol

    Attributes
    ----------
    centres : dict of int to dict of int to list of int
        Radius -> substructure -> atoms that are in the middle of one.
    """

    def __init__(self, mol: Chem.Mol) -> None:
        self._mol = mol
        self.centres: dict[int, dict[int, list[int]]] = {1: {}, 2: {}}
        output = rdFingerprintGenerator.AdditionalOutput()
        output.AllocateBitInfoMap()
        _generator().GetSparseCountFingerprint(mol, additionalOutput=output)
        for code, places in output.GetBitInfoMap().items():
            for centre, radius in places:
                if radius:
                    self.centres[radius].setdefault(code, []).append(centre)

    def atoms(self, codes: Iterable[int], radius: int) -> list[int]:
        """Return the atoms of some substructures, ascending."""
        found: set[int] = set()
        for centre in {centre for code in codes for centre in self.centres[radius][code]}:
            found.add(centre)
            for number in Chem.FindAtomEnvironmentOfRadiusN(self._mol, radius, centre):
                bond = self._mol.GetBondWithIdx(number)
                found |= {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
        return sorted(found)


def common_atoms(left: Environments, right: Environments) -> tuple[list[int], list[int]]:
    """Return the atoms of each molecule that lie in substructures which both have.

    Substructures of radius 2 count; where there is none in common, those of radius 1. A maximum
    common substructure would be tidier and takes seconds for some pairs; a report has thousands.
    """
    for radius in (2, 1):
        shared = left.centres[radius].keys() & right.centres[radius].keys()
        if shared:
            return left.atoms(shared, radius), right.atoms(shared, radius)
    return [], []
