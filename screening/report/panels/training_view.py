"""The training compounds as the model sees them, computed again for the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix

from screening.chemistry import Failure, Limits, prepare_molecule
from screening.features import RawFeatures
from screening.model import ScreeningModel

# More of them would make the report slow and its pictures no better.
MOST = 3000


@dataclass(frozen=True)
class TrainingView:
    """Some training compounds, spread evenly over the assay.

    Attributes
    ----------
    index : int64 array
        Their positions in the model's training table.
    mols : list of Mol
    raw : RawFeatures
    x : CSR
        Encoded.
    """

    index: NDArray[np.int64]
    mols: list[Chem.Mol]
    raw: RawFeatures
    x: csr_matrix


def view_training(model: ScreeningModel, most: int = MOST) -> TrainingView:
    """Read and featurise at most `most` training compounds."""
    size = len(model.training)
    wanted = np.unique(np.linspace(0, size - 1, min(size, most)).astype(np.int64))
    mols, index = molecules_of(model, [model.training.smiles[i] for i in wanted])
    raw = model.featurise(mols)
    return TrainingView(wanted[index], mols, raw, model.encoder.transform(raw))


def molecules_of(
    model: ScreeningModel, smiles: list[str]
) -> tuple[list[Chem.Mol], NDArray[np.int64]]:
    """Read structures that were read before; one that cannot be is left out."""
    # Limits have done their work when these were first read.
    limits = Limits(max_atoms=10_000)
    found = [
        (i, mol)
        for i, text in enumerate(smiles)
        if not isinstance(mol := prepare_molecule(text, model.standardiser, limits), Failure)
    ]
    return [mol for _, mol in found], np.array([i for i, _ in found], dtype=np.int64)
