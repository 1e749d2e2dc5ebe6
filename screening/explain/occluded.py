"""Fingerprints with one atom covered: no substructure that it takes part in is seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_matrix

from screening.features import CountFingerprint, bit_atoms

# Blocks whose bits are pairs or paths: RDKit leaves out those that hold an ignored atom.
_IGNORING = ("atom_pairs", "torsions")
_CIRCULAR = ("morgan_counts", "fcfp_counts")


def can_be_occluded(block: CountFingerprint) -> bool:
    """Tell whether the atoms behind the block's bits are known."""
    return block.name in _CIRCULAR + _IGNORING


def occluded_counts(mol: Chem.Mol, block: CountFingerprint) -> csr_matrix:
    """Return the molecule's counts with each atom covered in turn.

    Returns
    -------
    CSR of int32, shape (n_atoms, n_bits)
        Row a is the fingerprint without the substructures that atom a takes part in.
    """
    if block.name in _CIRCULAR:
        return _circular(mol, block)
    count = block.generator().GetCountFingerprint
    return _rows(
        [count(mol, ignoreAtoms=[atom]).GetNonzeroElements() for atom in range(mol.GetNumAtoms())],
        block.n_bits,
    )


def _circular(mol: Chem.Mol, block: CountFingerprint) -> csr_matrix:
    occurrences = bit_atoms(mol, block.name, block.n_bits)
    rows: list[dict[int, int]] = [{} for _ in range(mol.GetNumAtoms())]
    for bit, places in occurrences.items():
        holds = np.zeros(mol.GetNumAtoms(), dtype=int)
        for place in places:
            holds[list(place)] += 1
        for atom, row in enumerate(rows):
            left = len(places) - int(holds[atom])
            if left:
                row[bit] = left
    return _rows(rows, block.n_bits)


def _rows(rows: Sequence[dict[int, int]], n_bits: int) -> csr_matrix:
    columns = [bit for row in rows for bit in row]
    values = [count for row in rows for count in row.values()]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    matrix = csr_matrix(
        (np.array(values, np.int32), np.array(columns, np.int32), ends), shape=(len(rows), n_bits)
    )
    matrix.sort_indices()
    return matrix
