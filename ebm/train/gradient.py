"""The gradient of the log-likelihood from data and model states, plain and centred.

With weights p over data rows and the same mass over model rows, the plain gradient is

    ∂L/∂W = <v hᵀ>_data - <v hᵀ>_model
    ∂L/∂a = <v>_data - <v>_model              (visible bias)
    ∂L/∂b = <h>_data - <h>_model              (hidden bias)

where h is its mean given v in both phases (sampling the last h would add nothing but noise).

Centred: the interaction is -(v-λ)·W·(h-μ), and the biases are a' = a + W·μ, b' = b + Wᵀ·λ:

    ∂L/∂W = <(v-λ)(h-μ)ᵀ>_data - <(v-λ)(h-μ)ᵀ>_model,  ∂L/∂a' and ∂L/∂b' as above.

A step (ΔW, Δa', Δb') taken there reads in the usual coordinates as ΔW, Δa' - ΔW·μ, Δb' - ΔWᵀ·λ.
Such a step does not depend on which state of a bit is called 1. Without centring λ = μ = 0.

References
----------
Melchior, Fischer, Wiskott (2016), "How to center deep Boltzmann machines", JMLR 17(99), section 3.
Montavon, Müller (2012), "Deep Boltzmann machines and the centering trick",
https://doi.org/10.1007/978-3-642-35289-8_33
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.train.batches import Batch
from ebm.train.products import Products


@dataclass(frozen=True)
class Offsets:
    """The λ (n_visible,) and μ (n_hidden,) of the centred coordinates."""

    visible: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class PhaseStatistics:
    """Weighted sums over the rows of one phase.

    Attributes
    ----------
    products : Products, for a matrix of shape (n_visible, n_hidden)
        Σ p v·E[h|v]ᵀ.
    visible, hidden : Tensor of shape (n_visible,) and (n_hidden,)
        Σ p v and Σ p E[h|v].
    extras : dict
        Σ p E[-∂U/∂θ] of the units' own parameters beside the bias, by parameter name of the RBM.
    """

    products: Products
    visible: Tensor
    hidden: Tensor
    extras: dict[str, Tensor]


@dataclass(frozen=True)
class Gradient:
    """Where to go, to raise the log-likelihood.

    Attributes
    ----------
    weights : Products
        Not multiplied out.
    others : dict of str to Tensor
        'visible_bias', 'hidden_bias', and the units' own parameters by their names in the RBM.
    """

    weights: Products
    others: dict[str, Tensor]


def phase_statistics(rbm: RBM, batch: Batch, field: Tensor, hidden: Tensor) -> PhaseStatistics:
    """Sum what the gradient needs over one phase.

    Parameters
    ----------
    rbm : RBM
        The machine.
    batch : Batch
        Visible states, dense or sparse CSR on the CPU, and their weights.
    field, hidden : Tensor of shape (n, n_hidden)
        v·W and E[h | v] of the batch.
    """
    weighted = hidden * batch.weights[:, None]
    visible = batch.visible
    visible_extras = rbm.visible.extra_gradients(batch.visible, batch.weights)
    hidden_extras = rbm.hidden.extra_mean_gradients(field, batch.weights)
    extras = {f"visible.{name}": value for name, value in visible_extras.items()}
    extras |= {f"hidden.{name}": value for name, value in hidden_extras.items()}
    return PhaseStatistics(
        products=Products.stacked([(visible, weighted)]),
        visible=batch.total(batch.weights),
        hidden=weighted.sum(0),
        extras=extras,
    )


def log_likelihood_gradient(
    data: PhaseStatistics, model: PhaseStatistics, offsets: Offsets | None = None
) -> Gradient:
    """Gradient in centred coordinates; without offsets in the usual ones."""
    visible = data.visible - model.visible
    hidden = data.hidden - model.hidden
    weights = data.products.minus(model.products)
    if offsets is not None:
        # With equal mass in both phases the λμᵀ terms cancel.
        weights = weights.minus(
            Products.stacked([(offsets.visible, hidden), (visible, offsets.hidden)])
        )
    others = {name: data.extras[name] - model.extras[name] for name in data.extras}
    return Gradient(weights, {"visible_bias": visible, "hidden_bias": hidden, **others})


@torch.no_grad()
def apply_update(rbm: RBM, update: dict[str, Tensor], offsets: Offsets) -> None:
    """Add a change, given in centred coordinates, to the machine's parameters."""
    weights = update["weights"]
    rbm.weights.add_(weights)
    biases = {
        "visible_bias": update["visible_bias"] - weights @ offsets.hidden,
        "hidden_bias": update["hidden_bias"] - weights.T @ offsets.visible,
    }
    add_to_parameters(rbm, {**update, **biases})


@torch.no_grad()
def add_to_parameters(rbm: RBM, changes: Mapping[str, Tensor]) -> None:
    """Add changes of biases and of the units' own parameters; weights are passed over."""
    for name, change in changes.items():
        if name == "visible_bias":
            rbm.visible.shift_bias(change)
        elif name == "hidden_bias":
            rbm.hidden.shift_bias(change)
        elif name != "weights":
            rbm.get_parameter(name).add_(change)
