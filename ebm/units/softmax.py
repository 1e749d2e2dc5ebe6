"""Softmax units: labels and other categorical variables, one column for each category."""

# ruff: noqa: D102 (the methods are documented by Unit)

from typing import Any

import torch
from torch import Tensor

from ebm.units.base import Moments, Site
from ebm.units.grouped import GroupedUnit, sample_category


class Softmax(GroupedUnit):
    """Categorical variables as one-hot columns, with U(s) = -bias·s.

    Γ(x) = Σ_groups log Σ_k exp(bias_k + x_k).

    Parameters
    ----------
    groups : int or sequence of int
        Number of categories of each variable; one number is one variable.

    References
    ----------
    Salakhutdinov, Mnih, Hinton (2007), section 2.1. https://doi.org/10.1145/1273496.1273596

    Examples
    --------
    >>> import torch
    >>> from ebm import Softmax
    >>> Softmax([2, 4]).mean(torch.zeros(1, 6)).tolist()
    [[0.5, 0.5, 0.25, 0.25, 0.25, 0.25]]
    """

    kind = "softmax"

    def energy(self, states: Tensor) -> Tensor:
        return -(states @ self.bias)

    def mean(self, field: Tensor) -> Tensor:
        return self.unpad(torch.softmax(self._logits(field), -1))

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        logits = self._logits(field)
        category = sample_category(logits, generator)
        return self.unpad(torch.zeros_like(logits).scatter_(-1, category[..., None], 1.0))

    def log_partition(self, field: Tensor) -> Tensor:
        return torch.logsumexp(self._logits(field), -1).sum(-1)

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        for part, size in zip(self.group_slices(), self.groups, strict=True):
            counts = moments.count * moments.mean[part] + smoothing
            self.bias[part] = (counts / (moments.count + smoothing * size)).log()

    def sites(self) -> list[Site]:
        return [
            Site(part.start, part.stop, torch.eye(size).to(self.bias))
            for part, size in zip(self.group_slices(), self.groups, strict=True)
        ]

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "groups": list(self.groups)}

    def _logits(self, field: Tensor) -> Tensor:
        return self.pad(field + self.bias, -torch.inf)
