"""What to look at while an RBM learns: never the reconstruction error alone."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM


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
