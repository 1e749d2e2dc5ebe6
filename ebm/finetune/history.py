"""What was measured during fine-tuning, as records."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


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
class FinetuneHistory:
    """Records of a fine-tuning, oldest first.

    Attributes
    ----------
    records : list of FinetuneRecord
    best_epoch : int
        Epoch whose weights the network has at the end: the one of the lowest validation loss, or
        the last one when there was no validation data. 0 before the first epoch has ended.
    stopped_because : str
        Empty when all epochs were done or it still runs.
    """

    records: list[FinetuneRecord] = field(default_factory=list)
    best_epoch: int = 0
    stopped_because: str = ""

    def column(self, name: str) -> list[Any]:
        """One measurement over the epochs."""
        return [getattr(record, name) for record in self.records]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-able dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "FinetuneHistory":
        """Build a history from what `to_dict` returned."""
        records: Iterable[Mapping[str, Any]] = state["records"]
        return cls(
            [FinetuneRecord(**row) for row in records],
            int(state["best_epoch"]),
            str(state["stopped_because"]),
        )
