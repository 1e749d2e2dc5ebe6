"""torch's optimisers, with decay on weights only and a state that has names."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from ebm.finetune.options import FinetuneOptions


class DecoupledSGD(SGD):
    """SGD whose decay is not part of the gradient, and so not of the momentum, as in AdamW."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # noqa: D102
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.mul_(1 - group["lr"] * group["decay"])
        return super().step(closure)


def make_optimiser(network: nn.Module, options: FinetuneOptions) -> Optimizer:
    """Optimiser by its name in the options; biases (one-dimensional parameters) never decay."""
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    if options.optimiser == "sgd":
        groups = [
            {"params": weights, "decay": options.weight_decay},
            {"params": biases, "decay": 0.0},
        ]
        nesterov = options.momentum > 0
        return DecoupledSGD(groups, options.learning_rate, options.momentum, nesterov=nesterov)
    groups = [
        {"params": weights, "weight_decay": options.weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    # The fused step passes over the parameters once instead of some ten times.
    return AdamW(groups, options.learning_rate, betas=(options.momentum, 0.999), fused=True)


def optimiser_state(optimiser: Optimizer, network: nn.Module) -> dict[str, dict[str, Tensor]]:
    """Tensors that the optimiser keeps, by name of the parameter and of the tensor."""
    return {
        name: {
            key: value
            for key, value in optimiser.state.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }
        for name, parameter in network.named_parameters()
    }


def load_optimiser(
    optimiser: Optimizer, network: nn.Module, state: dict[str, dict[str, Tensor]]
) -> None:
    """Take back what `optimiser_state` returned."""
    for name, parameter in network.named_parameters():
        if state.get(name):
            optimiser.state[parameter] = dict(state[name])
