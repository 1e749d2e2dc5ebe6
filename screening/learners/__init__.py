"""Learners: everything that can be trained on a part of an assay, judged, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked
from screening.learners.options import ModelOptions

if TYPE_CHECKING:
    from screening.learners.calibrated import CalibratedBlend
    from screening.learners.compounds import Compounds
    from screening.learners.learner import Fitted, Learner, Part, fold_parts, hold_out
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

_PLACES = {
    "CalibratedBlend": "screening.learners.calibrated",
    "Compounds": "screening.learners.compounds",
    "Fitted": "screening.learners.learner",
    "Learner": "screening.learners.learner",
    "Part": "screening.learners.learner",
    "fold_parts": "screening.learners.learner",
    "hold_out": "screening.learners.learner",
    "LibraryStack": "screening.learners.pretraining",
    "DEFAULT_MODELS": "screening.learners.registry",
    "HAS_CATBOOST": "screening.learners.registry",
    "MODELS": "screening.learners.registry",
    "RegisteredLearner": "screening.learners.registry",
}
__getattr__, __dir__ = loaded_when_asked(__name__, _PLACES)
