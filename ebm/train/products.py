"""A matrix as a sum of outer products, multiplied out only where it is added to another one.

The gradient by the weights is such a sum: data rows, model rows, and a few rows more for centring
and sparsity. Multiplied into the velocity at once it costs one pass over a matrix of the weights'
size, where a product for each phase and a sum for each correction cost ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Products:
    """Σ_k left_k·right_kᵀ + factor·matrix.

    Attributes
    ----------
    left : Tensor of shape (k, n)
    right : Tensor of shape (k, m)
    matrix : Tensor of shape (n, m), optional
    factor : float
    """

    left: Tensor
    right: Tensor
    matrix: Tensor | None = None
    factor: float = 0.0

    @classmethod
    def stacked(cls, parts: Sequence[tuple[Tensor, Tensor]]) -> Products:
        """Return the sum of several; a vector is one row."""
        left, right = zip(*parts, strict=True)
        return cls(torch.cat([_rows(x) for x in left]), torch.cat([_rows(x) for x in right]))

    def with_rows(self, left: Tensor, right: Tensor) -> Products:
        """Return the sum with further rows."""
        both = Products.stacked([(self.left, self.right), (left, right)])
        return Products(both.left, both.right, self.matrix, self.factor)

    def with_matrix(self, matrix: Tensor, factor: float) -> Products:
        """Return the sum with `factor` times a matrix that is there anyway."""
        return Products(self.left, self.right, matrix if factor else None, factor)

    def add_to(self, total: Tensor, *, keep: float, scale: float) -> Tensor:
        """Return total, changed in place to keep·total + scale·sum."""
        total.addmm_(self.left.T, self.right, beta=keep, alpha=scale)
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
