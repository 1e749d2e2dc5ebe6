"""The screening model: an ensemble of deep belief networks that knows how far to trust itself."""

from screening.model.calibration import Calibration, restate_prevalence
from screening.model.conformal import prediction_sets
from screening.model.crossvalidation import FOREST
from screening.model.file import file_hash, load_model, save_model
from screening.model.neighbours import nearest, tanimoto
from screening.model.options import ModelOptions
from screening.model.provenance import command_line, versions
from screening.model.scores import Scores
from screening.model.screening_model import ScreeningModel
from screening.model.training import OURS, train_model
from screening.model.training_table import TrainingTable

__all__ = [
    "FOREST",
    "OURS",
    "Calibration",
    "ModelOptions",
    "Scores",
    "ScreeningModel",
    "TrainingTable",
    "command_line",
    "file_hash",
    "load_model",
    "nearest",
    "prediction_sets",
    "restate_prevalence",
    "save_model",
    "tanimoto",
    "train_model",
    "versions",
]
