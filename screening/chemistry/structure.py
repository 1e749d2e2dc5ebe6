"""Names of a structure: canonical SMILES, a stable 64-bit key, skeleton and scaffold."""

from __future__ import annotations

import re
from hashlib import blake2b

from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from screening.chemistry.molecule import captured

_ISOTOPE = re.compile(r"\[\d")
_STEREO_OR_ISOTOPE = re.compile(r"[@/\\]|\[\d")


def canonical_smiles(mol: Chem.Mol) -> str:
    """Return RDKit's canonical isomeric SMILES."""
    return str(Chem.MolToSmiles(mol))


def structure_key(smiles: str) -> int:
    """Return a signed 64-bit hash of a canonical SMILES, the same on every machine."""
    digest = blake2b(smiles.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def has_isotopes(smiles: str) -> bool:
    """Tell whether an atom of a SMILES is a named isotope."""
    return _ISOTOPE.search(smiles) is not None


def skeleton_smiles(smiles: str) -> str:
    """Return a canonical SMILES without stereo and isotopes: atoms, charges and bonds alone.

    Enantiomers, their racemate, and a deuterated compound share one.
    """
    if not _STEREO_OR_ISOTOPE.search(smiles):
        return smiles
    with captured():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            # What RDKit wrote and cannot read again is rare; it is known by its whole SMILES.
            return smiles
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)
        Chem.RemoveStereochemistry(mol)
        return canonical_smiles(Chem.RemoveHs(mol))


def murcko_scaffold(mol: Chem.Mol) -> str:
    """Return the Bemis-Murcko scaffold as SMILES without stereo; empty for chains.

    References
    ----------
    Bemis and Murcko 1996, https://doi.org/10.1021/jm9602928
    """
    return str(MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=False))
