"""Block Gibbs sampling: all hidden units given the visible ones, then the visible given the hidden.

Each sweep draws from the two exact conditionals, so it leaves p(v, h) unchanged whatever the units.
With some visible variables clamped it draws from the law of the others given them: samples of a
class, missing bits filled in.
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

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli
    >>> from ebm.sampling import gibbs
    >>> rbm = RBM(Bernoulli(6), Bernoulli(3))
    >>> gibbs(rbm, torch.zeros(4, 6), 10, torch.Generator().manual_seed(1)).shape
    torch.Size([4, 6])
    """
    for _ in range(steps):
        visible = gibbs_step(rbm, visible, generator)
    return visible


def gibbs_clamped(
    rbm: RBM, visible: Tensor, clamped: Tensor, steps: int, generator: torch.Generator
) -> Tensor:
    """Run `steps` sweeps of p(free variables | clamped variables) from each row.

    Given the hidden layer the visible variables are independent, so putting the clamped ones back
    after each sweep is a Gibbs sampler of the conditional law.

    Parameters
    ----------
    rbm : RBM
        The machine.
    visible : Tensor of shape (n, n_visible)
        Clamped values, and start values of the free ones; a free NaN starts as a draw from the
        visible units alone. It is not changed.
    clamped : bool Tensor of shape (n_visible,) or (n, n_visible)
        True where the value is held.
    steps : int
        Number of sweeps.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor of shape (n, n_visible)

    Raises
    ------
    ValueError
        If a variable of several columns (softmax, thermometer) is clamped in part only, or a
        clamped value is NaN.

    Examples
    --------
    Three rows of a machine over six bits and a label of four classes, with the label 2:

    >>> import torch
    >>> from ebm import RBM, Bernoulli, Blocks, Softmax
    >>> from ebm.sampling import gibbs_clamped
    >>> rbm = RBM(Blocks([Bernoulli(6), Softmax(4)]), Bernoulli(5))
    >>> visible = torch.full((3, 10), torch.nan)
    >>> visible[:, 6:] = torch.eye(4)[2]
    >>> generator = torch.Generator().manual_seed(1)
    >>> rows = gibbs_clamped(rbm, visible, ~visible[0].isnan(), 1000, generator)
    >>> rows.shape, rows[:, 6:].argmax(1).tolist()
    (torch.Size([3, 10]), [2, 2, 2])
    """
    clamped = clamped.to(device=visible.device).expand_as(visible)
    _check_clamped(rbm, visible, clamped)
    alone = rbm.visible.sample(torch.zeros_like(visible), generator)
    state = torch.where(visible.isnan(), alone, visible)
    for _ in range(steps):
        state = torch.where(clamped, visible, gibbs_step(rbm, state, generator))
    return state


def _check_clamped(rbm: RBM, visible: Tensor, clamped: Tensor) -> None:
    if bool((visible.isnan() & clamped).any()):
        raise ValueError("a clamped value is NaN; clamp only what is known")
    site = rbm.visible.site_of_column().to(visible.device)
    same = site[1:] == site[:-1]
    if bool((same & (clamped[:, 1:] != clamped[:, :-1])).any()):
        raise ValueError("clamp all columns of a softmax or thermometer variable, or none")
