"""Learners: everything that can be trained on a part of an assay, judged, and compared."""

from screening.learners.calibrated import CalibratedBlend
from screening.learners.compounds import Compounds
from screening.learners.learner import Fitted, Learner, Part, fold_parts, hold_out
from screening.learners.options import ModelOptions
from screening.learners.pretraining import LibraryStack
from screening.learners.registry import DEFAULT_MODELS, HAS_CATBOOST, MODELS, RegisteredLearner

__all__ = [
    "DEFAULT_MODELS",
    "HAS_CATBOOST",
    "MODELS",
    "CalibratedBlend",
    "Compounds",
    "Fitted",
    "Learner",
    "LibraryStack",
    "ModelOptions",
    "Part",
    "RegisteredLearner",
    "fold_parts",
    "hold_out",
]
