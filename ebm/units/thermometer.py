"""Thermometer units: small counts as bits "at least 1", "at least 2", ..."""

# ruff: noqa: D102 (the methods are documented by Unit)

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ebm.units.base import Moments, Site
from ebm.units.grouped import GroupedUnit, sample_category


class Thermometer(GroupedUnit):
    """Ordered levels 0..L as L bits of which the first `level` are on, with U(s) = -bias·s.

    Only these L+1 monotone states exist; any other has infinite energy. So, unlike independent
    bits, the law spends no probability on "at least 4 but not at least 2":
    Γ(x) = Σ_variables log Σ_{k=0..L} exp(Σ_{j<=k} (bias_j + x_j)).

    Parameters
    ----------
    levels : int or sequence of int
        Number of bits L of each variable; one number is one variable.

    Examples
    --------
    Three levels, 0, 1 and 2, are two bits; with no field they are equally likely:

    >>> import torch
    >>> from ebm import Thermometer
    >>> [round(mean, 3) for mean in Thermometer(2).mean(torch.zeros(1, 2))[0].tolist()]
    [0.667, 0.333]
    """

    kind = "thermometer"
    upper: Tensor
    lower: Tensor

    def __init__(self, levels: int | Sequence[int]) -> None:
        super().__init__(levels)
        site = self.site_of_column()
        upper = 1 + (site[1:] == site[:-1]).nonzero()[:, 0]
        self.register_buffer("upper", upper, False)  # bits that need the bit before them
        self.register_buffer("lower", upper - 1, False)

    def energy(self, states: Tensor) -> Tensor:
        broken = (states[:, self.upper] > states[:, self.lower]).any(-1)
        return (-(states @ self.bias)).masked_fill(broken, torch.inf)

    def mean(self, field: Tensor) -> Tensor:
        probability = torch.softmax(self._level_logits(field), -1)
        at_least = probability.flip(-1).cumsum(-1).flip(-1)[..., 1:]
        return self.unpad(at_least.clamp(max=1.0))

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        level = sample_category(self._level_logits(field), generator)
        bit = torch.arange(max(self.groups), device=field.device)
        return self.unpad((bit < level[..., None]).to(field.dtype))

    def log_partition(self, field: Tensor) -> Tensor:
        return torch.logsumexp(self._level_logits(field), -1).sum(-1)

    @torch.no_grad()
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        for part in self.group_slices():
            at_least = torch.nn.functional.pad(moments.mean[part], (1, 0), value=1.0)
            level = at_least - torch.nn.functional.pad(at_least[1:], (0, 1))
            log_counts = (moments.count * level.clamp(min=0) + smoothing).log()
            self.bias[part] = log_counts[1:] - log_counts[:-1]

    def sites(self) -> list[Site]:
        return [
            Site(part.start, part.stop, torch.ones(size + 1, size).tril(-1).to(self.bias))
            for part, size in zip(self.group_slices(), self.groups, strict=True)
        ]

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "levels": list(self.groups)}

    def _level_logits(self, field: Tensor) -> Tensor:
        """Logit of each level, shape (n, n_variables, 1 + most bits)."""
        sums = self.pad(field + self.bias, 0.0).cumsum(-1).masked_fill(self.padding, -torch.inf)
        return torch.nn.functional.pad(sums, (1, 0))
