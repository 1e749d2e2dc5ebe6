"""The models that are compared: each learns from some compounds and scores others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from screening.errors import UserError
from screening.evaluation import forest_scores, logistic_scores
from screening.evaluation.parts import Parts
from screening.model import ModelOptions, Pretrained, nearest, train_model
from screening.model.blend import blend_with, fit_blend, forest_probabilities
from screening.model.calibration import fit_calibration
from screening.model.ensemble import Ensemble
from screening.model.ensembles import train_ensembles
from screening.model.forest import Forest
from screening.model.lessons import lessons
from screening.model.start import Part
from screening.study.compounds import Compounds

Rows = NDArray[np.int64]
Values = NDArray[np.float64]
Step = Callable[[str, int, int], None]

# What tree ensembles get beside counts: numbers that say what no fingerprint bit does.
BOOSTED = ("morgan_counts", "descriptors")
# The strongest cheap model known, as the field has it.
CATBOOST = ("morgan_counts", "avalon", "erg", "rdkit_descriptors")


@dataclass(frozen=True)
class Exercise:
    """What a model is given: compounds, parts, a seed.

    Attributes
    ----------
    compounds : Compounds
    parts : Parts
        Learn from `train`; score `valid` and `test`.
    calibration : str
        How the DBN's probabilities come about: `folds`, by cross-validation of the training part
        as `train` does it, or `validation`, on the validation part, at a sixth of the time.
    seed : int
    workers : int
    on_step : callable
        Told (stage, done, total).
    """

    compounds: Compounds
    parts: Parts
    calibration: str
    seed: int
    workers: int
    on_step: Step

    @property
    def asked(self) -> Rows:
        """The compounds to score: those of `valid`, then those of `test`."""
        return np.concatenate([self.parts.valid, self.parts.test])


@dataclass(frozen=True)
class Model:
    """One of the models.

    Attributes
    ----------
    title : str
        As tables show it.
    scores : callable
        Returns probabilities of `Exercise.asked`, shape (n, n_tasks).
    """

    title: str
    scores: Callable[[Exercise], Values]


def _dbn(exercise: Exercise) -> Values:
    return _ensemble(exercise, exercise.compounds.options)


def _dbn_alone(exercise: Exercise) -> Values:
    return _ensemble(exercise, replace(exercise.compounds.options, blend="none"))


def _dbn_hard(exercise: Exercise) -> Values:
    return _ensemble(exercise, replace(exercise.compounds.options, labels="hard"))


def _dbn_unpretrained(exercise: Exercise) -> Values:
    options = replace(exercise.compounds.options, blend="none", pretrain="none")
    return _ensemble(exercise, options)


def _dbn_on_library(exercise: Exercise) -> Values:
    pretrained = exercise.compounds.pretrained
    if pretrained is None:
        raise UserError(f"the model {LIBRARY} starts from a pretrained file; give --pretrained.")
    options = replace(exercise.compounds.options, blend="none")
    return _ensemble(exercise, options, pretrained)


def _ensemble(
    exercise: Exercise, options: ModelOptions, pretrained: Pretrained | None = None
) -> Values:
    options = replace(options, seed=exercise.seed)
    way = _calibrated_on_folds if exercise.calibration == "folds" else _calibrated_on_validation
    return way(exercise, options, pretrained)


def _calibrated_on_folds(
    exercise: Exercise, options: ModelOptions, pretrained: Pretrained | None
) -> Values:
    """Do what `train` and `screen` do."""
    compounds, asked = exercise.compounds, exercise.asked
    model = train_model(
        compounds.assay.take(exercise.parts.train),
        options,
        pretrained=pretrained,
        workers=exercise.workers,
        on_step=exercise.on_step,
    )
    return model.score(compounds.raw.take(asked), compounds.fingerprints[asked]).score


def _calibrated_on_validation(
    exercise: Exercise, options: ModelOptions, pretrained: Pretrained | None
) -> Values:
    compounds, train, asked = exercise.compounds, exercise.parts.train, exercise.asked
    if pretrained is None:
        x, x_asked = compounds.encoded(train, asked)
    else:
        encode = pretrained.encoder.transform
        x, x_asked = encode(compounds.raw.take(train)), encode(compounds.raw.take(asked))
    begun = None if pretrained is None else pretrained.dbn
    taught = lessons(compounds.assay, train, options)
    (trained,) = train_ensembles(
        [Part(x, taught, options.seed)],
        options,
        begun=begun,
        workers=exercise.workers,
        on_step=exercise.on_step,
    )
    logits = Ensemble(trained.members, x.shape[1]).logits(x_asked).mean(axis=0)
    if options.blend == "forest":
        said = _own_forest(exercise, options)
        # The validation part is asked first: its rows are the first ones.
        valid = slice(len(exercise.parts.valid))
        blends = [
            fit_blend(*columns) for columns in zip(logits[valid].T, said[valid].T, strict=True)
        ]
        logits = blend_with(blends, logits, said)
    _, similarity = nearest(compounds.fingerprints[asked], compounds.fingerprints[train])
    columns = []
    for task, truth in enumerate(compounds.labels[exercise.parts.valid].T):
        # The validation part is asked first: a place in it is that place in all that is asked.
        known = np.flatnonzero(~np.isnan(truth))
        said = logits[:, task]
        calibration = fit_calibration(said[known], similarity[known], truth[known])
        columns.append(expit(calibration.log_odds(said, similarity)))
    return np.column_stack(columns)


def _task_by_task(
    exercise: Exercise, one_task: Callable[[Rows, NDArray[np.float32]], Values]
) -> Values:
    """Give a model of one task the labelled training compounds of each."""
    train = exercise.parts.train
    columns = []
    for labels in exercise.compounds.labels[train].T:
        known = ~np.isnan(labels)
        columns.append(one_task(train[known], labels[known]))
    return np.column_stack(columns)


def _forest(exercise: Exercise) -> Values:
    x = exercise.compounds.sparse("morgan_counts")
    return _task_by_task(
        exercise,
        lambda rows, y: forest_scores(
            x[rows], y, x[exercise.asked], seed=exercise.seed, workers=exercise.workers
        ),
    )


def _forest_on_ours(exercise: Exercise) -> Values:
    return _own_forest(exercise, replace(exercise.compounds.options, seed=exercise.seed))


def _own_forest(exercise: Exercise, options: ModelOptions) -> Values:
    """Return what the forest says that the networks are blended with; NaN without both classes."""
    compounds, train = exercise.compounds, exercise.parts.train
    seen, seen_asked = compounds.encoded_for_forest(train, exercise.asked)
    forests = [
        Forest.fit(seen, y, seed=options.seed, workers=exercise.workers)
        for y in lessons(compounds.assay, train, options).T
    ]
    return forest_probabilities(forests, seen_asked)


def _logistic(exercise: Exercise) -> Values:
    def one_task(rows: Rows, y: NDArray[np.float32]) -> Values:
        x, x_asked = exercise.compounds.encoded(rows, exercise.asked)
        return logistic_scores(x, y, x_asked, seed=exercise.seed)

    return _task_by_task(exercise, one_task)


def _boosting(exercise: Exercise) -> Values:
    x = exercise.compounds.dense(BOOSTED)

    def one_task(rows: Rows, y: NDArray[np.float32]) -> Values:
        model = HistGradientBoostingClassifier(random_state=exercise.seed)
        # Its threads wait for each other in a loop: on a busy machine more of them are slower.
        with threadpool_limits(1):
            model.fit(x[rows], y)
            return np.asarray(model.predict_proba(x[exercise.asked])[:, 1])

    return _task_by_task(exercise, one_task)


def _catboost(exercise: Exercise) -> Values:
    x = exercise.compounds.dense(CATBOOST)
    # Not among our dependencies, and without types: looked up when asked for.
    classifier: Any = import_module("catboost").CatBoostClassifier

    def one_task(rows: Rows, y: NDArray[np.float32]) -> Values:
        model = classifier(
            random_seed=exercise.seed,
            thread_count=exercise.workers,
            verbose=False,
            allow_writing_files=False,
        )
        model.fit(x[rows], y)
        return np.asarray(model.predict_proba(x[exercise.asked])[:, 1])

    return _task_by_task(exercise, one_task)


def _neighbour(exercise: Exercise) -> Values:
    known = exercise.compounds.fingerprints

    def one_task(rows: Rows, y: NDArray[np.float32]) -> Values:
        index, similarity = nearest(known[exercise.asked], known[rows])
        # The more similar the neighbour, the more its label counts.
        return np.asarray(0.5 + (y[index].astype(np.float64) - 0.5) * similarity)

    return _task_by_task(exercise, one_task)


DBN, ALONE, UNPRETRAINED, FOREST = "dbn", "dbn-alone", "dbn-unpretrained", "forest"
LIBRARY, HARD = "dbn-library", "dbn-hard"
MODELS = {
    DBN: Model("ebmscreen", _dbn),
    ALONE: Model("DBN ensemble alone", _dbn_alone),
    HARD: Model("ebmscreen, labels only", _dbn_hard),
    UNPRETRAINED: Model("DBN, not pretrained", _dbn_unpretrained),
    LIBRARY: Model("DBN, pretrained on a library", _dbn_on_library),
    FOREST: Model("Random forest, Morgan", _forest),
    "forest-features": Model("Random forest, ours", _forest_on_ours),
    "logistic": Model("Logistic regression", _logistic),
    "boosting": Model("Gradient boosting", _boosting),
    "neighbour": Model("1-nearest neighbour", _neighbour),
    "catboost": Model("CatBoost", _catboost),
}
HAS_CATBOOST = find_spec("catboost") is not None
# Those that need nothing that may not be there: a stack, measured values, a package.
DEFAULT_MODELS = tuple(
    name for name in MODELS if name not in (LIBRARY, HARD) and (name != "catboost" or HAS_CATBOOST)
)
