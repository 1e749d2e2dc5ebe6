"""The screening model: an ensemble of deep belief networks that knows how far to trust itself."""

from screening.model.archive import file_hash, is_pretrained_file
from screening.model.calibration import Calibration, restate_prevalence
from screening.model.conformal import prediction_sets
from screening.model.crossvalidation import FOREST
from screening.model.file import load_model, save_model
from screening.model.neighbours import nearest, tanimoto
from screening.model.options import ModelOptions
from screening.model.pretrained import (
    Pretrained,
    load_pretrained,
    pretrain_on,
    save_pretrained,
)
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
    "Pretrained",
    "Scores",
    "ScreeningModel",
    "TrainingTable",
    "command_line",
    "file_hash",
    "is_pretrained_file",
    "load_model",
    "load_pretrained",
    "nearest",
    "prediction_sets",
    "pretrain_on",
    "restate_prevalence",
    "save_model",
    "save_pretrained",
    "tanimoto",
    "train_model",
    "versions",
]
