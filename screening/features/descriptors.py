"""The compiled descriptor block: 88 numbers a molecule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from screening.features.blocks import FeatureBlock
from screening.features.graphs import MolecularGraph, graphs_of
from screening.features.graphs.counts import quantum_numbers
from screening.features.graphs.shapes import kappa_shapes
from screening.features.graphs.surface import (
    LOGP_RANGES,
    REFRACTIVITY_RANGES,
    atom_surfaces,
    shared_out,
)
from screening.features.graphs.surroundings import (
    HYDROGENS_LOGP,
    HYDROGENS_REFRACTIVITY,
    LOGP,
    POLAR,
    REFRACTIVITY,
    Surroundings,
)

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
    is computed here for many molecules together, to equal values.

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
        first = 0
        for graph in graphs_of(mols):
            rows = table[first : first + len(graph.mols)]
            if len(graph):
                rows[graph.rows] = _described_together(graph)
            for row in graph.odd.tolist():
                rows[row] = described_alone(graph.mols[row])
            first += len(graph.mols)
        return np.nan_to_num(table, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return RDKit's names; families are numbered from 1."""
        del input_features
        families = [f"{name}{i}" for name, size in _FAMILIES for i in range(1, size + 1)]
        return np.array([*families, *_SCALARS], dtype=object)


@lru_cache(maxsize=1)
def _surroundings() -> Surroundings:
    return Surroundings()


def _described_together(graph: MolecularGraph) -> NDArray[np.float64]:
    mols = [graph.mols[row] for row in graph.rows.tolist()]
    size, owner = len(graph), graph.owner
    parts = _surroundings().contributions(graph)
    surfaces, whole = atom_surfaces(graph)
    sums = [np.bincount(owner, column, size) for column in parts.T]
    return np.column_stack(
        [
            quantum_numbers(graph),
            shared_out(owner, surfaces, parts[:, LOGP], LOGP_RANGES),
            shared_out(owner, surfaces, parts[:, REFRACTIVITY], REFRACTIVITY_RANGES),
            np.array([rdMolDescriptors.PEOE_VSA_(mol) for mol in mols]),
            sums[LOGP] + sums[HYDROGENS_LOGP],
            sums[REFRACTIVITY] + sums[HYDROGENS_REFRACTIVITY],
            sums[POLAR],
            whole,
            _sp3_share(graph),
            kappa_shapes(graph),
            np.array([rdMolDescriptors.CalcExactMolWt(mol) for mol in mols]),
        ]
    )


def _sp3_share(graph: MolecularGraph) -> NDArray[np.float64]:
    carbon = graph.element == 6
    saturated = np.bincount(graph.owner, carbon & (graph.total_degree == 4), len(graph))
    return saturated / np.maximum(np.bincount(graph.owner, carbon, len(graph)), 1)


def described_alone(mol: Chem.Mol) -> list[float]:
    """Return RDKit's own value of each column."""
    # The VSA families come first: they type the atoms, and RDKit keeps the types on the molecule.
    families = [
        *rdMolDescriptors.MQNs_(mol),
        *rdMolDescriptors.SlogP_VSA_(mol),
        *rdMolDescriptors.SMR_VSA_(mol),
        *rdMolDescriptors.PEOE_VSA_(mol),
    ]
    return [
        *families,
        *rdMolDescriptors.CalcCrippenDescriptors(mol),
        rdMolDescriptors.CalcTPSA(mol),
        rdMolDescriptors.CalcLabuteASA(mol),
        rdMolDescriptors.CalcFractionCSP3(mol),
        *(getattr(rdMolDescriptors, f"CalcKappa{number}")(mol) for number in (1, 2, 3)),
        rdMolDescriptors.CalcHallKierAlpha(mol),
        rdMolDescriptors.CalcExactMolWt(mol),
    ]
