"""Every setting of fine-tuning, checked once."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ebm.train.checks import require, require_choice

WARM_UP = 0.3
START_FRACTION = 1 / 25
END_FRACTION = 1e-4

Task = Literal["binary", "multi_label", "multi_class", "regression"]
ClassWeight = Literal["balanced"] | Sequence[float] | Sequence[Sequence[float]] | None


@dataclass(frozen=True)
class FinetuneOptions:
    """Settings of `fine_tune`. Dropout belongs to the network.

    Attributes
    ----------
    task : {'binary', 'multi_label', 'multi_class', 'regression'}
        One logit; one logit for each of several yes/no labels; one logit for each class, of which
        exactly one is right; or one output for each of several numbers.
    epochs : int
        Passes over the data (at most, with early stopping).
    batch_size : int
        Rows in a minibatch; the last one of an epoch may be shorter and is used too.
    learning_rate : float
        The highest rate of the schedule.
    schedule : {'one_cycle', 'cosine', 'constant'}
        How the rate goes over the steps (see `rate_fraction`).
    optimiser : {'adamw', 'sgd'}
        AdamW, or SGD with Nesterov momentum; both with decoupled decay.
    momentum : float
        Of 'sgd', and the β₁ of 'adamw'.
    weight_decay : float
        Share of each weight, times the learning rate, that a step removes. Never of a bias.
    patience : int or None
        Epochs without a lower validation loss after which training stops; None never stops it.
        Without validation data it has no effect.
    class_weight : None, 'balanced' or numbers
        Weight of each class in the loss. 'balanced' is n / (n_classes · n_of_the_class), for each
        task over its present labels. Numbers: (negative, positive) for 'binary'; that pair, or one
        pair for each task, for 'multi_label'; one number for each class for 'multi_class'.
    label_smoothing : float
        Share of the target that is spread evenly over the classes; 0 is off.
    adversarial_step : float
        How far each input of a minibatch is moved against the network, for half of the loss (see
        `ebm.finetune.adversarial`); 0 is off. Dense inputs only.
    """

    task: Task = "binary"
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    optimiser: Literal["adamw", "sgd"] = "adamw"
    momentum: float = 0.9
    weight_decay: float = 1e-2
    patience: int | None = 10
    class_weight: ClassWeight = None
    label_smoothing: float = 0.0
    adversarial_step: float = 0.0

    def __post_init__(self) -> None:
        require_choice("task", self.task, get_args(Task))
        require_choice("schedule", self.schedule, ("one_cycle", "cosine", "constant"))
        require_choice("optimiser", self.optimiser, ("adamw", "sgd"))
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            require(value >= 1, f"{name} must be >= 1, not {value}")
        require(self.learning_rate > 0, f"learning_rate must be > 0, not {self.learning_rate}")
        for name in ("weight_decay", "adversarial_step"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must be >= 0, not {value}")
        require(
            self.patience is None or self.patience >= 1,
            f"patience must be >= 1 or None, not {self.patience}",
        )
        for name in ("momentum", "label_smoothing"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be in [0, 1), not {value}")
        if isinstance(self.class_weight, str):
            require_choice("class_weight", self.class_weight, ("balanced",))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "FinetuneOptions":
        """Build options from `to_dict`'s result; an unknown name is a TypeError."""
        return cls(**settings)


def rate_fraction(step: int, total_steps: int, schedule: str) -> float:
    """Learning rate of a step as a fraction of the highest one.

    Parameters
    ----------
    step : int
        0 for the first minibatch.
    total_steps : int
        Number of minibatches of all epochs.
    schedule : {'one_cycle', 'cosine', 'constant'}
        'one_cycle' rises from 1/25 to 1 over the first 30 % of the steps and falls to 1e-4, both as
        half a cosine; 'cosine' only falls, from 1 to 1e-4.

    References
    ----------
    Smith, Topin (2019), https://doi.org/10.1117/12.2520589 (one cycle); Loshchilov, Hutter (2017),
    https://doi.org/10.48550/arXiv.1608.03983 (cosine).

    Examples
    --------
    >>> from ebm.finetune.options import rate_fraction
    >>> [round(rate_fraction(step, 101, "one_cycle"), 4) for step in (0, 15, 30, 100)]
    [0.04, 0.52, 1.0, 0.0001]
    """
    if schedule == "constant":
        return 1.0
    done = step / max(total_steps - 1, 1)
    if schedule == "cosine":
        return _half_cosine(1.0, END_FRACTION, done)
    if done < WARM_UP:
        return _half_cosine(START_FRACTION, 1.0, done / WARM_UP)
    return _half_cosine(1.0, END_FRACTION, (done - WARM_UP) / (1 - WARM_UP))


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
