"""The random forest: fitted by scikit-learn, kept as arrays, scored as one program on bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked
from screening.learners.forest.stored import StoredForest

if TYPE_CHECKING:
    from screening.learners.forest.fit import HELD_OUT_TREES, TREES, fit_forest
    from screening.learners.forest.learner import FittedForest, Forest

__all__ = ["HELD_OUT_TREES", "TREES", "FittedForest", "Forest", "StoredForest", "fit_forest"]

_PLACES = {
    "HELD_OUT_TREES": "screening.learners.forest.fit",
    "TREES": "screening.learners.forest.fit",
    "fit_forest": "screening.learners.forest.fit",
    "FittedForest": "screening.learners.forest.learner",
    "Forest": "screening.learners.forest.learner",
}
__getattr__, __dir__ = loaded_when_asked(__name__, _PLACES)
