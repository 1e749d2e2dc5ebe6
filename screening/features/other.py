"""Blocks that come from elsewhere in RDKit: keys, Avalon, reduced graphs, all descriptors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Avalon import pyAvalonTools
from rdkit.Chem import rdMolDescriptors, rdReducedGraphs

from screening.chemistry.molecule import captured
from screening.features.blocks import BitFingerprint, CountFingerprint, FeatureBlock, numbered

_LARGEST = float(np.finfo(np.float32).max)


class MACCS(BitFingerprint):
    """The 166 public MACCS keys; position 0 is never on, so that key k is position k.

    References
    ----------
    Durant et al. 2002, https://doi.org/10.1021/ci010132r
    """

    name = "maccs"
    n_bits = 167

    def reader(self) -> Callable[[Chem.Mol], Any]:
        """Return RDKit's function for the keys."""
        keys: Callable[[Chem.Mol], Any] = rdMolDescriptors.GetMACCSKeysFingerprint
        return keys


class AvalonCounts(CountFingerprint):
    """Avalon's sixteen classes of features (atoms, bonds, rings, paths, ...), counted.

    References
    ----------
    Gedeck, Rohde and Bartels 2006, https://doi.org/10.1021/ci050413p
    """

    name = "avalon"

    def counter(self) -> Callable[[Chem.Mol], Any]:
        """Return Avalon's function for counts."""
        n_bits = self.n_bits
        return lambda mol: pyAvalonTools.GetAvalonCountFP(mol, n_bits)


class ErG(FeatureBlock):
    """Extended reduced graphs: pairs of pharmacophoric points by distance, 315 fuzzy counts.

    References
    ----------
    Stiefl et al. 2006, https://doi.org/10.1021/ci050457y
    """

    name = "erg"
    kind = "continuous"
    n_columns = 315

    def columns_of(self, mols: Sequence[Chem.Mol]) -> NDArray[np.float32]:
        """Compute the block, float32, shape (n, 315)."""
        table = np.zeros((len(mols), self.n_columns), dtype=np.float32)
        for row, mol in zip(table, mols, strict=True):
            row[:] = rdReducedGraphs.GetErGFingerprint(mol)
        return table

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return `erg_0`, `erg_1`, ..."""
        del input_features
        return numbered(self.name, self.n_columns)


class RDKitDescriptors(FeatureBlock):
    """All two-dimensional descriptors of `rdkit.Chem.Descriptors`, by their names.

    A value that RDKit cannot give is 0; one that float32 cannot hold is its largest number.
    """

    name = "rdkit_descriptors"
    kind = "continuous"

    def columns_of(self, mols: Sequence[Chem.Mol]) -> NDArray[np.float32]:
        """Compute the descriptors, float32, one column each."""
        # Slow to load, and few models need it.
        from rdkit.Chem import Descriptors as RDKit

        names = self.get_feature_names_out()
        table = np.zeros((len(mols), len(names)), dtype=np.float64)
        for row, mol in zip(table, mols, strict=True):
            with captured():
                values = RDKit.CalcMolDescriptors(mol, missingVal=np.nan, silent=True)
            row[:] = [values[name] for name in names]
        table = np.nan_to_num(table, nan=0.0)
        return np.clip(table, -_LARGEST, _LARGEST).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return RDKit's names."""
        from rdkit.Chem import Descriptors as RDKit

        del input_features
        return np.array([name for name, _ in RDKit.descList], dtype=object)
