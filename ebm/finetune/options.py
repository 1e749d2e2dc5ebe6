"""Every setting of fine-tuning, checked once."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["binary", "multi_label", "multi_class"]
ClassWeight = Literal["balanced"] | Sequence[float] | Sequence[Sequence[float]] | None


@dataclass(frozen=True)
class FinetuneOptions:
    """Settings of `fine_tune`. Dropout belongs to the network.

    Attributes
    ----------
    task : {'binary', 'multi_label', 'multi_class'}
        One logit; one logit for each of several yes/no labels; or one logit for each class, of
        which exactly one is right.
    epochs : int
        Passes over the data (at most, with early stopping).
    batch_size : int
        Rows in a minibatch; the last one of an epoch may be shorter and is used too.
    learning_rate : float
        The highest rate of the schedule.
    schedule : {'one_cycle', 'cosine', 'constant'}
        How the rate goes over the steps (see `ebm.finetune.schedule`).
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
        _require_choice("task", self.task, ("binary", "multi_label", "multi_class"))
        _require_choice("schedule", self.schedule, ("one_cycle", "cosine", "constant"))
        _require_choice("optimiser", self.optimiser, ("adamw", "sgd"))
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            _require(value >= 1, f"{name} must be >= 1, not {value}")
        _require(self.learning_rate > 0, f"learning_rate must be > 0, not {self.learning_rate}")
        for name in ("weight_decay", "adversarial_step"):
            value = getattr(self, name)
            _require(value >= 0, f"{name} must be >= 0, not {value}")
        _require(
            self.patience is None or self.patience >= 1,
            f"patience must be >= 1 or None, not {self.patience}",
        )
        for name in ("momentum", "label_smoothing"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"{name} must be in [0, 1), not {value}")
        if isinstance(self.class_weight, str):
            _require_choice("class_weight", self.class_weight, ("balanced",))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "FinetuneOptions":
        """Build options from `to_dict`'s result; an unknown name is a TypeError."""
        return cls(**settings)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    _require(value in choices, f"{name} must be one of {', '.join(choices)}, not {value!r}")
