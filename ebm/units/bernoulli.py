"""Bernoulli units: bits, or probabilities of bits."""

# ruff: noqa: D102 (the methods are documented by Unit)

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ebm.units.base import Moments, Site, Unit, smoothed_mean


class Bernoulli(Unit):
    """Bits s in {0, 1} with U(s) = -bias·s, so Γ(x) = Σ log(1 + exp(bias + x)).

    As a visible layer it also takes values in [0, 1], read as the probability that the bit is on
    (grey pixels, quantiles).

    References
    ----------
    Hinton (2012), "A practical guide to training restricted Boltzmann machines", sections 2-3.
    https://doi.org/10.1007/978-3-642-35289-8_32

    Examples
    --------
    >>> import torch
    >>> from ebm import Bernoulli
    >>> unit = Bernoulli(2)
    >>> unit.mean(torch.zeros(1, 2)).tolist()
    [[0.5, 0.5]]
    """

    kind = "bernoulli"

    def energy(self, states: Tensor) -> Tensor:
        return -(states @ self.bias)

    def mean(self, field: Tensor) -> Tensor:
        return torch.sigmoid(field + self.bias)

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        return sample_bits(field + self.bias, generator)

    def log_partition(self, field: Tensor) -> Tensor:
        return softplus(field + self.bias).sum(-1)

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        self.bias.copy_(torch.logit(smoothed_mean(moments, smoothing, centre=0.5, states=2)))

    def sites(self) -> list[Site]:
        states = torch.tensor([[0.0], [1.0]], dtype=self.bias.dtype, device=self.bias.device)
        return [Site(column, column + 1, states, soft=True) for column in range(self.size)]


def sample_bits(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Draw bits with probability σ(logits), shape (..., size); the logits are overwritten."""
    probability = torch.sigmoid_(logits)
    uniform = torch.rand(
        probability.shape, generator=generator, dtype=probability.dtype, device=probability.device
    )
    return torch.lt(uniform, probability, out=probability)
