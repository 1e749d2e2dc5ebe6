"""What to look at while an RBM learns: never the reconstruction error alone."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from ebm.loop import EpochHistory
from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM


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


class History(EpochHistory[EpochRecord]):
    """Monitors of the training of an RBM, oldest first."""

    record_type: ClassVar[type[EpochRecord]] = EpochRecord


@dataclass(frozen=True)
class MonitorRows:
    """Fixed rows that every epoch is judged on.

    Attributes
    ----------
    train : Tensor of shape (n, n_visible)
    validation : Tensor of shape (m, n_visible), optional
    data_mean : Tensor of shape (n_visible,)
        Column means of the training data, for the independent-bit baseline.
    pseudo_likelihood_rows : int
        Number of rows, of each part, that get the exact pseudo-likelihood.
    """

    train: Tensor
    validation: Tensor | None
    data_mean: Tensor
    pseudo_likelihood_rows: int


@torch.no_grad()
def measure(rbm: RBM, rows: MonitorRows) -> dict[str, float | None]:
    """Compute the monitors of `EpochRecord` that need only the machine and the rows."""
    hidden = rbm.hidden_mean(rows.train)
    activity = hidden.mean(0)
    train = float(rbm.free_energy(rows.train).mean())
    validation = None
    if rows.validation is not None:
        validation = float(rbm.free_energy(rows.validation).mean())
    reconstruction = rbm.visible_mean(hidden)
    return {
        "free_energy_train_nats": train,
        "free_energy_validation_nats": validation,
        "free_energy_gap_nats": None if validation is None else validation - train,
        "pseudo_log_likelihood_train_nats": _pseudo(rbm, rows.train, rows),
        "pseudo_log_likelihood_validation_nats": _pseudo(rbm, rows.validation, rows),
        "reconstruction_cross_entropy_nats": cross_entropy_nats(rows.train, reconstruction),
        "independent_bit_cross_entropy_nats": cross_entropy_nats(rows.train, rows.data_mean),
        "hidden_activity": float(activity.mean()),
        "hidden_units_silent": float((activity < 0.01).double().mean()),
        "hidden_units_saturated": float((activity > 0.99).double().mean()),
        "weight_rms": float(rbm.weights.square().mean().sqrt()),
    }


def cross_entropy_nats(values: Tensor, probability: Tensor) -> float | None:
    """Mean per row of Σ -v·log p - (1-v)·log(1-p); None when the values are not in [0, 1]."""
    if values.min() < 0 or values.max() > 1:
        return None
    safe = probability.expand_as(values).clamp(1e-6, 1 - 1e-6)
    each = torch.nn.functional.binary_cross_entropy(safe, values, reduction="none")
    return float(each.sum(1).mean())


def _pseudo(rbm: RBM, visible: Tensor | None, rows: MonitorRows) -> float | None:
    if visible is None or rows.pseudo_likelihood_rows == 0:
        return None
    try:
        rbm.visible.sites()
    except ValueError:
        return None
    return float(pseudo_log_likelihood_nats(rbm, visible[: rows.pseudo_likelihood_rows]).mean())
