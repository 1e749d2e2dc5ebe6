"""The gradient of the bound from data and chains, plain and centred.

With the posterior q held where mean field left it, the bound of a row grows with

    ∂/∂W_k = <m_{k-1} m_kᵀ>_data - <s^{k-1} s^kᵀ>_model,     ∂/∂b_k = <m_k>_data - <s^k>_model

where m_0 = v, and in the model's states the layers of odd number are replaced by their means given
the even ones, which takes noise away and nothing else.

Centred: each layer has an offset c_k, the interaction is -(s^{k-1} - c_{k-1})·W_k·(s^k - c_k), and

    ∂/∂W_k = <(m_{k-1} - c_{k-1})(m_k - c_k)ᵀ>_data - <the same of s>_model.

A step (ΔW, Δb') taken there reads ΔW_k, Δb'_k - ΔW_kᵀ·c_{k-1} - ΔW_{k+1}·c_{k+1} in the usual
coordinates. Without centring all offsets are zero.

References
----------
Montavon, Müller (2012), "Deep Boltzmann machines and the centering trick",
https://doi.org/10.1007/978-3-642-35289-8_33
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.dbm.gibbs import Sweep
from ebm.dbm.machine import DBM
from ebm.dbm.mean_field import Posterior
from ebm.train.products import Products

Offsets = tuple[Tensor, ...]


@dataclass(frozen=True)
class Phase:
    """Rows of data, or of the chains.

    Attributes
    ----------
    states : tuple of Tensor of shape (n, sizes[k])
        Of every layer: states, or means of them.
    weights : Tensor of shape (n,)
        Of the rows; the same sum in both phases.
    extras : dict
        Σ E[-∂U/∂θ] of the units' own parameters beside the bias, by parameter name of the DBM.
    """

    states: tuple[Tensor, ...]
    weights: Tensor
    extras: dict[str, Tensor]

    def sums(self) -> list[Tensor]:
        """Weighted sum over the rows of each layer, a list of Tensors of shape (sizes[k],)."""
        return [self.weights @ state for state in self.states]

    def products(self, number: int) -> Products:
        """Σ s^{k-1} s^kᵀ for the weights of this number."""
        weighted = self.states[number + 1] * self.weights[:, None]
        return Products.stacked([(self.states[number], weighted)])


@dataclass(frozen=True)
class Gradient:
    """Where to go, to raise the bound.

    Attributes
    ----------
    weights : list of Products
        Not multiplied out.
    biases : list of Tensor of shape (sizes[k],)
    extras : dict of str to Tensor
        Of the units' own parameters, by their names in the DBM.
    """

    weights: list[Products]
    biases: list[Tensor]
    extras: dict[str, Tensor]


def data_phase(dbm: DBM, visible: Tensor, posterior: Posterior, weights: Tensor) -> Phase:
    """Return the phase of dense data rows, their hidden layers inferred."""
    extras = _named(0, dbm.units[0].extra_gradients(visible, weights))
    for number, field in enumerate(posterior.fields, start=1):
        extras |= _named(number, dbm.units[number].extra_mean_gradients(field, weights))
    return Phase((visible, *posterior.means), weights, extras)


def model_phase(dbm: DBM, sweep: Sweep, weights: Tensor) -> Phase:
    """Return the phase of the chains' states, the layers of odd number at their means."""
    states = list(sweep.states)
    extras: dict[str, Tensor] = {}
    for number, unit in enumerate(dbm.units):
        if number % 2 == 0:
            extras |= _named(number, unit.extra_gradients(states[number], weights))
        else:
            field = sweep.odd_fields[number // 2]
            states[number] = unit.mean(field)
            extras |= _named(number, unit.extra_mean_gradients(field, weights))
    return Phase(tuple(states), weights, extras)


def bound_gradient(data: Phase, model: Phase, offsets: Offsets) -> Gradient:
    """Gradient in centred coordinates."""
    biases = [one - other for one, other in zip(data.sums(), model.sums(), strict=True)]
    products = []
    for number in range(len(biases) - 1):
        # With equal mass in both phases the products of two offsets cancel.
        centring = Products.stacked(
            [(offsets[number], biases[number + 1]), (biases[number], offsets[number + 1])]
        )
        phases = data.products(number).minus(model.products(number))
        products.append(phases.minus(centring))
    extras = {name: data.extras[name] - model.extras[name] for name in data.extras}
    return Gradient(products, biases, extras)


@torch.no_grad()
def apply_update(
    dbm: DBM,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    extras: Mapping[str, Tensor],
    offsets: Offsets,
) -> None:
    """Add a change, given in centred coordinates, to the machine's parameters."""
    for number, unit in enumerate(dbm.units):
        shift = biases[number]
        if number > 0:
            shift = shift - weights[number - 1].T @ offsets[number - 1]
        if number < len(weights):
            shift = shift - weights[number] @ offsets[number + 1]
        unit.shift_bias(shift)
    for parameter, change in zip(dbm.weights, weights, strict=True):
        parameter.add_(change)
    for name, change in extras.items():
        dbm.get_parameter(name).add_(change)


def _named(number: int, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"layers.{number}.{name}": value for name, value in values.items()}
