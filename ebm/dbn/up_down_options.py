"""Settings and records of up-down training."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ebm.loop import EpochHistory
from ebm.train.checks import require, require_choice
from ebm.train.options import SamplerOptions, Schedule, fraction_of_rate


@dataclass(frozen=True)
class UpDownOptions:
    """Settings of `train_up_down`.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
        Rate at the first epoch, of the gradient of a mean over rows.
    schedule : {'constant', 'linear', 'cosine', 'exponential'}
        How the rate goes from `learning_rate` to `final_rate_fraction` of it over the epochs.
    final_rate_fraction : float
        Rate of the last epoch over the rate of the first one, unless the schedule is 'constant'.
    momentum : float
    weight_decay : float
        L2 cost of the weights, never of the biases.
    sampler : SamplerOptions
        How the top RBM goes from wake to sleep: 'cd' restarts its chains at the states that went up
        (3, 6, then 10 sweeps in the paper), 'pcd' and 'tempering' let chains of its own go on from
        minibatch to minibatch.
    products : {'full', 'bfloat16'}
        Number type of the factors of matrix products; 'bfloat16' needs half the time where the
        processor has such products (see `ebm.train.rounding`).

    Examples
    --------
    >>> from ebm import SamplerOptions, UpDownOptions
    >>> options = UpDownOptions(
    ...     epochs=11, schedule="linear", sampler=SamplerOptions("pcd", chains=50)
    ... )
    >>> options.learning_rate_at(0), round(options.learning_rate_at(10), 6)
    (0.01, 0.0001)
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.01
    schedule: Schedule = "constant"
    final_rate_fraction: float = 0.01
    momentum: float = 0.5
    weight_decay: float = 0.0
    sampler: SamplerOptions = field(default_factory=lambda: SamplerOptions(steps=3))
    products: Literal["full", "bfloat16"] = "full"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            require(value >= 1, f"{name} must be >= 1, not {value}")
        for name in ("learning_rate", "final_rate_fraction"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be > 0, not {value}")
        require(0 <= self.momentum < 1, f"momentum must be in [0, 1), not {self.momentum}")
        require(self.weight_decay >= 0, f"weight_decay must be >= 0, not {self.weight_decay}")
        require_choice("schedule", self.schedule, ("constant", "linear", "cosine", "exponential"))
        require_choice("products", self.products, ("full", "bfloat16"))

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate of an epoch (counted from 0)."""
        progress = epoch / max(self.epochs - 1, 1)
        fraction = fraction_of_rate(self.schedule, self.final_rate_fraction, progress)
        return self.learning_rate * fraction

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class UpDownRecord:
    """One epoch; all values are means over the rows of every tenth minibatch, in nats.

    Attributes
    ----------
    epoch : int
    wake_nats : float
        -Σ log p(layer below | layer above) on the way up.
    sleep_nats : float
        -Σ log q(layer above | layer below) on the way down.
    top_nats : float
        Free energy of the top RBM at the data minus that where its chains stopped.
    seconds : float
        Wall clock; not compared.
    """

    epoch: int
    wake_nats: float
    sleep_nats: float
    top_nats: float
    seconds: float = field(default=0.0, compare=False)


class UpDownHistory(EpochHistory[UpDownRecord]):
    """Losses of an up-down training, oldest first."""

    record_type: ClassVar[type[UpDownRecord]] = UpDownRecord
