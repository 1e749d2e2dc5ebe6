"""Rectified units with an exact law: the truncated Gaussian."""

# ruff: noqa: D102 (the methods are documented by Unit)

import math

import torch
from torch import Tensor

from ebm.units.base import Moments, set_bias_by_bisection
from ebm.units.gaussian import PrecisionUnit

TAIL = -5.0  # below, Φ(z) is too small to invert directly
FAR_TAIL = -12.0  # below, the two terms of the mean cancel


class Rectified(PrecisionUnit):
    """Real s >= 0 with U(s) = γ s²/2 - bias·s: a normal law cut off at zero.

    Its mean is close to max(0, (bias + x)/γ). With z = (bias + x)/√γ,
    Γ(x) = Σ log Φ(z) + z²/2 + log(2π/γ)/2, with Φ the normal distribution function.

    References
    ----------
    Tubiana, Cocco, Monasson (2019), eLife 8:e39397, appendix ("ReLU" potential).
    https://doi.org/10.7554/eLife.39397

    Examples
    --------
    >>> import torch
    >>> from ebm import Rectified
    >>> [round(mean, 2) for mean in Rectified(2).mean(torch.tensor([[-4.0, 4.0]]))[0].tolist()]
    [0.23, 4.0]
    """

    kind = "rectified"

    def energy(self, states: Tensor) -> Tensor:
        inside = states.square() @ (self.precision / 2) - states @ self.bias
        return inside.masked_fill((states < 0).any(-1), torch.inf)

    def mean(self, field: Tensor) -> Tensor:
        return _standard_mean(self._standard(field)) * (-self.log_precision / 2).exp()

    def second_moment(self, field: Tensor) -> Tensor:
        # E[s²] = (1 + z·E[s√γ])/γ by integration by parts.
        z = self._standard(field)
        return (1 + z * _standard_mean(z)).clamp(min=0) / self.precision

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        z = self._standard(field).double()
        uniform = 1 - torch.rand(  # in (0, 1]
            z.shape, generator=generator, dtype=torch.float64, device=z.device
        )
        inner = z.clamp(min=TAIL)
        near = inner - torch.special.ndtri(uniform * torch.special.ndtr(inner))
        standard = torch.where(z < TAIL, _tail_quantile(z.clamp(max=TAIL), uniform), near)
        scale = (-self.log_precision.double() / 2).exp()
        return (standard.clamp_(min=0) * scale).to(field.dtype)

    def log_partition(self, field: Tensor) -> Tensor:
        half_log = (math.log(math.pi / 2) * self.size - self.log_precision.sum()) / 2
        return _log_scaled(self._standard(field)).sum(-1) + half_log

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        count = moments.count
        set_bias_by_bisection(self, (count * moments.mean + smoothing) / (count + smoothing))

    def support(self) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(self.bias), torch.full_like(self.bias, torch.inf)

    def _standard(self, field: Tensor) -> Tensor:
        return (field + self.bias) * (-self.log_precision / 2).exp()


def _log_scaled(z: Tensor) -> Tensor:
    """Log erfcx(-z/√2) = log 2Φ(z) + z²/2, without overflow or cancellation."""
    negative = torch.special.erfcx(-z.clamp(max=0) / math.sqrt(2)).log()
    above = z.clamp(min=0)
    positive = torch.special.log_ndtr(above) + above.square() / 2 + math.log(2)
    return torch.where(z < 0, negative, positive)


def _standard_mean(z: Tensor) -> Tensor:
    """Mean of a unit normal around z cut off at zero: z + φ(z)/Φ(z)."""
    far = z.clamp(max=FAR_TAIL).reciprocal().neg()
    square = far * far
    # Asymptotic series of the same expression.
    series = 1 - square * (2 - square * (10 - square * (74 - square * (706 - square * 8162))))
    return torch.where(z < FAR_TAIL, far * series, z + _hazard(z))


def _hazard(z: Tensor) -> Tensor:
    """φ(z)/Φ(z)."""
    return (0.5 * math.log(2 / math.pi) - _log_scaled(z)).exp()


def _tail_quantile(z: Tensor, uniform: Tensor) -> Tensor:
    """Solve log Φ(z-s) - log Φ(z) = log u for s, for z far below zero.

    The start ignores that Φ(z) exp(z²/2) changes with z, an error of the order 1/z²; three Newton
    steps on the exact equation remove it.
    """
    target = uniform.log()
    s = -2 * target / ((z.square() - 2 * target).sqrt() - z)
    for _ in range(3):
        value = _log_scaled(z - s) - _log_scaled(z) - s * (s / 2 - z) - target
        s = (s + value / _hazard(z - s)).clamp_(min=0)
    return s
