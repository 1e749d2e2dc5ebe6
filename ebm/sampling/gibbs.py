"""Block Gibbs sampling: all hidden units given the visible ones, then the visible given the hidden.

Each sweep draws from the two exact conditionals, so it leaves p(v, h) unchanged whatever the units.
"""

import torch
from torch import Tensor

from ebm.rbm import RBM


def gibbs_step(rbm: RBM, visible: Tensor, generator: torch.Generator) -> Tensor:
    """One sweep v -> h -> v', shape (n, n_visible); leaves p(v) unchanged."""
    return rbm.sample_visible(rbm.sample_hidden(visible, generator), generator)


def gibbs(rbm: RBM, visible: Tensor, steps: int, generator: torch.Generator) -> Tensor:
    """Run `steps` sweeps from each row of `visible`; the input is not changed.

    Returns
    -------
    Tensor of shape (n, n_visible)
        Sampled visible states.
    """
    for _ in range(steps):
        visible = gibbs_step(rbm, visible, generator)
    return visible
