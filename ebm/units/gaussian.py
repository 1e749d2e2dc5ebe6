"""Gaussian units: real numbers, with a fixed or a learned variance."""

# ruff: noqa: D102 (the methods are documented by Unit)

import math
from typing import Any

import torch
from torch import Tensor, nn

from ebm.units.base import Moments, Unit, as_dense


class PrecisionUnit(Unit):
    """What units with U(s) = γ s²/2 - bias·s share: the precision γ = exp(log_precision).

    Parameters
    ----------
    size : int
        Number of columns.
    precision : float
        Precision γ (one over the conditional variance), or its start value when learned.
    learn_precision : bool
        Train log γ of each column together with the weights.
    """

    log_precision: Tensor

    def __init__(self, size: int, precision: float = 1.0, *, learn_precision: bool = False) -> None:
        super().__init__(size)
        if not precision > 0:
            raise ValueError(f"precision must be > 0, not {precision}")
        self.start_precision = precision
        self.learn_precision = learn_precision
        start = torch.full((size,), math.log(precision))
        if learn_precision:
            self.log_precision = nn.Parameter(start)
        else:
            self.register_buffer("log_precision", start)

    @property
    def precision(self) -> Tensor:
        """γ of each column, shape (size,)."""
        return self.log_precision.exp()

    def second_moment(self, field: Tensor) -> Tensor:
        """E[s² | field], shape (n, size)."""
        raise NotImplementedError

    def extra_gradients(self, states: Tensor, weights: Tensor) -> dict[str, Tensor]:
        # -∂U/∂log γ = -γ s²/2
        if not self.learn_precision:
            return {}
        return {"log_precision": -self.precision / 2 * (weights @ as_dense(states).square())}

    def extra_mean_gradients(self, field: Tensor, weights: Tensor) -> dict[str, Tensor]:
        if not self.learn_precision:
            return {}
        return {"log_precision": -self.precision / 2 * (weights @ self.second_moment(field))}

    def to_config(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "size": self.size,
            "precision": self.start_precision,
            "learn_precision": self.learn_precision,
        }


class Gaussian(PrecisionUnit):
    """Real s with U(s) = γ s²/2 - bias·s, so s | x is normal with mean (bias + x)/γ, variance 1/γ.

    Γ(x) = Σ (bias + x)²/2γ + log(2π/γ)/2. With γ = 1/σ² this is the Gaussian-Bernoulli machine of
    the literature whose weights and biases are divided by σ².

    References
    ----------
    Welling, Rosen-Zvi, Hinton (2004), "Exponential family harmoniums". Cho, Ilin, Raiko (2011),
    "Improved learning of Gaussian-Bernoulli RBMs", https://doi.org/10.1007/978-3-642-21735-7_2
    (learning the logarithm of the variance).

    Examples
    --------
    >>> import torch
    >>> from ebm import Gaussian
    >>> Gaussian(2).mean(torch.tensor([[0.5, -2.0]])).tolist()
    [[0.5, -2.0]]
    """

    kind = "gaussian"

    def energy(self, states: Tensor) -> Tensor:
        return states.square() @ (self.precision / 2) - states @ self.bias

    def mean(self, field: Tensor) -> Tensor:
        return (field + self.bias) / self.precision

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        noise = torch.randn(
            field.shape, generator=generator, dtype=field.dtype, device=field.device
        )
        return self.mean(field).addcmul_(noise, (-self.log_precision / 2).exp())

    def log_partition(self, field: Tensor) -> Tensor:
        constant = math.log(2 * math.pi) * self.size - self.log_precision.sum()
        return ((field + self.bias).square() @ (1 / self.precision) + constant) / 2

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        if self.learn_precision:
            count = moments.count
            variance = (count * moments.variance + smoothing) / (count + smoothing)
            self.log_precision.copy_(-variance.log())
        self.bias.copy_(self.precision * moments.mean)

    def support(self) -> tuple[Tensor, Tensor]:
        top = torch.full_like(self.bias, torch.inf)
        return -top, top

    def second_moment(self, field: Tensor) -> Tensor:
        return self.mean(field).square() + 1 / self.precision
