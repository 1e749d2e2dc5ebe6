"""What was measured during fine-tuning, as records."""

from dataclasses import dataclass, field
from typing import ClassVar

from ebm.loop import EpochHistory


@dataclass(frozen=True)
class FinetuneRecord:
    """One epoch.

    Attributes
    ----------
    epoch, step : int
        Epochs and minibatches done.
    learning_rate : float
        Of the last minibatch.
    train_loss_nats : float
        Mean over the epoch's minibatches of the loss that was descended (dropout on).
    validation_loss_nats : float or None
        Loss of the validation data (dropout and label smoothing off).
    seconds : float
        Wall clock of the epoch; not compared between records.
    """

    epoch: int
    step: int
    learning_rate: float
    train_loss_nats: float
    validation_loss_nats: float | None
    seconds: float = field(default=0.0, compare=False)


@dataclass
class FinetuneHistory(EpochHistory[FinetuneRecord]):
    """Records of a fine-tuning, oldest first, and why it ended.

    Attributes
    ----------
    best_epoch : int
        Epoch whose weights the network has at the end: the one of the lowest validation loss, or
        the last one when there was no validation data. 0 before the first epoch has ended.
    """

    record_type: ClassVar[type[FinetuneRecord]] = FinetuneRecord

    best_epoch: int = 0
