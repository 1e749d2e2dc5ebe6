"""The feature blocks, alone and as a set, as scikit-learn transformers for pipelines."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin

from screening.chemistry import molecules_of
from screening.features import descriptors, fingerprints, other, sets
from screening.features.blocks import FeatureBlock


class MoleculeTransformer(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer from compounds to numbers that learns nothing.

    Compounds are SMILES, which are parsed as they stand, or RDKit molecules.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing: there is nothing to learn."""
        del X, y
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def transform(self, X: Any) -> Any:
        """Compute one row a compound.

        Parameters
        ----------
        X : sequence of n str or Mol

        Returns
        -------
        CSR matrix or float32 array of shape (n, n_columns)

        Raises
        ------
        ValueError
            A structure cannot be read; the message says which.
        TypeError
            X holds something that is neither a text nor a molecule.
        """
        return self.columns_of(molecules_of(X))


class MorganCounts(MoleculeTransformer, fingerprints.MorganCounts):
    """Circular substructures of radius 2 (ECFP4), counted."""


class MorganBits(MoleculeTransformer, fingerprints.MorganBits):
    """Circular substructures of radius 2 (ECFP4), there or not."""


class FeatureMorganCounts(MoleculeTransformer, fingerprints.FeatureMorganCounts):
    """Circular substructures of pharmacophoric atom types (FCFP4), counted."""


class FeatureMorganBits(MoleculeTransformer, fingerprints.FeatureMorganBits):
    """Circular substructures of pharmacophoric atom types (FCFP4), there or not."""


class AtomPairs(MoleculeTransformer, fingerprints.AtomPairs):
    """Pairs of atom types with their topological distance, counted."""


class Torsions(MoleculeTransformer, fingerprints.Torsions):
    """Topological torsions: paths of four atoms, counted."""


class RDKitPath(MoleculeTransformer, fingerprints.RDKitPath):
    """Linear and branched subgraphs of one to seven bonds, there or not."""


class MACCS(MoleculeTransformer, other.MACCS):
    """The 166 public MACCS keys; position 0 is never on, so that key k is position k."""


class AvalonCounts(MoleculeTransformer, other.AvalonCounts):
    """Avalon's sixteen classes of features (atoms, bonds, rings, paths, ...), counted."""


class ErG(MoleculeTransformer, other.ErG):
    """Extended reduced graphs: pairs of pharmacophoric points by distance, 315 fuzzy counts."""


class Descriptors(MoleculeTransformer, descriptors.Descriptors):
    """The 88 compiled descriptors: MQN, VSA families, Crippen, TPSA, kappa shapes and others."""


class RDKitDescriptors(MoleculeTransformer, other.RDKitDescriptors):
    """All two-dimensional descriptors of `rdkit.Chem.Descriptors`, by their names."""


# Each block as a transformer, by its name.
TRANSFORMERS: dict[str, type[FeatureBlock]] = {
    block.name: block
    for block in MoleculeTransformer.__subclasses__()
    if issubclass(block, FeatureBlock)
}


class FeatureSet(MoleculeTransformer, sets.BlockSet):
    """The feature blocks of a model side by side; nothing is learned.

    Parameters
    ----------
    features : sequence of str or FeatureBlock
        Names of blocks (see `BLOCKS`), or blocks with settings of their own.

    Raises
    ------
    ValueError
        On first use: a name is unknown or given twice, or there is none.

    Examples
    --------
    >>> features = FeatureSet(["morgan_counts", "descriptors"])
    >>> features.transform(["CCO", "c1ccccc1"]).shape
    (2, 2136)
    >>> features.get_feature_names_out()[[0, -1]]
    array(['morgan_counts_0', 'descriptors_ExactMolWt'], dtype=object)
    """
