"""From a gradient to a change of the parameters: SGD with momentum, or Adam."""

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from ebm.train.gradient import Gradient

Update = dict[str, Tensor]


class Rates(NamedTuple):
    """Learning rates of the weights, and of everything else."""

    weights: float
    others: float


class UpdateRule(Protocol):
    """Turns gradients (of something to be raised) into changes of the parameters."""

    def update(self, gradient: Gradient, rates: Rates, momentum: float) -> Update:
        """Return the change of 'weights' and of each of the others; valid until the next call."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""


class MomentumSGD:
    """velocity <- momentum · velocity + rate · gradient; the update is the velocity."""

    def __init__(self) -> None:
        self.velocities: Update = {}

    def update(self, gradient: Gradient, rates: Rates, momentum: float) -> Update:  # noqa: D102
        if "weights" in self.velocities:
            velocity = self.velocities["weights"]
            gradient.weights.add_to(velocity, keep=momentum, scale=rates.weights)
        else:
            self.velocities["weights"] = gradient.weights.dense().mul_(rates.weights)
        for name, value in gradient.others.items():
            if name not in self.velocities:
                self.velocities[name] = torch.zeros_like(value)
            self.velocities[name].mul_(momentum).add_(value, alpha=rates.others)
        return self.velocities

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"velocities": {name: value.clone() for name, value in self.velocities.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        self.velocities = {name: value.clone() for name, value in state["velocities"].items()}


class Adam:
    """Adam with its bias correction counted in steps; the ramped momentum is its β₁.

    References
    ----------
    Kingma, Ba (2015), algorithm 1. https://doi.org/10.48550/arXiv.1412.6980
    """

    def __init__(self, beta_2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.first: Update = {}
        self.second: Update = {}
        # Products of the βs so far: 1 - β^t when β is constant, and still right while it ramps.
        self.decay_1 = 1.0
        self.decay_2 = 1.0

    def update(self, gradient: Gradient, rates: Rates, momentum: float) -> Update:  # noqa: D102
        self.decay_1 *= momentum
        self.decay_2 *= self.beta_2
        changes: Update = {}
        for name, value in {"weights": gradient.weights.dense(), **gradient.others}.items():
            rate = rates.weights if name == "weights" else rates.others
            if name not in self.first:
                self.first[name] = torch.zeros_like(value)
                self.second[name] = torch.zeros_like(value)
            first = self.first[name].mul_(momentum).add_(value, alpha=1 - momentum)
            second = (
                self.second[name].mul_(self.beta_2).addcmul_(value, value, value=1 - self.beta_2)
            )
            scale = (second / (1 - self.decay_2)).sqrt_().add_(self.epsilon)
            changes[name] = (first / scale).mul_(rate / (1 - self.decay_1))
        return changes

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {
            "first": {name: value.clone() for name, value in self.first.items()},
            "second": {name: value.clone() for name, value in self.second.items()},
            "decay_1": self.decay_1,
            "decay_2": self.decay_2,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        self.first = {name: value.clone() for name, value in state["first"].items()}
        self.second = {name: value.clone() for name, value in state["second"].items()}
        self.decay_1 = float(state["decay_1"])
        self.decay_2 = float(state["decay_2"])


def make_update_rule(kind: str) -> UpdateRule:
    """Update rule by the name that `TrainingOptions.optimiser` gives it."""
    return Adam() if kind == "adam" else MomentumSGD()
