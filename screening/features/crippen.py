"""Crippen's logP and molar refractivity without adding the hydrogens to the molecule.

RDKit types all atoms a second time on a copy with explicit hydrogens, which costs as much as all
other compiled descriptors together. The heavy atoms' types do not depend on that, are known
already from the VSA descriptors, and a hydrogen's type follows from the atom it sits on.

References
----------
Wildman and Crippen 1999, https://doi.org/10.1021/ci990307l
"""

from __future__ import annotations

from functools import lru_cache

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

# A molecule whose last hydrogen, once added, has the type; the contribution is RDKit's own.
_PROBES = {
    "on carbon": "C",
    "on nitrogen": "N",
    "on another atom": "S",
    "alcohol": "CO",
    "hydroxylamine": "NO",
    "acid": "OC=O",
    "other hydroxyl": "OC#C",
}
_Contribution = tuple[float, float]


@lru_cache(maxsize=1)
def _hydrogens() -> dict[str, _Contribution]:
    found = {}
    for kind, smiles in _PROBES.items():
        mol = Chem.MolFromSmiles(smiles)
        position = 0 if kind in ("acid", "other hydroxyl") else mol.GetNumAtoms() - 1
        whole = Chem.AddHs(mol, onlyOnAtoms=[position])
        found[kind] = rdMolDescriptors._CalcCrippenContribs(whole)[-1]
    return found


@lru_cache(maxsize=1)
def _hetero_hydrogens() -> Chem.Mol:
    return Chem.MolFromSmarts("[!#6;!H0]")


def crippen(mol: Chem.Mol) -> tuple[float, float]:
    """Return logP and molar refractivity, equal to `rdMolDescriptors.CalcCrippenDescriptors`."""
    types = _hydrogens()
    on_hetero: list[tuple[int, str]] = []
    for (position,) in mol.GetSubstructMatches(_hetero_hydrogens(), maxMatches=mol.GetNumAtoms()):
        atom = mol.GetAtomWithIdx(position)
        kind = _kind(atom)
        if kind is None:
            logp, refractivity = rdMolDescriptors.CalcCrippenDescriptors(mol)
            return logp, refractivity
        on_hetero.append((atom.GetTotalNumHs(), kind))
    hydrogens = rdMolDescriptors.CalcNumAtoms(mol) - mol.GetNumAtoms()
    on_carbon = hydrogens - sum(count for count, _ in on_hetero)
    logp = refractivity = 0.0
    for one, two in rdMolDescriptors._CalcCrippenContribs(mol):
        logp += one
        refractivity += two
    for count, kind in [(on_carbon, "on carbon"), *on_hetero]:
        one, two = types[kind]
        logp += count * one
        refractivity += count * two
    return logp, refractivity


def _kind(atom: Chem.Atom) -> str | None:
    """Return the type of an atom's hydrogens, or None when only RDKit's own patterns can tell."""
    number = atom.GetAtomicNum()
    if number == 7:
        return "on nitrogen"
    if number in (1, 5, 14) or atom.GetFormalCharge():
        return None
    return _hydroxyl(atom) if number == 8 else "on another atom"


def _hydroxyl(oxygen: Chem.Atom) -> str | None:
    if oxygen.GetDegree() != 1 or oxygen.GetTotalNumHs() != 1:
        return None
    (neighbour,) = oxygen.GetNeighbors()
    number = neighbour.GetAtomicNum()
    if number == 6:
        return _on_carbon(neighbour)
    if neighbour.GetIsAromatic() and number != 7:
        return None
    return {7: "hydroxylamine", 8: "acid", 16: "acid"}.get(number, "alcohol")


def _on_carbon(carbon: Chem.Atom) -> str:
    if carbon.GetIsAromatic() or carbon.GetTotalDegree() == 4:
        return "alcohol"
    for bond in carbon.GetBonds():
        other = bond.GetOtherAtom(carbon)
        if bond.GetBondType() == Chem.BondType.DOUBLE and other.GetAtomicNum() in (6, 7, 8, 16):
            return "acid"
    return "other hydroxyl"
