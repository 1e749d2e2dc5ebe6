"""Encoded molecules in the two parts that are computed with in different ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack


@dataclass(frozen=True)
class Visible:
    """Rows of the encoded matrix: first its columns that are mostly zero, then the others.

    Attributes
    ----------
    bits : CSR of float32, shape (n, n_bits)
        Sorted within a row.
    dense : float32 array of shape (n, n_dense)
    """

    bits: csr_matrix
    dense: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.bits.shape[0])

    def to_csr(self) -> csr_matrix:
        """Return all columns as one CSR matrix of float32."""
        parts = [self.bits, csr_matrix(self.dense)]
        return csr_matrix(hstack(parts, format="csr", dtype=np.float32))


def as_visible(x: csr_matrix | Visible, dense_from: int) -> Visible:
    """Split a CSR matrix at a column; what is split already stays as it is."""
    if isinstance(x, Visible):
        return x
    bits = csr_matrix(x[:, :dense_from], dtype=np.float32)
    return Visible(bits, x[:, dense_from:].toarray().astype(np.float32, copy=False))


def as_csr(x: csr_matrix | Visible) -> csr_matrix:
    """Return the matrix of what may be split."""
    return x.to_csr() if isinstance(x, Visible) else x
