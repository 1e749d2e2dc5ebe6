"""The random forest: fitted by scikit-learn, kept as arrays, scored as one program on bits."""

from screening.learners.forest.fit import HELD_OUT_TREES, TREES, fit_forest
from screening.learners.forest.learner import FittedForest, Forest
from screening.learners.forest.stored import StoredForest

__all__ = ["HELD_OUT_TREES", "TREES", "FittedForest", "Forest", "StoredForest", "fit_forest"]
