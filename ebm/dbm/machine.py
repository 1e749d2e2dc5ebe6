"""The deep Boltzmann machine: layers of units, and weights between each layer and the next.

    E(s⁰, ..., s^L) = Σ_k U_k(s^k) - Σ_k s^{k-1}·W_k·s^k,     p(s⁰, ..., s^L) = exp(-E) / Z

s⁰ = v is visible. All connections are undirected: a layer hears the one below and the one above.
Given the layers of odd number those of even number are independent, and the other way round, so the
machine is an RBM of two sides whose weights between layers that are not neighbours are zero.
"""

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ebm.rbm import RBM
from ebm.units import Blocks, Unit, unit_from_config


class DBM(nn.Module):
    """A deep Boltzmann machine.

    Parameters
    ----------
    layers : sequence of Unit
        The visible layer, then the hidden ones, bottom first. Any kind can meet any kind.
    weight_scale : float
        Standard deviation of the initial weights.
    generator : torch.Generator, optional
        Source of the initial weights; without one, they are drawn from seed 0.

    Attributes
    ----------
    weights : ParameterList of L Parameters of shape (sizes[k], sizes[k + 1])

    References
    ----------
    Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", AISTATS, PMLR 5:448.
    Salakhutdinov, Larochelle (2010), "Efficient learning of deep Boltzmann machines", AISTATS,
    PMLR 9:693.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> dbm = DBM([Bernoulli(20), Bernoulli(10), Bernoulli(5)])
    >>> dbm.sizes
    [20, 10, 5]
    >>> dbm.energy([torch.ones(3, size) for size in dbm.sizes]).shape
    torch.Size([3])
    """

    def __init__(
        self,
        layers: Sequence[Unit],
        *,
        weight_scale: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if len(layers) < 2:
            raise ValueError("a DBM needs a visible layer and at least one hidden layer")
        pairs = [
            RBM(below, above, weight_scale=weight_scale, generator=generator)
            for below, above in pairwise(layers)
        ]
        self.layers = nn.ModuleList(layers)
        self.weights = nn.ParameterList(pair.weights for pair in pairs)

    @property
    def units(self) -> list[Unit]:
        """The layers, the visible one first."""
        return [unit for unit in self.layers if isinstance(unit, Unit)]

    @property
    def sizes(self) -> list[int]:
        """Number of visible columns, then the size of each hidden layer."""
        return [unit.size for unit in self.units]

    def field(self, number: int, states: Sequence[Tensor]) -> Tensor:
        """Field that the neighbours of a layer send it, shape (n, sizes[number]).

        Parameters
        ----------
        number : int
            Of the layer; 0 is the visible one.
        states : sequence of Tensor of shape (n, sizes[k])
            Of every layer; only those of the neighbours are looked at.
        """
        if number == 0:
            return torch.mm(states[1], self.weights[0].T)
        below = torch.mm(states[number - 1], self.weights[number - 1])
        if number + 1 == len(states):
            return below
        return torch.addmm(below, states[number + 1], self.weights[number].T)

    def interaction(self, states: Sequence[Tensor]) -> Tensor:
        """Σ_k s^{k-1}·W_k·s^k of each row, shape (n,)."""
        parts = [
            ((below @ weights) * above).sum(-1)
            for (below, above), weights in zip(pairwise(states), self.weights, strict=True)
        ]
        return torch.stack(parts).sum(0)

    def energy(self, states: Sequence[Tensor]) -> Tensor:
        """E of each row, in nats, shape (n,).

        Parameters
        ----------
        states : sequence of Tensor of shape (n, sizes[k])
            Of every layer, the visible one first.
        """
        alone = [unit.energy(state) for unit, state in zip(self.units, states, strict=True)]
        return torch.stack(alone).sum(0) - self.interaction(states)

    @torch.no_grad()
    def as_rbm(self) -> RBM:
        """Return the same law as an RBM: even layers are its visible side, odd ones its hidden one.

        Parameters are copied. What holds for an RBM (exact probabilities of small machines, AIS,
        tempering) holds for a DBM in this form.
        """
        units = copy.deepcopy(self.units)
        rbm = RBM(_side(units[::2]), _side(units[1::2]), weight_scale=0.0)
        even, odd = _slices(self.sizes[::2]), _slices(self.sizes[1::2])
        for number, weights in enumerate(self.weights):
            place = even[(number + 1) // 2], odd[number // 2]
            rbm.weights[place] = weights if number % 2 == 0 else weights.T
        return rbm

    # Description, for storage.

    def to_config(self) -> dict[str, Any]:
        """Describe the layers as a JSON-able dict; the numbers are in `state_dict()`."""
        return {"layers": [unit.to_config() for unit in self.units]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "DBM":
        """Build the machine that `to_config` described, with weights of zero."""
        return cls([unit_from_config(layer) for layer in config["layers"]], weight_scale=0.0)


def _side(units: Sequence[Unit]) -> Unit:
    return units[0] if len(units) == 1 else Blocks(units)


def _slices(sizes: Sequence[int]) -> list[slice]:
    """Columns of blocks of these sizes, side by side."""
    stops = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    return [slice(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]
