"""torch's steps, with decay on weights only and a state that has names.

torch's functions do the arithmetic, not its classes: making the first of those loads torch's
compiler, which takes as long as loading torch does, in every process that trains.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from ebm.finetune.options import FinetuneOptions

Kept = dict[str, dict[str, Tensor]]


class Optimiser(ABC):
    """Moves the parameters of a network down their gradients.

    Parameters
    ----------
    network : nn.Module
        Its parameters are moved in place.
    decay : float
        Weight decay; biases (one-dimensional parameters) never decay.

    Attributes
    ----------
    kept : dict of str to dict of str to Tensor
        What is remembered from step to step, by name of the parameter and of the tensor.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = network
        self.decay = decay
        self.kept: Kept = {}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.network.zero_grad()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Do a step of this learning rate; a parameter without a gradient stays as it is."""
        moved = {
            name: parameter
            for name, parameter in self.network.named_parameters()
            if parameter.grad is not None
        }
        weights = {name: value for name, value in moved.items() if value.ndim > 1}
        biases = {name: value for name, value in moved.items() if value.ndim <= 1}
        self._move(weights, rate, self.decay)
        self._move(biases, rate, 0.0)

    @abstractmethod
    def _move(self, parameters: dict[str, nn.Parameter], rate: float, decay: float) -> None:
        """Do the step of parameters that decay alike."""


class AdamW(Optimiser):
    """Adam with decoupled weight decay.

    Parameters
    ----------
    network, decay
        See `Optimiser`.
    momentum : float
        β₁; β₂ is 0.999.

    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization,
    https://arxiv.org/abs/1711.05101
    """

    def __init__(self, network: nn.Module, decay: float, momentum: float) -> None:
        super().__init__(network, decay)
        self.momentum = momentum

    def _move(self, parameters: dict[str, nn.Parameter], rate: float, decay: float) -> None:
        for name, parameter in parameters.items():
            if name not in self.kept:
                self.kept[name] = {
                    "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter, requires_grad=False),
                    "exp_avg_sq": torch.zeros_like(parameter, requires_grad=False),
                }
        kept = [self.kept[name] for name in parameters]
        adamw(
            list(parameters.values()),
            gradients_of(parameters),
            [of["exp_avg"] for of in kept],
            [of["exp_avg_sq"] for of in kept],
            [],
            [of["step"] for of in kept],
            # The fused step passes over the parameters once instead of some ten times.
            fused=True,
            amsgrad=False,
            beta1=self.momentum,
            beta2=0.999,
            lr=rate,
            weight_decay=decay,
            eps=1e-8,
            maximize=False,
        )


class SGD(Optimiser):
    """Gradient descent with momentum; the decay is part of the gradient.

    Parameters
    ----------
    network, decay
        See `Optimiser`.
    momentum : float
    nesterov : bool
        Whether the gradient counts as if it was taken after the momentum's step.
    """

    def __init__(
        self, network: nn.Module, decay: float, momentum: float, *, nesterov: bool = False
    ) -> None:
        super().__init__(network, decay)
        self.momentum = momentum
        self.nesterov = nesterov and momentum > 0

    def _move(self, parameters: dict[str, nn.Parameter], rate: float, decay: float) -> None:
        buffers = [self.kept.get(name, {}).get("momentum_buffer") for name in parameters]
        sgd(
            list(parameters.values()),
            gradients_of(parameters),
            buffers,
            weight_decay=decay,
            momentum=self.momentum,
            lr=rate,
            dampening=0.0,
            nesterov=self.nesterov,
            maximize=False,
        )
        for name, buffer in zip(parameters, buffers, strict=True):
            if buffer is not None:
                self.kept[name] = {"momentum_buffer": buffer}


class DecoupledSGD(SGD):
    """SGD whose decay is not part of the gradient, and so not of the momentum, as in AdamW."""

    def _move(self, parameters: dict[str, nn.Parameter], rate: float, decay: float) -> None:
        for parameter in parameters.values():
            parameter.mul_(1 - rate * decay)
        super()._move(parameters, rate, 0.0)


def gradients_of(parameters: dict[str, nn.Parameter]) -> list[Tensor]:
    """Return the gradients, which all have."""
    return [value.grad for value in parameters.values() if value.grad is not None]


def make_optimiser(network: nn.Module, options: FinetuneOptions) -> Optimiser:
    """Return the optimiser that the options name."""
    if options.optimiser == "sgd":
        return DecoupledSGD(network, options.weight_decay, options.momentum, nesterov=True)
    return AdamW(network, options.weight_decay, options.momentum)
