"""The compiled descriptor block: 88 numbers a molecule that RDKit computes in C++."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from screening.features.blocks import FeatureBlock
from screening.features.crippen import crippen
from screening.features.kappa import kappa_shapes

_SCALARS = (
    "CrippenClogP",
    "CrippenMR",
    "TPSA",
    "LabuteASA",
    "FractionCSP3",
    "Kappa1",
    "Kappa2",
    "Kappa3",
    "HallKierAlpha",
    "ExactMolWt",
)
_FAMILIES = (("MQN", 42), ("SlogP_VSA", 12), ("SMR_VSA", 10), ("PEOE_VSA", 14))


class Descriptors(FeatureBlock):
    """MQN, the three VSA families, Crippen, TPSA, Labute ASA, Fsp3, kappa shapes and weight.

    A value that RDKit cannot give is 0; it happens for odd atoms only. What RDKit computes slowly
    (Crippen's logP and refractivity, kappa 2 and 3) is computed here by other ways to equal values.

    References
    ----------
    MQN: Nguyen et al. 2009, https://doi.org/10.1002/cmdc.200900317. VSA: Labute 2000,
    https://doi.org/10.1016/S1093-3263(00)00068-1.
    """

    name = "descriptors"
    kind = "continuous"

    def columns_of(self, mols: Sequence[Chem.Mol]) -> NDArray[np.float32]:
        """Compute the 88 columns, float32, shape (n, 88)."""
        table = np.empty((len(mols), len(self.get_feature_names_out())), dtype=np.float32)
        for row, mol in zip(table, mols, strict=True):
            row[:] = _describe(mol)
        return np.nan_to_num(table, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return RDKit's names; families are numbered from 1."""
        del input_features
        families = [f"{name}{i}" for name, size in _FAMILIES for i in range(1, size + 1)]
        return np.array([*families, *_SCALARS], dtype=object)


def _describe(mol: Chem.Mol) -> list[float]:
    # The VSA families come first: they type the atoms, and RDKit keeps the types on the molecule.
    families = [
        *rdMolDescriptors.MQNs_(mol),
        *rdMolDescriptors.SlogP_VSA_(mol),
        *rdMolDescriptors.SMR_VSA_(mol),
        *rdMolDescriptors.PEOE_VSA_(mol),
    ]
    return [
        *families,
        *crippen(mol),
        rdMolDescriptors.CalcTPSA(mol),
        rdMolDescriptors.CalcLabuteASA(mol),
        rdMolDescriptors.CalcFractionCSP3(mol),
        *kappa_shapes(mol),
        rdMolDescriptors.CalcExactMolWt(mol),
    ]
