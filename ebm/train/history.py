"""What was measured during training, as records."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EpochRecord:
    """Monitors at the end of an epoch. A value is None where it does not apply.

    Attributes
    ----------
    epoch, step : int
        Epochs and minibatches done.
    learning_rate, momentum : float
        As used in this epoch.
    free_energy_train_nats, free_energy_validation_nats : float
        Mean free energy of fixed rows of the training and the validation data.
    free_energy_gap_nats : float
        Validation minus training; a growing gap is overfitting.
    pseudo_log_likelihood_train_nats, pseudo_log_likelihood_validation_nats : float
        Exact, all variables, mean per row (nats per image).
    reconstruction_cross_entropy_nats : float
        Of the mean-field reconstruction, mean per row. It decides nothing.
    independent_bit_cross_entropy_nats : float
        The same for column means instead of a reconstruction: the value to beat.
    hidden_activity : float
        Mean over rows and units of E[h | v].
    hidden_units_silent, hidden_units_saturated : float
        Share of the hidden units whose mean activity is < 0.01 and > 0.99.
    weight_rms : float
        Root mean square of the weights.
    seconds : float
        Wall clock of the epoch; not compared between records.
    """

    epoch: int
    step: int
    learning_rate: float
    momentum: float
    free_energy_train_nats: float
    free_energy_validation_nats: float | None
    free_energy_gap_nats: float | None
    pseudo_log_likelihood_train_nats: float | None
    pseudo_log_likelihood_validation_nats: float | None
    reconstruction_cross_entropy_nats: float | None
    independent_bit_cross_entropy_nats: float | None
    hidden_activity: float
    hidden_units_silent: float
    hidden_units_saturated: float
    weight_rms: float
    seconds: float = field(default=0.0, compare=False)


@dataclass
class History:
    """Records of a training, oldest first, and why it ended.

    Attributes
    ----------
    records : list of EpochRecord
    stopped_because : str
        Empty when all epochs were done or it still runs.
    """

    records: list[EpochRecord] = field(default_factory=list)
    stopped_because: str = ""

    def column(self, name: str) -> list[Any]:
        """One monitor over the epochs."""
        return [getattr(record, name) for record in self.records]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the records as JSON-able dicts."""
        return [dataclasses.asdict(record) for record in self.records]

    @classmethod
    def from_dicts(cls, rows: Iterable[Mapping[str, Any]], stopped_because: str = "") -> "History":
        """Build a history from what `to_dicts` returned."""
        return cls([EpochRecord(**row) for row in rows], stopped_because)
