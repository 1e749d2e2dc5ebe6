"""Feature blocks: scikit-learn transformers from molecules to numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

Kind = Literal["count", "bit", "continuous"]


class FeatureBlock(TransformerMixin, BaseEstimator, ABC):
    """A named group of columns computed from one molecule at a time; nothing is learned.

    Attributes
    ----------
    name : str
        What `--features` calls it.
    kind : str
        count, bit or continuous: which visible units fit the block.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]

    def fit(self, X: Sequence[Chem.Mol], y: Any = None) -> Self:
        """Do nothing: the block is stateless."""
        del X, y
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @abstractmethod
    def transform(self, X: Sequence[Chem.Mol]) -> csr_matrix | NDArray[np.float32]:
        """Compute the block, one row a molecule."""

    @abstractmethod
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return one name a column."""


class CountFingerprint(FeatureBlock):
    """A hashed fingerprint whose entries count how often a substructure occurs.

    Parameters
    ----------
    n_bits : int
        Length that the substructure hashes are folded to.
    """

    kind = "count"

    def __init__(self, n_bits: int = 2048) -> None:
        self.n_bits = n_bits

    @abstractmethod
    def generator(self) -> Any:
        """Return RDKit's generator for this block."""

    def transform(self, X: Sequence[Chem.Mol]) -> csr_matrix:
        """Count substructures, as CSR of int32 with sorted columns."""
        count = self.generator().GetCountFingerprint
        columns: list[int] = []
        values: list[int] = []
        ends = [0]
        for mol in X:
            entries = count(mol).GetNonzeroElements()
            columns.extend(entries.keys())
            values.extend(entries.values())
            ends.append(len(columns))
        matrix = csr_matrix(
            (np.array(values, np.int32), np.array(columns, np.int32), np.array(ends, np.int64)),
            shape=(len(X), self.n_bits),
        )
        matrix.sort_indices()
        return matrix

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return `name_bit` for each position."""
        del input_features
        return np.array([f"{self.name}_{bit}" for bit in range(self.n_bits)], dtype=object)
