"""Fingerprints with one atom covered: no substructure that it takes part in is seen."""

from __future__ import annotations

from itertools import chain

import numpy as np
from rdkit import Chem
from scipy.sparse import csr_matrix

from screening.features import GeneratedBits, GeneratedCounts, bit_atoms


def occluded_rows(mol: Chem.Mol, block: GeneratedCounts | GeneratedBits) -> csr_matrix:
    """Return the molecule's fingerprint with each atom covered in turn.

    Returns
    -------
    CSR of shape (n_atoms, n_bits)
        Row a is the fingerprint without the substructures that atom a takes part in: counts as
        int32, bits as uint8 ones.
    """
    places = sorted(bit_atoms(mol, block.name, block.n_bits).items())
    bits = np.array([bit for bit, _ in places], dtype=np.int32)
    counts = np.array([len(found) for _, found in places], dtype=np.int32)
    held = np.zeros((mol.GetNumAtoms(), len(bits)), dtype=np.int32)
    parts = [atoms for _, found in places for atoms in found]
    # An atom that a path comes back to is there once.
    sizes = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
    number = np.repeat(np.arange(len(parts)), sizes)
    atoms = np.fromiter(chain.from_iterable(parts), dtype=np.int64)
    once = np.unique(number * mol.GetNumAtoms() + atoms)
    # Every part is of the bit in its column.
    column = np.repeat(np.arange(len(bits)), counts)
    number, atoms = np.divmod(once, mol.GetNumAtoms())
    np.add.at(held, (atoms, column[number]), 1)
    left = counts - held
    rows, kept = np.nonzero(left)
    is_bit = isinstance(block, GeneratedBits)
    values = np.ones(len(rows), np.uint8) if is_bit else left[rows, kept].astype(np.int32)
    ends = np.searchsorted(rows, np.arange(mol.GetNumAtoms() + 1))
    return csr_matrix((values, bits[kept], ends), shape=(mol.GetNumAtoms(), block.n_bits))
