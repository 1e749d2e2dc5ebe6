"""Rectified units with an exact law: the truncated Gaussian."""

# ruff: noqa: D102 (the methods are documented by Unit)

import math

import torch
from torch import Tensor

from ebm.units.base import Moments, set_bias_by_bisection
from ebm.units.gaussian import PrecisionUnit

# Below this many standard deviations the tail is drawn as exp(-|z|s - s²/2) (see `sample`).
TAIL = -8.0


class Rectified(PrecisionUnit):
    """Real s >= 0 with U(s) = γ s²/2 - bias·s: a normal law cut off at zero.

    Its mean is close to max(0, (bias + x)/γ). With z = (bias + x)/√γ,
    Γ(x) = Σ log Φ(z) + z²/2 + log(2π/γ)/2, with Φ the normal distribution function.

    References
    ----------
    Tubiana, Cocco, Monasson (2019), eLife 8:e39397, appendix ("ReLU" potential).
    https://doi.org/10.7554/eLife.39397
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
        uniform = 1 - torch.rand(
            z.shape, generator=generator, dtype=torch.float64, device=z.device
        )  # in (0, 1]
        normal = z - torch.special.ndtri(uniform * torch.special.ndtr(z))
        # P(S > s) = Φ(z-s)/Φ(z) by inversion; far in the tail Φ(z) ∝ exp(-z²/2)/|z| underflows, and
        # P(S > s) = exp(-|z|s - s²/2) up to a factor within 1/z² of one.
        depth = z.clamp(max=TAIL)
        cost = -2 * uniform.log()
        tail = cost / ((depth.square() + cost).sqrt() - depth)
        standard = torch.where(z < 4 * TAIL, tail, normal).clamp_(min=0)
        return (standard * (-self.log_precision.double() / 2).exp()).to(field.dtype)

    def log_partition(self, field: Tensor) -> Tensor:
        half_log = (math.log(math.pi / 2) * self.size - self.log_precision.sum()) / 2
        return _log_scaled(self._standard(field)).sum(-1) + half_log

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        count = moments.count
        set_bias_by_bisection(self, (count * moments.mean + smoothing) / (count + smoothing))

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
    ratio = (0.5 * math.log(2 / math.pi) - _log_scaled(z)).exp()
    far = z.clamp(max=TAIL).reciprocal().neg()
    # Asymptotic series of the same expression, where its two terms cancel.
    series = far * (1 - 2 * far**2 + 10 * far**4 - 74 * far**6)
    return torch.where(z < TAIL, series, z + ratio)
