"""Feature blocks: from molecules to numbers. `estimators` makes transformers of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix

BITS = 2048
Kind = Literal["count", "bit", "continuous"]


class FeatureBlock(ABC):
    """A named group of columns computed from one molecule at a time.

    Attributes
    ----------
    name : str
        What `--features` calls it.
    kind : str
        count, bit or continuous: which visible units fit the block.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]

    @abstractmethod
    def columns_of(self, mols: Sequence[Chem.Mol]) -> csr_matrix | NDArray[np.float32]:
        """Compute one row a molecule, of molecules alone."""

    @abstractmethod
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return one name a column."""

    def settings(self) -> dict[str, Any]:
        """Return the parameters that it was made with, by name."""
        return dict(vars(self))


class CountFingerprint(FeatureBlock):
    """A hashed fingerprint whose entries count how often a substructure occurs.

    Parameters
    ----------
    n_bits : int
        Length that the substructure hashes are folded to.
    """

    kind = "count"

    def __init__(self, n_bits: int = BITS) -> None:
        self.n_bits = n_bits

    @abstractmethod
    def counter(self) -> Callable[[Chem.Mol], Any]:
        """Return RDKit's function from a molecule to a vector of counts."""

    def columns_of(self, mols: Sequence[Chem.Mol]) -> csr_matrix:
        """Count substructures, as CSR of int32 with sorted columns."""
        count = self.counter()
        columns: list[int] = []
        values: list[int] = []
        ends = [0]
        for mol in mols:
            entries = count(mol).GetNonzeroElements()
            columns.extend(entries.keys())
            values.extend(entries.values())
            ends.append(len(columns))
        return rows_of(columns, np.array(values, np.int32), ends, self.n_bits)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return `name_bit` for each position."""
        del input_features
        return numbered(self.name, self.n_bits)


class BitFingerprint(FeatureBlock):
    """A fingerprint whose entries tell whether a substructure occurs.

    Attributes
    ----------
    n_bits : int
    """

    kind = "bit"
    n_bits: int

    @abstractmethod
    def reader(self) -> Callable[[Chem.Mol], Any]:
        """Return RDKit's function from a molecule to a bit vector."""

    def columns_of(self, mols: Sequence[Chem.Mol]) -> csr_matrix:
        """Find substructures, as CSR of uint8 ones with sorted columns."""
        read = self.reader()
        columns: list[int] = []
        ends = [0]
        for mol in mols:
            columns.extend(read(mol).GetOnBits())
            ends.append(len(columns))
        return rows_of(columns, np.ones(len(columns), np.uint8), ends, self.n_bits)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return `name_bit` for each position."""
        del input_features
        return numbered(self.name, self.n_bits)


def rows_of(
    columns: Sequence[int], values: NDArray[Any], ends: Sequence[int], width: int
) -> csr_matrix:
    """Build a CSR matrix with sorted columns from what was found row by row."""
    matrix = csr_matrix(
        (values, np.array(columns, np.int32), np.array(ends, np.int64)),
        shape=(len(ends) - 1, width),
    )
    matrix.sort_indices()
    return matrix


def numbered(name: str, size: int) -> NDArray[np.object_]:
    """Return `name_0`, `name_1`, ..."""
    return np.array([f"{name}_{position}" for position in range(size)], dtype=object)
