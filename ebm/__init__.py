"""The engine: RBMs and deep belief networks on tensors. Knows no chemistry and imports nothing of ours."""

from ebm.pseudo_likelihood import pseudo_log_likelihood_nats
from ebm.rbm import RBM
from ebm.train import (
    Callback,
    EpochRecord,
    FreeEnergyGapControl,
    History,
    SamplerOptions,
    Trainer,
    TrainingOptions,
    fit_rbm,
)
from ebm.units import (
    Bernoulli,
    Binomial,
    Blocks,
    Gaussian,
    NReLU,
    Rectified,
    Softmax,
    Thermometer,
    Unit,
    unit_from_config,
)

__all__ = [
    "RBM",
    "Bernoulli",
    "Binomial",
    "Blocks",
    "Callback",
    "EpochRecord",
    "FreeEnergyGapControl",
    "Gaussian",
    "History",
    "NReLU",
    "Rectified",
    "SamplerOptions",
    "Softmax",
    "Thermometer",
    "Trainer",
    "TrainingOptions",
    "Unit",
    "fit_rbm",
    "pseudo_log_likelihood_nats",
    "unit_from_config",
]
