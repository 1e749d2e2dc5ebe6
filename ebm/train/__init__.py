"""Training of an RBM. Read `trainer` first: `fit_rbm`, then `Trainer.step`."""

from ebm.loop import Callback
from ebm.train.batches import DataSource
from ebm.train.free_energy_gap import FreeEnergyGapControl
from ebm.train.monitors import EpochRecord, History
from ebm.train.options import SamplerOptions, TrainingOptions
from ebm.train.trainer import Trainer, fit_rbm

__all__ = [
    "Callback",
    "DataSource",
    "EpochRecord",
    "FreeEnergyGapControl",
    "History",
    "SamplerOptions",
    "Trainer",
    "TrainingOptions",
    "fit_rbm",
]
