"""Encoded molecules in the two parts that are computed with in different ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, hstack

from screening.features.levels import tops_among


@dataclass(frozen=True, eq=False)
class Visible:
    """Rows of the encoded matrix: first its columns that are mostly zero, then the others.

    Attributes
    ----------
    tops : CSR of float32, shape (n, n_bits)
        The bits that no other one implies, or all columns where `implied` is None.
    dense : float32 array of shape (n, n_dense)
    implied : CSR of float32 ones, shape (n_bits, n_bits), optional
        Which bits are on where one is; see `Levels`.
    """

    tops: csr_matrix
    dense: NDArray[np.float32]
    implied: csr_matrix | None = None

    def __len__(self) -> int:
        return int(self.tops.shape[0])

    @cached_property
    def bits(self) -> csr_matrix:
        """All columns that are mostly zero, sorted within a row."""
        if self.implied is None:
            return self.tops
        found = csr_matrix(self.tops @ self.implied)
        found.sort_indices()
        return found

    @cached_property
    def by_column(self) -> csc_matrix:
        """`tops`, column after column, and the rows in order."""
        return self.tops.tocsc()

    def take(self, rows: slice) -> Visible:
        """Return some of the rows."""
        return Visible(self.tops[rows], self.dense[rows], self.implied)

    def to_csr(self) -> csr_matrix:
        """Return all columns as one CSR matrix of float32."""
        parts = [self.bits, csr_matrix(self.dense)]
        return csr_matrix(hstack(parts, format="csr", dtype=np.float32))


def as_visible(
    x: csr_matrix | Visible, dense_from: int, implied: csr_matrix | None = None
) -> Visible:
    """Split a CSR matrix at a column, and leave out bits that others imply.

    What is split already stays as it is, but for bits that it has and should imply, or implies and
    should have.
    """
    if isinstance(x, Visible):
        if (x.implied is None) == (implied is None):
            return x
        bits, dense = x.bits, x.dense
    else:
        bits = csr_matrix(x[:, :dense_from], dtype=np.float32)
        dense = x[:, dense_from:].toarray().astype(np.float32, copy=False)
    return Visible(bits if implied is None else tops_among(bits, implied), dense, implied)


def as_csr(x: csr_matrix | Visible) -> csr_matrix:
    """Return the matrix of what may be split."""
    return x.to_csr() if isinstance(x, Visible) else x
