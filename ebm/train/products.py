"""A matrix as a sum of outer products, multiplied out only where it is added to another one.

The gradient by the weights is such a sum: data rows, model rows, and a few rows more for centring
and sparsity. Multiplied into the velocity at once it costs one pass over a matrix of the weights'
size, where a product for each phase and a sum for each correction cost ten. Rows with few entries
stay sparse, and are multiplied as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.sparse import stack_rows, transposed_times_dense

# So many outer products one by one are faster than a product of matrices so thin.
_FEW_ROWS = 2


@dataclass(frozen=True)
class Products:
    """Σ_k left_k·right_kᵀ + factor·matrix.

    Attributes
    ----------
    left : Tensor of shape (k, n)
    right : Tensor of shape (k, m)
    sparse : tuple of (Tensor of shape (l, n), sparse CSR, and Tensor of shape (l, m))
        Further rows.
    matrix : Tensor of shape (n, m), optional
    factor : float
    """

    left: Tensor
    right: Tensor
    sparse: tuple[tuple[Tensor, Tensor], ...] = ()
    matrix: Tensor | None = None
    factor: float = 0.0

    @classmethod
    def stacked(cls, parts: Sequence[tuple[Tensor, Tensor]]) -> Products:
        """Return the sum of several; a vector is one row, and a left side may be sparse CSR."""
        dense = [part for part in parts if part[0].layout == torch.strided]
        sparse = tuple(part for part in parts if part[0].layout != torch.strided)
        if not dense:
            left, right = sparse[0]
            dense = [(right.new_zeros(0, left.shape[1]), right[:0])]
        left_rows = torch.cat([_rows(left) for left, _ in dense])
        return cls(left_rows, torch.cat([_rows(right) for _, right in dense]), sparse)

    def minus(self, other: Products) -> Products:
        """Return the difference of two sums of outer products."""
        return Products(
            torch.cat([self.left, other.left]),
            torch.cat([self.right, -other.right]),
            (*self.sparse, *((left, -right) for left, right in other.sparse)),
        )

    def with_rows(self, left: Tensor, right: Tensor) -> Products:
        """Return the sum with further rows; vectors are one row."""
        return Products(
            torch.cat([self.left, _rows(left)]),
            torch.cat([self.right, _rows(right)]),
            self.sparse,
            self.matrix,
            self.factor,
        )

    def with_matrix(self, matrix: Tensor, factor: float) -> Products:
        """Return the sum with `factor` times a matrix that is there anyway."""
        return Products(self.left, self.right, self.sparse, matrix if factor else None, factor)

    def add_to(self, total: Tensor, *, keep: float, scale: float) -> Tensor:
        """Return total, changed in place to keep·total + scale·sum.

        Rows of a coarser number type than the total's are multiplied in theirs.
        """
        if self.left.dtype != total.dtype:
            if keep != 1:
                total.mul_(keep)
            total.add_(self.left.T @ self.right, alpha=scale)
        elif not 0 < len(self.left) <= _FEW_ROWS:
            total.addmm_(self.left.T, self.right, beta=keep, alpha=scale)
        else:
            for row, other in zip(self.left, self.right, strict=True):
                total.addr_(row, other, beta=keep, alpha=scale)
                keep = 1.0
        if self.sparse:
            left = stack_rows([left for left, _ in self.sparse])
            right = torch.cat([right for _, right in self.sparse])
            total.add_(transposed_times_dense(left, right), alpha=scale)
        if self.matrix is not None:
            total.add_(self.matrix, alpha=scale * self.factor)
        return total

    def dense(self) -> Tensor:
        """Return the sum, shape (n, m)."""
        # β = 0 leaves what is in the memory unread.
        total = self.left.new_empty(self.left.shape[1], self.right.shape[1])
        return self.add_to(total, keep=0.0, scale=1.0)


def _rows(x: Tensor) -> Tensor:
    return x[None] if x.ndim == 1 else x
