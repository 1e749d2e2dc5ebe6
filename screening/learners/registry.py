"""The models of `evaluate --models`: names, titles, and how each learner is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from screening.errors import UserError
from screening.learners.baselines import (
    Logistic,
    Neighbour,
    boosting,
    catboost,
    morgan_forest,
)
from screening.learners.calibrated import CalibratedBlend, CalibratedOn
from screening.learners.forest import Forest
from screening.learners.learner import Learner
from screening.learners.networks import Networks
from screening.learners.options import ModelOptions
from screening.learners.pretraining import LibraryStack
from screening.learners.values import baselines
from screening.learners.values.blend import ValueBlend
from screening.learners.values.judged import ValueLearner
from screening.learners.values.learner import Measured, ValueVoices


@dataclass(frozen=True)
class LearnerSettings:
    """What learners are made from.

    Attributes
    ----------
    options : ModelOptions
        With the seed of the split.
    library : LibraryStack, optional
        For the model that starts from one.
    calibrated_on : str
        See `CalibratedBlend`.
    """

    options: ModelOptions
    library: LibraryStack | None = None
    calibrated_on: CalibratedOn = "folds"


@dataclass(frozen=True)
class RegisteredLearner:
    """One of the models.

    Attributes
    ----------
    title : str
        As tables show it.
    make : callable
        Makes the learner.
    make_values : callable or None
        Makes the learner of the values of one task; None where the model predicts classes alone.
    """

    title: str
    make: Callable[[LearnerSettings], Learner]
    make_values: Callable[[LearnerSettings, Measured], ValueLearner] | None = None


def _ours(**changed: Any) -> Callable[[LearnerSettings], Learner]:
    """Return what makes our learner, with some options changed."""
    return lambda wanted: CalibratedBlend(
        replace(wanted.options, **changed), calibrated_on=wanted.calibrated_on
    )


def _on_library(wanted: LearnerSettings) -> Learner:
    if wanted.library is None:
        raise UserError(f"the model {LIBRARY} starts from a pretrained file; give --pretrained.")
    options = replace(wanted.options, blend="none")
    return CalibratedBlend(options, wanted.library, wanted.calibrated_on)


DBN, ALONE, UNPRETRAINED, FOREST = "dbn", "dbn-alone", "dbn-unpretrained", "forest"
LIBRARY, HARD = "dbn-library", "dbn-hard"
MODELS = {
    DBN: RegisteredLearner(
        "ebmscreen", _ours(), lambda w, values: ValueBlend(ValueVoices(w.options, values))
    ),
    ALONE: RegisteredLearner("DBN ensemble alone", _ours(blend="none")),
    HARD: RegisteredLearner("ebmscreen, labels only", _ours(labels="hard")),
    UNPRETRAINED: RegisteredLearner("DBN, not pretrained", _ours(blend="none", pretrain="none")),
    LIBRARY: RegisteredLearner("DBN, pretrained on a library", _on_library),
    FOREST: RegisteredLearner(
        "Random forest, Morgan",
        lambda w: morgan_forest(w.options.seed),
        lambda w, values: baselines.morgan_forest(values, w.options.seed),
    ),
    "forest-features": RegisteredLearner(
        "Random forest, all features", lambda wanted: Forest.of(wanted.options)
    ),
    "logistic": RegisteredLearner(
        "Logistic regression", lambda wanted: Logistic(Networks(wanted.options))
    ),
    "boosting": RegisteredLearner(
        "Gradient boosting",
        lambda w: boosting(w.options.seed),
        lambda w, values: baselines.boosting(values, w.options.seed),
    ),
    "neighbour": RegisteredLearner(
        "1-nearest neighbour", lambda _: Neighbour(), lambda _, values: baselines.Nearest(values)
    ),
    "catboost": RegisteredLearner(
        "CatBoost",
        lambda w: catboost(w.options.seed),
        lambda w, values: baselines.catboost(values, w.options.seed),
    ),
}
HAS_CATBOOST = find_spec("catboost") is not None
# Those that need nothing that may not be there: a stack, measured values, a package.
DEFAULT_MODELS = tuple(
    name for name in MODELS if name not in (LIBRARY, HARD) and (name != "catboost" or HAS_CATBOOST)
)
