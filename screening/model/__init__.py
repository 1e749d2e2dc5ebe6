"""The screening model: an ensemble of deep belief networks that knows how far to trust itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked
from screening.learners import ModelOptions
from screening.model.archive import describe_model, file_hash, is_pretrained_file, is_values_file
from screening.model.file import load_model, save_model
from screening.model.provenance import command_line
from screening.model.scores import Scores
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import FOREST, SHIPPED, Near, TrainingTable
from screening.model.turns import Estimate, Judged, Surprise, Turn
from screening.model.values import ValueModel
from screening.trust import Calibration, nearest, prediction_sets, restate_prevalence, tanimoto
from screening.versions import versions

if TYPE_CHECKING:
    from screening.model.pretrained import (
        Pretrained,
        load_pretrained,
        pretrain_on,
        save_pretrained,
    )
    from screening.model.training import train_model

__all__ = [
    "FOREST",
    "SHIPPED",
    "Calibration",
    "Estimate",
    "Judged",
    "ModelOptions",
    "Near",
    "Pretrained",
    "Scores",
    "ScreeningModel",
    "Surprise",
    "TrainingTable",
    "Turn",
    "ValueModel",
    "command_line",
    "describe_model",
    "file_hash",
    "is_pretrained_file",
    "is_values_file",
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

_PLACES = {
    "Pretrained": "screening.model.pretrained",
    "load_pretrained": "screening.model.pretrained",
    "pretrain_on": "screening.model.pretrained",
    "save_pretrained": "screening.model.pretrained",
    "train_model": "screening.model.training",
}
__getattr__, __dir__ = loaded_when_asked(__name__, _PLACES)
