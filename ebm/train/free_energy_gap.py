"""A callback that watches for overfitting."""

from typing import Any, Literal

from ebm.loop import Callback
from ebm.train.trainer import Trainer


class FreeEnergyGapControl(Callback):
    """Stop, or lower the rate, when the free-energy gap of validation and training data grows.

    The gap is read from the monitor records, so `fit_rbm` needs `validation`.

    Parameters
    ----------
    action : {'stop', 'lower_rate'}
        What to do.
    patience : int
        Number of records in a row with a growing gap.
    factor : float
        What the rate is multiplied by, for 'lower_rate'.

    References
    ----------
    Hinton (2012), section 6 "Monitoring the overfitting". https://doi.org/10.1007/978-3-642-35289-8_32

    Examples
    --------
    Ten rows and 30 hidden units: the machine learns the rows by heart.

    >>> import torch
    >>> from ebm import RBM, Bernoulli, FreeEnergyGapControl, TrainingOptions, fit_rbm
    >>> generator = torch.Generator().manual_seed(1)
    >>> bits = (torch.rand(60, 12, generator=generator) < 0.5).float()
    >>> history = fit_rbm(
    ...     RBM(Bernoulli(12), Bernoulli(30)),
    ...     bits[:10],
    ...     TrainingOptions(epochs=200, learning_rate=0.1),
    ...     validation=bits[10:],
    ...     generator=generator,
    ...     callbacks=[FreeEnergyGapControl(patience=5)],
    ... )
    >>> history.stopped_because
    'the free-energy gap grew 5 times in a row'
    """

    def __init__(
        self,
        action: Literal["stop", "lower_rate"] = "stop",
        patience: int = 3,
        factor: float = 0.5,
    ) -> None:
        if action not in ("stop", "lower_rate"):
            raise ValueError(f"action must be 'stop' or 'lower_rate', not {action!r}")
        self.action = action
        self.patience = patience
        self.factor = factor
        self.seen = 0
        self.growths = 0

    def on_train_start(self, trainer: Trainer) -> None:  # noqa: D102
        if not trainer.has_validation:
            raise ValueError("FreeEnergyGapControl needs validation data")

    def on_epoch_end(self, trainer: Trainer) -> None:  # noqa: D102
        gaps = trainer.history.column("free_energy_gap_nats")
        if len(gaps) == self.seen:
            return
        self.seen = len(gaps)
        grown = len(gaps) > 1 and gaps[-1] > gaps[-2]
        self.growths = self.growths + 1 if grown else 0
        if self.growths < self.patience:
            return
        self.growths = 0
        if self.action == "stop":
            trainer.stop_because = f"the free-energy gap grew {self.patience} times in a row"
        else:
            trainer.rate_factor *= self.factor

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"seen": self.seen, "growths": self.growths}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: D102
        self.seen, self.growths = int(state["seen"]), int(state["growths"])
