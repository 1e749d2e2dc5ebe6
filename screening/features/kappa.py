"""Kappa shape indices from vertex degrees, where RDKit enumerates the paths.

References
----------
Hall and Kier 1991, https://doi.org/10.1002/9780470125793.ch9
"""

from __future__ import annotations

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors


def kappa_shapes(mol: Chem.Mol) -> tuple[float, float, float, float]:
    """Return kappa 1, 2, 3 and the Hall-Kier alpha, equal to RDKit's.

    With degrees d, the paths of two bonds number sum d (d - 1) / 2, those of three bonds the sum
    over bonds (d_u - 1) (d_v - 1), where each triangle is met three times and counts once.
    """
    alpha = rdMolDescriptors.CalcHallKierAlpha(mol)
    atoms = mol.GetNumAtoms()
    if atoms < 2 or atoms != mol.GetNumHeavyAtoms():
        shapes = (getattr(rdMolDescriptors, f"CalcKappa{i}")(mol) for i in (1, 2, 3))
        return (*shapes, alpha)
    adjacent = Chem.GetAdjacencyMatrix(mol).astype(np.float64)
    others = adjacent.sum(axis=0) - 1
    two = float((others + 1) @ others) / 2
    three = float(others @ adjacent @ others) / 2
    if any(len(ring) == 3 for ring in mol.GetRingInfo().AtomRings()):
        three -= 2 * round(float(np.trace(adjacent @ adjacent @ adjacent)) / 6)
    size = atoms + alpha
    last = (size - 1, size - 3) if atoms % 2 else (size - 2, size - 3)
    return (
        _shape(size, size - 1, mol.GetNumBonds() + alpha),
        _shape(size - 1, size - 2, two + alpha),
        _shape(*last, three + alpha),
        alpha,
    )


def _shape(one: float, two: float, paths: float) -> float:
    return one * two**2 / paths**2 if paths else 0.0
