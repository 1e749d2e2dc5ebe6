"""Binomial units: counts out of a fixed number of trials."""

# ruff: noqa: D102 (the methods are documented by Unit)

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ebm.units.base import Moments, Site, Unit, smoothed_mean


class Binomial(Unit):
    """Counts s in 0..trials with U(s) = -bias·s - log C(trials, s).

    Γ(x) = trials · Σ log(1 + exp(bias + x)): the same as `trials` Bernoulli units with shared
    weights.

    Parameters
    ----------
    size : int
        Number of counts.
    trials : int
        Largest value of each count.

    References
    ----------
    Teh, Hinton (2001), "Rate-coded restricted Boltzmann machines for face recognition", section 3.

    Examples
    --------
    >>> import torch
    >>> from ebm import Binomial
    >>> Binomial(2, trials=10).mean(torch.zeros(1, 2)).tolist()
    [[5.0, 5.0]]
    """

    kind = "binomial"

    def __init__(self, size: int, trials: int) -> None:
        super().__init__(size)
        if trials < 1:
            raise ValueError(f"binomial units need trials >= 1, not {trials}")
        self.trials = trials

    def energy(self, states: Tensor) -> Tensor:
        total = torch.lgamma(states.new_tensor(self.trials + 1.0))
        ways = total - torch.lgamma(states + 1) - torch.lgamma(self.trials - states + 1)
        return -(states @ self.bias) - ways.sum(-1)

    def mean(self, field: Tensor) -> Tensor:
        return self.trials * torch.sigmoid(field + self.bias)

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        probability = torch.sigmoid(field + self.bias)
        trials = torch.full_like(probability, self.trials)
        return torch.binomial(trials, probability, generator=generator)

    def log_partition(self, field: Tensor) -> Tensor:
        return self.trials * softplus(field + self.bias).sum(-1)

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        share = Moments(moments.mean / self.trials, moments.variance, moments.count * self.trials)
        self.bias.copy_(torch.logit(smoothed_mean(share, smoothing, centre=0.5, states=2)))

    def support(self) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(self.bias), torch.full_like(self.bias, self.trials)

    def sites(self) -> list[Site]:
        states = torch.arange(self.trials + 1).to(self.bias)[:, None]
        return [Site(column, column + 1, states) for column in range(self.size)]

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "size": self.size, "trials": self.trials}
