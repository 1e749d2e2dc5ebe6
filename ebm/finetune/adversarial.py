"""Adversarial training: half of the loss is that of inputs moved to where it grows fastest.

    x' = x + ε·sign(∂loss/∂x),    loss = ½·loss(x) + ½·loss(x')

A network that must get x' right too is smoother around its data. Nothing is known of the inputs
but their range, so that the result stays permutation-invariant.

References
----------
Goodfellow, Shlens, Szegedy (2015), Explaining and harnessing adversarial examples,
https://arxiv.org/abs/1412.6572, section 5.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def backward_with_adversary(loss_of: Callable[[Tensor], Tensor], x: Tensor, step: float) -> Tensor:
    """Add the gradient of the halved losses of `x` and of its adversary to the parameters.

    Parameters
    ----------
    loss_of : callable
        Loss of a minibatch, a scalar that depends on parameters. Called twice.
    x : Tensor of shape (n, n_in)
        Dense.
    step : float
        ε, in units of the inputs.

    Returns
    -------
    Tensor
        The mean of the two losses, detached.
    """
    start = x.detach().requires_grad_()
    loss = 0.5 * loss_of(start)
    torch.autograd.backward(loss)
    assert start.grad is not None
    moved = 0.5 * loss_of(start.detach() + step * start.grad.sign())
    torch.autograd.backward(moved)
    return loss.detach() + moved.detach()
