"""Fingerprints with one atom covered: no substructure that it takes part in is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_matrix

from screening.features import GeneratedBits, GeneratedCounts, bit_atoms

# Blocks whose bits are pairs or torsions: RDKit itself leaves out those with an ignored atom.
_IGNORING = ("atom_pairs", "torsions")


def occluded_rows(mol: Chem.Mol, block: GeneratedCounts | GeneratedBits) -> csr_matrix:
    """Return the molecule's fingerprint with each atom covered in turn.

    Returns
    -------
    CSR of shape (n_atoms, n_bits)
        Row a is the fingerprint without the substructures that atom a takes part in: counts as
        int32, bits as uint8 ones.
    """
    if isinstance(block, GeneratedBits):
        rows = [dict.fromkeys(row, 1) for row in _without_places(mol, block)]
        return _matrix(rows, block.n_bits, np.uint8)
    rows = _ignoring(mol, block) if block.name in _IGNORING else _without_places(mol, block)
    return _matrix(rows, block.n_bits, np.int32)


def _ignoring(mol: Chem.Mol, block: GeneratedCounts) -> list[dict[int, int]]:
    count = block.generator().GetCountFingerprint
    return [count(mol, ignoreAtoms=[a]).GetNonzeroElements() for a in range(mol.GetNumAtoms())]


def _without_places(mol: Chem.Mol, block: GeneratedCounts | GeneratedBits) -> list[dict[int, int]]:
    rows: list[dict[int, int]] = [{} for _ in range(mol.GetNumAtoms())]
    for bit, places in bit_atoms(mol, block.name, block.n_bits).items():
        holds = np.zeros(mol.GetNumAtoms(), dtype=int)
        for place in places:
            holds[list(place)] += 1
        for atom in np.flatnonzero(holds < len(places)):
            rows[atom][bit] = len(places) - int(holds[atom])
    return rows


def _matrix(rows: Sequence[dict[int, int]], n_bits: int, dtype: type) -> csr_matrix:
    columns = [bit for row in rows for bit in row]
    values = [count for row in rows for count in row.values()]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    matrix = csr_matrix(
        (np.array(values, dtype), np.array(columns, np.int32), ends), shape=(len(rows), n_bits)
    )
    matrix.sort_indices()
    return matrix
