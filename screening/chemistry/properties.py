"""What a medicinal chemist asks of a molecule first: size, polarity, shape, drug-likeness."""

from __future__ import annotations

from typing import NamedTuple

from rdkit import Chem
from rdkit.Chem import QED, rdMolDescriptors

# RDKit's own contribution; it reads the fragment table of the RDKit package, never a user's file.
from rdkit.Contrib.SA_Score import sascorer


class Properties(NamedTuple):
    """Properties of one molecule.

    Attributes
    ----------
    mw : float
        Average molecular weight in g/mol.
    logp : float
        Crippen's calculated logP.
    tpsa : float
        Topological polar surface area in square angstrom, N and O only.
    hbd, hba, rotatable_bonds : int
        Donors, acceptors, rotatable bonds (strict).
    fsp3 : float
        Share of sp3 carbons, 0-1.
    qed : float
        Quantitative estimate of drug-likeness, 0-1.
    sa_score : float
        Synthetic accessibility, 1 (easy) to 10 (hard).
    """

    mw: float
    logp: float
    tpsa: float
    hbd: int
    hba: int
    rotatable_bonds: int
    fsp3: float
    qed: float
    sa_score: float


def properties(mol: Chem.Mol) -> Properties:
    """Compute the properties of a molecule.

    References
    ----------
    logP: Wildman and Crippen 1999, https://doi.org/10.1021/ci990307l. TPSA: Ertl et al. 2000,
    https://doi.org/10.1021/jm000942e. QED: Bickerton et al. 2012,
    https://doi.org/10.1038/nchem.1243. SA score: Ertl and Schuffenhauer 2009,
    https://doi.org/10.1186/1758-2946-1-8.
    """
    # QED needs most of them too: they are computed once.
    of_qed = QED.properties(mol)
    return Properties(
        mw=round(of_qed.MW, 2),
        logp=round(of_qed.ALOGP, 2),
        tpsa=round(of_qed.PSA, 1),
        hbd=of_qed.HBD,
        hba=rdMolDescriptors.CalcNumHBA(mol),
        rotatable_bonds=of_qed.ROTB,
        fsp3=round(rdMolDescriptors.CalcFractionCSP3(mol), 2),
        qed=round(QED.qed(mol, qedProperties=of_qed), 2),
        sa_score=round(sascorer.calculateScore(mol), 2),
    )
