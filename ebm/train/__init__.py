"""Training of an RBM. Read `loop` first: `fit_rbm`, then `Trainer.step`."""

from ebm.train.batches import DataSource
from ebm.train.callbacks import FreeEnergyGapControl
from ebm.train.history import EpochRecord, History
from ebm.train.loop import Callback, Trainer, fit_rbm
from ebm.train.options import SamplerOptions, TrainingOptions

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
