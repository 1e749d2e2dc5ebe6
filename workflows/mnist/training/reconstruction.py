"""How well digits are given back, in the document's measure and in one that means something."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm import RBM


@dataclass(frozen=True)
class Reconstruction:
    """Means over images.

    Attributes
    ----------
    error : float
        The document's loss: mean |v - v'| over pixels, v' sampled as bits after one sweep up and
        down. An all-black image scores `all_black`, so that a small value says little.
    error_floor : float
        What a machine that gives back every grey level exactly scores in that measure, because its
        bits are sampled: mean 2 v (1 - v), 0.037 for the digits.
    mean_field_error : float
        Mean |v - E[v' | E[h | v]]|: the same without the noise of sampling; its floor is 0.
    all_black : float
        Mean |v|: the error of knowing nothing.
    cross_entropy_nats : float
        Of the mean-field reconstruction, per image.
    base_rate_nats : float
        The same for the data's mean image.
    """

    error: float
    error_floor: float
    mean_field_error: float
    all_black: float
    cross_entropy_nats: float
    base_rate_nats: float


@torch.no_grad()
def measure(rbm: RBM, data: Tensor, generator: torch.Generator) -> Reconstruction:
    """Reconstruct the rows of a Bernoulli machine by one sweep.

    Parameters
    ----------
    rbm : RBM
    data : Tensor of shape (n, n_visible)
        Values from 0 to 1.
    generator : torch.Generator
    """
    bits = rbm.sample_visible(rbm.sample_hidden(data, generator), generator)
    mean = rbm.reconstruct(data)
    return Reconstruction(
        error=float((data - bits).abs().mean()),
        error_floor=float((2 * data * (1 - data)).mean()),
        mean_field_error=float((data - mean).abs().mean()),
        all_black=float(data.mean()),
        cross_entropy_nats=_cross_entropy(data, mean),
        base_rate_nats=_cross_entropy(data, data.mean(0).expand_as(data)),
    )


def _cross_entropy(data: Tensor, probability: Tensor) -> float:
    near_zero = 1e-7  # float32 has no logarithm of what is nearer to 0 or 1
    probability = probability.clamp(near_zero, 1 - near_zero)
    loss = torch.nn.functional.binary_cross_entropy(probability, data, reduction="none")
    return float(loss.sum(1).mean())
