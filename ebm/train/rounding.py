"""Products of matrices in bfloat16, where the processor multiplies such twice as fast.

Eight bits of every factor are kept, and sums are carried in float32. States that are bits stay
exact; a weight w moves by at most 2⁻⁹·|w|. The machine's own weights stay in full precision, so
that small steps add up.

References
----------
Micikevicius et al. (2018), "Mixed precision training", section 3.1: a master copy of the weights.
https://doi.org/10.48550/arXiv.1710.03740
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from ebm.rbm import RBM
from ebm.train.products import Products
from ebm.units import as_dense


class RoundedRBM(RBM):
    """A machine as it is now with rounded weights: the same units, fields by bfloat16 products.

    Fields come back in the number type of the machine. Once it has moved, `follow` it.

    Parameters
    ----------
    rbm : RBM
    """

    def __init__(self, rbm: RBM) -> None:
        nn.Module.__init__(self)
        self.visible = rbm.visible
        self.hidden = rbm.hidden
        self.weights = nn.Parameter(rbm.weights.detach().bfloat16(), requires_grad=False)

    @torch.no_grad()
    def follow(self, rbm: RBM) -> None:
        """Round the weights of the machine that has moved, into the memory that is there."""
        self.weights.copy_(rbm.weights)

    def hidden_field(self, visible: Tensor) -> Tensor:
        """Field v·W on the hidden layer, shape (n, n_hidden)."""
        visible = as_dense(visible)
        return (visible.bfloat16() @ self.weights).to(visible.dtype)

    def visible_field(self, hidden: Tensor) -> Tensor:
        """Field W·h on the visible layer, shape (n, n_visible)."""
        return (hidden.bfloat16() @ self.weights.T).to(hidden.dtype)


def rounded(products: Products) -> Products:
    """Return the same sum with its dense rows rounded to bfloat16."""
    return dataclasses.replace(
        products,
        left=products.left.to(torch.bfloat16),
        right=products.right.to(torch.bfloat16),
    )
