"""The part that two molecules share, quickly and the same every time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

Environments = dict[int, dict[int, set[int]]]


@lru_cache(maxsize=1)
def _generator() -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, includeRedundantEnvironments=True)


def environments(mol: Chem.Mol) -> Environments:
    """Return radius -> environment -> atoms: circular substructures of radius 1 and 2."""
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    _generator().GetSparseCountFingerprint(mol, additionalOutput=output)
    found: Environments = {1: {}, 2: {}}
    for code, places in output.GetBitInfoMap().items():
        for centre, radius in places:
            if radius:
                found[radius].setdefault(code, set()).update(_circle(mol, centre, radius))
    return found


def _circle(mol: Chem.Mol, centre: int, radius: int) -> set[int]:
    atoms = {centre}
    for bond in Chem.FindAtomEnvironmentOfRadiusN(mol, radius, centre):
        found = mol.GetBondWithIdx(bond)
        atoms |= {found.GetBeginAtomIdx(), found.GetEndAtomIdx()}
    return atoms


def common_atoms(left: Environments, right: Environments) -> tuple[list[int], list[int]]:
    """Return the atoms of each molecule that lie in substructures which both have.

    Substructures of radius 2 count; where there is none in common, those of radius 1. A maximum
    common substructure would be tidier and takes seconds for some pairs; a report has thousands.
    """
    for radius in (2, 1):
        shared = left[radius].keys() & right[radius].keys()
        if shared:
            return tuple(  # type: ignore[return-value]
                sorted(set().union(*(side[radius][code] for code in shared)))
                for side in (left, right)
            )
    return [], []
