"""The three phases of an up-down step: who learns what, as explicit gradients.

A layer that is predicted from its neighbour has log p(s | x) = -U(s) + x·s - Γ(x), so

    ∂ log p / ∂x = s - E[s | x]

and, the field being x = W·h (or v·W), the gradient by the weights is that error times the state of
the neighbour: a delta rule, whatever the units. Wake teaches the generative machines to give back
the layer below, sleep the recognition machines to give back the layer above. The top machine gets
the gradient of its log-likelihood, between the states that went up and those of its chains.

References
----------
Hinton, Osindero, Teh (2006), appendix B. https://doi.org/10.1162/neco.2006.18.7.1527
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.train.batches import Batch
from ebm.train.gradient import Gradient, log_likelihood_gradient, phase_statistics
from ebm.train.products import Products
from ebm.units import Unit


class Prediction(NamedTuple):
    """A layer and what its neighbour says of it.

    Attributes
    ----------
    unit : Unit
        Of the layer.
    states : Tensor of shape (n, unit.size)
        What the layer was.
    field : Tensor of shape (n, unit.size)
        What the neighbour sends, before this step.
    neighbour : Tensor of shape (n, size of the neighbour)
        The neighbour's states.
    """

    unit: Unit
    states: Tensor
    field: Tensor
    neighbour: Tensor

    def nats(self) -> Tensor:
        """-log p(states | field) of each row, shape (n,)."""
        return -self.unit.log_conditional_nats(self.states, self.field)

    def errors(self, weights: Tensor) -> Tensor:
        """Weighted errors, shape (n, unit.size): the gradient of Σ p log p by the field."""
        return (self.states - self.unit.mean(self.field)) * weights[:, None]

    def others(self, prefix: str, errors: Tensor, weights: Tensor) -> dict[str, Tensor]:
        """Gradient by the bias and the unit's own parameters, by names that begin so."""
        seen = self.unit.extra_gradients(self.states, weights)
        expected = self.unit.extra_mean_gradients(self.field, weights)
        extras = {f"{prefix}.{name}": value - expected[name] for name, value in seen.items()}
        return {f"{prefix}_bias": errors.sum(0), **extras}


class Way(NamedTuple):
    """The states where a pass up or down arrived, and the predictions it gave, one a machine."""

    states: Tensor
    predictions: list[Prediction]


def wake(
    generative: Sequence[RBM],
    recognition: Sequence[RBM],
    states: Tensor,
    generator: torch.Generator,
) -> Way:
    """Go up by samples of the recognition machines; predictions are of the layers below."""
    predictions = []
    for down, up in zip(generative, recognition, strict=True):
        above = up.sample_hidden(states, generator)
        predictions.append(Prediction(down.visible, states, down.visible_field(above), above))
        states = above
    return Way(states, predictions)


def sleep(
    generative: Sequence[RBM],
    recognition: Sequence[RBM],
    states: Tensor,
    generator: torch.Generator,
) -> Way:
    """Go down by samples of the generative machines; predictions are of the layers above.

    They are in the order of the machines, bottom first.
    """
    predictions = []
    for down, up in zip(reversed(generative), reversed(recognition), strict=True):
        below = down.sample_visible(states, generator)
        predictions.append(Prediction(up.hidden, states, up.hidden_field(below), below))
        states = below
    return Way(states, predictions[::-1])


def wake_gradient(prediction: Prediction, weights: Tensor) -> Gradient:
    """Gradient of Σ p log p(layer below | layer above) by a generative machine."""
    errors = prediction.errors(weights)
    products = Products(errors, prediction.neighbour)
    return Gradient(products, prediction.others("visible", errors, weights))


def sleep_gradient(prediction: Prediction, weights: Tensor) -> Gradient:
    """Gradient of Σ p log q(layer above | layer below) by a recognition machine."""
    errors = prediction.errors(weights)
    products = Products(prediction.neighbour, errors)
    return Gradient(products, prediction.others("hidden", errors, weights))


def top_gradient(top: RBM, data: Batch, field: Tensor, fantasy: Batch) -> Gradient:
    """Gradient of the top machine's log-likelihood; `field` is that of the data."""
    at_data = phase_statistics(top, data, field, top.hidden.mean(field))
    fantasy_field = top.hidden_field(fantasy.visible)
    model = phase_statistics(top, fantasy, fantasy_field, top.hidden.mean(fantasy_field))
    return log_likelihood_gradient(at_data, model)
