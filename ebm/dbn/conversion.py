"""From RBMs to the layers of a network, with cloned weights."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ebm.network import Activation, Network, new_head
from ebm.rbm import RBM
from ebm.units import Binomial, Unit
from ebm.units.gaussian import PrecisionUnit

ACTIVATION_OF_KIND: dict[str, Activation] = {
    "bernoulli": "sigmoid",
    "binomial": "sigmoid",
    "nrelu": "relu",
    "rectified": "relu",
    "gaussian": "identity",
}


def network_from_rbms(
    rbms: Sequence[RBM],
    n_inputs: int,
    n_outputs: int,
    *,
    dropout: float,
    input_dropout: float,
    generator: torch.Generator,
) -> Network:
    """Network whose hidden layer k computes (nearly) the hidden mean of RBM k.

    Exact for Bernoulli, binomial and Gaussian units; max(0, x) stands for the mean of rectified
    ones. Counts of a binomial layer are passed on as shares of their trials, with the weights above
    scaled to suit.

    Parameters
    ----------
    rbms : sequence of RBM
        Bottom first; further visible columns than the layer below has (labels) are left out.
    n_inputs, n_outputs : int
        Number of inputs and of logits.
    dropout, input_dropout, generator
        See `Network`.
    """
    layers: list[tuple[Tensor, Tensor]] = []
    activations: list[Activation] = []
    n_in, passed_on = n_inputs, 1.0
    for rbm in rbms:
        activations.append(activation_of(rbm.hidden))
        weights = rbm.weights.detach()[:n_in] * passed_on
        scale = _field_scale(rbm.hidden)
        layers.append((weights * scale, rbm.hidden.bias.detach() * scale))
        n_in = rbm.hidden.size
        passed_on = float(rbm.hidden.trials) if isinstance(rbm.hidden, Binomial) else 1.0
    like = layers[0][0]
    head = tuple(part.to(like) for part in new_head(n_in, n_outputs, generator))
    return Network(
        layers,
        (head[0], head[1]),
        activations,
        dropout=dropout,
        input_dropout=input_dropout,
    )


def activation_of(unit: Unit) -> Activation:
    """Activation that computes a unit's mean from its field and bias.

    Raises
    ------
    ValueError
        If there is none.
    """
    if unit.kind not in ACTIVATION_OF_KIND:
        raise ValueError(
            f"hidden units of kind {unit.kind!r} cannot become a layer of a network; "
            f"use one of {', '.join(ACTIVATION_OF_KIND)}"
        )
    return ACTIVATION_OF_KIND[unit.kind]


def _field_scale(unit: Unit) -> Tensor:
    """Divide by the precision, of those units that have one."""
    if isinstance(unit, PrecisionUnit):
        return 1 / unit.precision.detach()
    return torch.ones_like(unit.bias.detach())
