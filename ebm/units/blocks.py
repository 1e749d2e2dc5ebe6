"""Several kinds of units in one layer, side by side."""

# ruff: noqa: D102 (the methods are documented by Unit)

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ebm.units.base import Moments, Site, Unit, as_dense


class Blocks(Unit):
    """A layer whose columns are those of its blocks, in order.

    For instance an image with its label is ``Blocks([Bernoulli(784), Softmax(10)])``.

    Parameters
    ----------
    blocks : sequence of Unit
        The parts.

    Examples
    --------
    An image of 784 bits with its label:

    >>> from ebm import Bernoulli, Blocks, Softmax
    >>> Blocks([Bernoulli(784), Softmax(10)]).size
    794
    """

    kind = "blocks"

    def __init__(self, blocks: Sequence[Unit]) -> None:
        nn.Module.__init__(self)
        if not blocks:
            raise ValueError("Blocks needs at least one block of units")
        self.blocks = nn.ModuleList(blocks)
        self.units: tuple[Unit, ...] = tuple(blocks)
        self.lengths = [unit.size for unit in blocks]
        self.size = sum(self.lengths)

    @property
    def bias(self) -> Tensor:  # type: ignore[override]
        """The blocks' biases in one tensor (a copy: change it with `shift_bias`)."""
        return torch.cat([unit.bias for unit in self.units])

    def energy(self, states: Tensor) -> Tensor:
        return self._sum(lambda unit, part: unit.energy(part), states)

    def mean(self, field: Tensor) -> Tensor:
        return torch.cat([unit.mean(part) for unit, part in self._parts(field)], dim=1)

    @torch.no_grad()
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        parts = [unit.sample(part, generator) for unit, part in self._parts(field)]
        return torch.cat(parts, dim=1)

    def log_partition(self, field: Tensor) -> Tensor:
        return self._sum(lambda unit, part: unit.log_partition(part), field)

    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        for unit, start in zip(self.units, self._starts(), strict=True):
            unit.set_from_moments(moments.columns(start, start + unit.size), smoothing)

    def extra_gradients(self, states: Tensor, weights: Tensor) -> dict[str, Tensor]:
        states = as_dense(states)
        return self._named(lambda unit, part: unit.extra_gradients(part, weights), states)

    def extra_mean_gradients(self, field: Tensor, weights: Tensor) -> dict[str, Tensor]:
        return self._named(lambda unit, part: unit.extra_mean_gradients(part, weights), field)

    def shift_bias(self, change: Tensor) -> None:
        for unit, part in zip(self.units, torch.split(change, self.lengths), strict=True):
            unit.shift_bias(part)

    def support(self) -> tuple[Tensor, Tensor]:
        low, high = zip(*(unit.support() for unit in self.units), strict=True)
        return torch.cat(low), torch.cat(high)

    def sites(self) -> list[Site]:
        return [
            Site(start + site.start, start + site.stop, site.states, site.soft)
            for unit, start in zip(self.units, self._starts(), strict=True)
            for site in unit.sites()
        ]

    def site_of_column(self) -> Tensor:
        columns: list[Tensor] = []
        known = 0
        for unit in self.units:
            columns.append(unit.site_of_column() + known)
            known = int(columns[-1][-1]) + 1
        return torch.cat(columns)

    def to_config(self) -> dict[str, Any]:
        return {"kind": self.kind, "blocks": [unit.to_config() for unit in self.units]}

    def _starts(self) -> list[int]:
        return [sum(self.lengths[:index]) for index in range(len(self.lengths))]

    def _parts(self, values: Tensor) -> list[tuple[Unit, Tensor]]:
        return list(zip(self.units, torch.split(values, self.lengths, dim=1), strict=True))

    def _sum(self, function: Callable[[Unit, Tensor], Tensor], values: Tensor) -> Tensor:
        return torch.stack([function(unit, part) for unit, part in self._parts(values)]).sum(0)

    def _named(
        self, function: Callable[[Unit, Tensor], dict[str, Tensor]], values: Tensor
    ) -> dict[str, Tensor]:
        return {
            f"blocks.{index}.{name}": value
            for index, (unit, part) in enumerate(self._parts(values))
            for name, value in function(unit, part).items()
        }
