"""Every setting of the training of an RBM, checked once."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ebm.train.checks import require, require_choice

Schedule = Literal["constant", "linear", "cosine", "exponential"]


@dataclass(frozen=True)
class SamplerOptions:
    """Where the model's own states (the negative phase) come from.

    Attributes
    ----------
    kind : {'cd', 'pcd', 'tempering'}
        Contrastive divergence, persistent chains, or parallel tempering.
    steps : int
        Gibbs sweeps for each step of training (the k of CD-k and PCD-k).
    chains : int
        Number of persistent chains ('pcd' and 'tempering').
    temperatures : int
        Number of inverse temperatures between 0 and 1, both included ('tempering').
    """

    kind: Literal["cd", "pcd", "tempering"] = "cd"
    steps: int = 1
    chains: int = 100
    temperatures: int = 10

    def __post_init__(self) -> None:
        require_choice("sampler kind", self.kind, ("cd", "pcd", "tempering"))
        require(self.steps >= 1, f"sampler steps must be >= 1, not {self.steps}")
        require(self.chains >= 1, f"sampler chains must be >= 1, not {self.chains}")
        require(self.temperatures >= 2, f"temperatures must be >= 2, not {self.temperatures}")


@dataclass(frozen=True)
class TrainingOptions:
    """Settings of `fit_rbm`. The defaults follow Hinton's practical guide.

    Attributes
    ----------
    epochs : int
        Passes over the data.
    batch_size : int
        Rows in a minibatch; the last one of an epoch may be shorter and is used too.
    learning_rate : float
        Rate at the first epoch, for a gradient that is a mean over rows.
    bias_learning_rate : float, optional
        Rate of everything but the weights; by default the same.
    schedule : {'constant', 'linear', 'cosine', 'exponential'}
        How the rate goes from `learning_rate` to `final_rate_fraction` of it over the epochs.
    final_rate_fraction : float
        Rate of the last epoch over the rate of the first one, unless the schedule is 'constant'.
    optimiser : {'sgd', 'adam'}
        SGD with momentum, or Adam with its bias correction counted in steps.
    initial_momentum, momentum, momentum_epochs : float, float, int
        The momentum is `initial_momentum` for the first `momentum_epochs` epochs, `momentum` after.
    weight_decay : float
        L2 cost of the weights (never of the biases), part of the gradient.
    centred : bool
        Take the gradient in centred coordinates (see `ebm.train.gradient`).
    offset_rate : float
        Rate of the running mean that is the hidden offset of the centred gradient.
    sparsity_target : float, optional
        Wanted mean of each hidden unit; None leaves it free.
    sparsity_cost, sparsity_decay : float
        Strength of the pull, and the memory of the running mean that it looks at.
    set_visible_bias : bool
        Set the visible layer from the data's moments before the first step.
    sampler : SamplerOptions
        The negative phase.
    zeros_sampled : float, optional
        Of the visible columns that are off in all of a sparse minibatch, the share (0, 1] that
        takes part in its reconstruction, with importance weights (`ebm.sampling.sampled_zeros`).
        Only for Bernoulli visible units, the sampler 'cd' and the optimiser 'sgd'. None, and a
        minibatch that is not sparse, leave nothing out.
    monitor_every : int
        Epochs between two monitor records; the last epoch always has one.
    monitor_rows : int
        Rows of the training data, and as many of the validation data, that the monitors look at.
    pseudo_likelihood_rows : int
        The first so many of them get the (dearer) exact pseudo-likelihood; 0 switches it off.

    Examples
    --------
    >>> from ebm import SamplerOptions, TrainingOptions
    >>> options = TrainingOptions(
    ...     epochs=50, schedule="linear", sampler=SamplerOptions("pcd", steps=5, chains=50)
    ... )
    >>> options.learning_rate_at(0), round(options.learning_rate_at(49), 6)
    (0.05, 0.0005)
    >>> TrainingOptions.from_dict(options.to_dict()) == options
    True
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.05
    bias_learning_rate: float | None = None
    schedule: Schedule = "constant"
    final_rate_fraction: float = 0.01
    optimiser: Literal["sgd", "adam"] = "sgd"
    initial_momentum: float = 0.5
    momentum: float = 0.9
    momentum_epochs: int = 5
    weight_decay: float = 1e-4
    centred: bool = True
    offset_rate: float = 0.01
    sparsity_target: float | None = None
    sparsity_cost: float = 0.1
    sparsity_decay: float = 0.95
    set_visible_bias: bool = True
    sampler: SamplerOptions = field(default_factory=SamplerOptions)
    zeros_sampled: float | None = None
    monitor_every: int = 1
    monitor_rows: int = 500
    pseudo_likelihood_rows: int = 20

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "monitor_every", "monitor_rows"):
            value = getattr(self, name)
            require(value >= 1, f"{name} must be >= 1, not {value}")
        for name in ("learning_rate", "final_rate_fraction"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be > 0, not {value}")
        for name in ("weight_decay", "sparsity_cost", "momentum_epochs", "pseudo_likelihood_rows"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must be >= 0, not {value}")
        for name in ("initial_momentum", "momentum", "sparsity_decay", "offset_rate"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be in [0, 1), not {value}")
        require_choice("optimiser", self.optimiser, ("sgd", "adam"))
        if self.zeros_sampled is not None:
            share = self.zeros_sampled
            require(0 < share <= 1, f"zeros_sampled must be in (0, 1], not {share}")
            kinds = (self.sampler.kind, self.optimiser)
            require(
                kinds == ("cd", "sgd"),
                f"with zeros_sampled, sampler and optimiser must be 'cd' and 'sgd', not {kinds}",
            )
        require_choice("schedule", self.schedule, ("constant", "linear", "cosine", "exponential"))

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate of an epoch (counted from 0)."""
        progress = epoch / max(self.epochs - 1, 1)
        fraction = fraction_of_rate(self.schedule, self.final_rate_fraction, progress)
        return self.learning_rate * fraction

    def momentum_at(self, epoch: int) -> float:
        """Momentum of an epoch (counted from 0): low while the first features form, then high."""
        return self.initial_momentum if epoch < self.momentum_epochs else self.momentum

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "TrainingOptions":
        """Build options from `to_dict`'s result; an unknown name is a TypeError."""
        sampler = SamplerOptions(**settings.get("sampler", {}))
        return cls(**{**settings, "sampler": sampler})


def fraction_of_rate(schedule: Schedule, final: float, progress: float) -> float:
    """Return the learning rate as a fraction of the first one.

    Parameters
    ----------
    schedule : {'constant', 'linear', 'cosine', 'exponential'}
    final : float
        The fraction at the end, unless the schedule is 'constant'.
    progress : float
        How far the training is, from 0 to 1.
    """
    return {
        "constant": 1.0,
        "linear": 1 + (final - 1) * progress,
        "cosine": final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2,
        "exponential": math.pow(final, progress),
    }[schedule]
