"""Names of a structure: canonical SMILES, a stable 64-bit key, the scaffold."""

from __future__ import annotations

from hashlib import blake2b

from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold


def canonical_smiles(mol: Chem.Mol) -> str:
    """Return RDKit's canonical isomeric SMILES."""
    return str(Chem.MolToSmiles(mol))


def structure_key(smiles: str) -> int:
    """Return a signed 64-bit hash of a canonical SMILES, the same on every machine."""
    digest = blake2b(smiles.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def murcko_scaffold(mol: Chem.Mol) -> str:
    """Return the Bemis-Murcko scaffold as SMILES without stereo; empty for chains.

    References
    ----------
    Bemis and Murcko 1996, https://doi.org/10.1021/jm9602928
    """
    return str(MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=False))
