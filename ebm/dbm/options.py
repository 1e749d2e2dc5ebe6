"""Every setting of the joint training of a DBM, checked once."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from ebm.train.checks import require, require_choice
from ebm.train.options import Schedule, fraction_of_rate


@dataclass(frozen=True)
class JointOptions:
    """Settings of `fit_dbm`.

    Attributes
    ----------
    epochs : int
        Passes over the data.
    batch_size : int
        Rows in a minibatch; the last one of an epoch may be shorter and is used too.
    learning_rate : float
        Rate at the first epoch, for a gradient that is a mean over rows.
    schedule : {'constant', 'linear', 'cosine', 'exponential'}
        How the rate goes from `learning_rate` to `final_rate_fraction` of it over the epochs.
    final_rate_fraction : float
        Rate of the last epoch over the rate of the first one, unless the schedule is 'constant'.
    momentum : float
    weight_decay : float
        L2 cost of the weights, never of the biases.
    centred : bool
        Take the gradient in centred coordinates (see `ebm.dbm.gradient`).
    offset_rate : float
        Rate of the running means that are the hidden layers' offsets.
    mean_field_steps : int
        Most updates of the hidden means of a minibatch.
    mean_field_tolerance : float
        Rows whose means move by less are finished.
    chains, gibbs_steps : int
        Number of persistent chains, and their sweeps for each minibatch.
    set_visible_bias : bool
        Set the visible layer from the data's moments before the first step: right for a machine
        that was not pretrained.
    monitor_rows : int
        Rows of the training data, and as many of the validation data, that each epoch is judged on.
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.005
    schedule: Schedule = "constant"
    final_rate_fraction: float = 0.01
    momentum: float = 0.5
    weight_decay: float = 0.0
    centred: bool = True
    offset_rate: float = 0.01
    mean_field_steps: int = 10
    mean_field_tolerance: float = 1e-3
    chains: int = 100
    gibbs_steps: int = 5
    set_visible_bias: bool = False
    monitor_rows: int = 500

    def __post_init__(self) -> None:
        for name in "epochs batch_size mean_field_steps chains gibbs_steps monitor_rows".split():
            value = getattr(self, name)
            require(value >= 1, f"{name} must be >= 1, not {value}")
        for name in ("learning_rate", "final_rate_fraction"):
            value = getattr(self, name)
            require(value > 0, f"{name} must be > 0, not {value}")
        for name in ("weight_decay", "mean_field_tolerance"):
            value = getattr(self, name)
            require(value >= 0, f"{name} must be >= 0, not {value}")
        for name in ("momentum", "offset_rate"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be in [0, 1), not {value}")
        require_choice("schedule", self.schedule, ("constant", "linear", "cosine", "exponential"))

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate of an epoch (counted from 0)."""
        progress = epoch / max(self.epochs - 1, 1)
        fraction = fraction_of_rate(self.schedule, self.final_rate_fraction, progress)
        return self.learning_rate * fraction

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)
