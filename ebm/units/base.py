"""What a layer of units must know about itself: its energy, its conditional law, its cumulant.

An RBM has the energy E(v, h) = U_v(v) + U_h(h) - v·W·h. A unit is one of the two U. Given the input
("field") x that the other layer sends it, its law is p(s | x) ∝ exp(-U(s) + x·s), and

    Γ(x) = log ∫ exp(-U(s) + x·s) ds

is its cumulant (`log_partition`). Everything else follows: the mean is ∂Γ/∂x, the free energy of
the other layer is its own U minus Γ, and the gradient of a parameter is the mean of -∂U/∂θ.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


def as_dense(states: Tensor) -> Tensor:
    """Return a batch as a dense tensor, whatever its layout."""
    return states if states.layout == torch.strided else states.to_dense()


@dataclass(frozen=True)
class Moments:
    """First two moments of a data set's columns.

    Attributes
    ----------
    mean, variance : Tensor of shape (size,)
        Column means and (biased) variances.
    count : float
        Number of rows, for the smoothing of small samples.
    """

    mean: Tensor
    variance: Tensor
    count: float

    def columns(self, start: int, stop: int) -> "Moments":
        """Moments of the columns `start` to `stop`."""
        return Moments(self.mean[start:stop], self.variance[start:stop], self.count)


@dataclass(frozen=True)
class Site:
    """One discrete variable of a layer: its columns and the states it can take.

    Attributes
    ----------
    start, stop : int
        The columns of the variable.
    states : Tensor of shape (n_states, stop - start)
        Every value of these columns that has a probability.
    soft : bool
        The variable is a bit, and values between 0 and 1 count as its probability.
    """

    start: int
    stop: int
    states: Tensor
    soft: bool = False

    def weights(self, values: Tensor) -> Tensor:
        """How much each row of `values` (n, stop - start) is in each state, shape (n, n_states)."""
        if self.soft:
            return torch.cat([1 - values, values], dim=1)
        return (values[:, None, :] == self.states).all(-1).to(values.dtype)


class Unit(nn.Module, ABC):
    """A layer of `size` columns whose energy is U(s) = -bias·s + (terms of the kind).

    Attributes
    ----------
    size : int
        Number of columns of a state.
    bias : Tensor of shape (size,)
        Coefficient of the linear term.
    """

    kind: ClassVar[str]
    size: int
    bias: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(
                f"a layer of {type(self).__name__} units needs a size >= 1, not {size}"
            )
        self.size = size
        self.bias = nn.Parameter(torch.zeros(size))

    @abstractmethod
    def energy(self, states: Tensor) -> Tensor:
        """U(s) of each row, shape (n,)."""

    @abstractmethod
    def mean(self, field: Tensor) -> Tensor:
        """E[s | field], shape (n, size). The field does not contain the bias."""

    @abstractmethod
    def sample(self, field: Tensor, generator: torch.Generator) -> Tensor:
        """One draw from p(s | field) for each row, shape (n, size)."""

    @abstractmethod
    def log_partition(self, field: Tensor) -> Tensor:
        """Γ(field) summed over the layer, in nats, shape (n,)."""

    def log_conditional_nats(self, states: Tensor, field: Tensor) -> Tensor:
        """Log p(states | field) = -U(states) + states·field - Γ(field) of each row, shape (n,)."""
        return (states * field).sum(-1) - self.energy(states) - self.log_partition(field)

    @abstractmethod
    def set_from_moments(self, moments: Moments, smoothing: float = 1.0) -> None:
        """Make this layer alone (field 0) reproduce the data's moments.

        Parameters
        ----------
        moments : Moments
            Of the data's columns.
        smoothing : float
            Pseudo-observations of every state, so that a column that is always off keeps a finite
            bias.
        """

    def extra_gradients(
        self,
        states: Tensor,  # noqa: ARG002
        weights: Tensor,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Weighted sum of -∂U/∂θ over rows, for each parameter other than the bias."""
        return {}

    def extra_mean_gradients(
        self,
        field: Tensor,  # noqa: ARG002
        weights: Tensor,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Weighted sum over rows of E[-∂U/∂θ | field], for each parameter other than the bias."""
        return {}

    @torch.no_grad()
    def shift_bias(self, change: Tensor) -> None:
        """Add `change`, shape (size,), to the bias in place."""
        self.bias.add_(change)

    def support(self) -> tuple[Tensor, Tensor]:
        """Smallest and largest possible value of each column, two tensors of shape (size,)."""
        return torch.zeros_like(self.bias), torch.ones_like(self.bias)

    def sites(self) -> list[Site]:
        """Return the discrete variables of the layer, in column order.

        Raises
        ------
        ValueError
            If the units are continuous: they cannot be enumerated.
        """
        raise ValueError(f"{type(self).__name__} units are continuous and cannot be enumerated")

    def site_of_column(self) -> Tensor:
        """Index of the variable that each column belongs to, shape (size,), long."""
        return torch.arange(self.size)

    def to_config(self) -> dict[str, Any]:
        """Describe kind and sizes as a JSON-able dict; the numbers are in `state_dict()`."""
        return {"kind": self.kind, "size": self.size}


def smoothed_mean(
    moments: Moments, smoothing: float, centre: float | Tensor, states: float | Tensor
) -> Tensor:
    """Mean after `smoothing` pseudo-observations of each of `states` states around `centre`."""
    extra = smoothing * states
    return (moments.count * moments.mean + extra * centre) / (moments.count + extra)


@torch.no_grad()
def set_bias_by_bisection(unit: Unit, target: Tensor) -> None:
    """Set the bias so that the mean of the layer alone is `target`, shape (size,).

    For units whose mean has no closed inverse; the mean must rise with the bias.
    """
    unit.bias.zero_()
    low, high = torch.full_like(target, -1e4), torch.full_like(target, 1e4)
    for _ in range(60):
        middle = (low + high) / 2
        below = unit.mean(middle[None])[0] < target
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    unit.bias.copy_((low + high) / 2)
