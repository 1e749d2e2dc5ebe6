"""Noisy rectified units as replicated bits with shifted biases, sampled exactly."""

# ruff: noqa: D102 (the methods are documented by Unit)

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ebm.units.base import Moments, Site, Unit, set_bias_by_bisection

# Each copy costs a sigmoid; a unit with more is better approximated than enumerated.
MAX_COPIES = 1024


class NReLU(Unit):
    """The sum s of `copies` bits that share weights and have biases lowered by 1/2, 3/2, 5/2, ...

    Its mean Σ_i sigmoid(bias + x - i + 1/2) follows log(1 + exp(bias + x)) up to `copies`. The
    usual max(0, x + noise) only approximates this law; here s is drawn from it. As a law of s,
    U(s) = -bias·s - log e_s, with e_s the sum over all ways to choose s of the copies (elementary
    symmetric polynomial of exp(1/2 - i)), so that Γ(x) = Σ_i log(1 + exp(bias + x - i + 1/2)).

    Parameters
    ----------
    size : int
        Number of columns.
    copies : int
        Largest state, 1 to 1024.

    References
    ----------
    Nair, Hinton (2010), "Rectified linear units improve restricted Boltzmann machines", section 2.

    Examples
    --------
    >>> import torch
    >>> from ebm import NReLU
    >>> NReLU(1, copies=8).sample(torch.full((1, 1), 50.0), torch.Generator()).tolist()
    [[8.0]]
    """

    kind = "nrelu"
    shifts: Tensor
    log_ways: Tensor

    def __init__(self, size: int, copies: int = 8) -> None:
        super().__init__(size)
        if not 1 <= copies <= MAX_COPIES:
            raise ValueError(f"NReLU units need 1 to {MAX_COPIES} copies, not {copies}")
        self.copies = copies
        shifts = 0.5 - torch.arange(1, copies + 1, dtype=torch.float64)
        log_ways = torch.full((copies + 1,), -torch.inf, dtype=torch.float64)
        log_ways[0] = 0
        for shift in shifts:
            log_ways[1:] = torch.logaddexp(log_ways[1:], log_ways[:-1] + shift)
        self.register_buffer("shifts", shifts.to(self.bias.dtype), False)
        self.register_buffer("log_ways", log_ways.to(self.bias.dtype), False)

    def energy(self, states: Tensor) -> Tensor:
        return -(states @ self.bias) - self.log_ways[states.round().long()].sum(-1)

    def mean(self, field: Tensor) -> Tensor:
        return torch.sigmoid(self._inputs(field)).sum(-1)

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        probability = torch.sigmoid(self._inputs(field))
        uniform = torch.rand(
            probability.shape, generator=generator, dtype=field.dtype, device=field.device
        )
        return (uniform < probability).sum(-1).to(field.dtype)

    def log_partition(self, field: Tensor) -> Tensor:
        return softplus(self._inputs(field)).sum((-1, -2))

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        count, extra = moments.count, smoothing * (self.copies + 1)
        mean = (count * moments.mean + extra * self.copies / 2) / (count + extra)
        set_bias_by_bisection(self, mean)

    def support(self) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(self.bias), torch.full_like(self.bias, self.copies)

    def sites(self) -> list[Site]:
        states = torch.arange(self.copies + 1).to(self.bias)[:, None]
        return [Site(column, column + 1, states) for column in range(self.size)]

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "size": self.size, "copies": self.copies}

    def _inputs(self, field: Tensor) -> Tensor:
        return (field + self.bias)[..., None] + self.shifts
