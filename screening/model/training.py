"""From a curated assay to a model: held-out predictions, what they teach, the final ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.assay import Assay
from screening.chemistry import structure_key
from screening.evaluation import RISK, assess, assess_values, best_threshold, series_scaffold
from screening.features import BlockSet
from screening.learners import CalibratedBlend, Compounds, ModelOptions, Part, hold_out
from screening.learners.baselines import Logistic, Neighbour
from screening.learners.calibrated import HeldOut, calibrated, fit_calibrations
from screening.learners.ensemble import Ensemble
from screening.learners.forest import Forest
from screening.learners.networks import FittedNetworks
from screening.learners.options import FOREST as FOREST_VOICE
from screening.learners.values.blend import FittedValueBlend, ValueBlend
from screening.learners.values.learner import ValueVoices, measured_tasks
from screening.learners.values.voices import TITLES
from screening.model.pretrained import Pretrained
from screening.model.provenance import describe_origin, learning_curves
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import FOREST, SHIPPED, TrainingTable, skeleton_keys
from screening.model.values import ValueModel
from screening.progress import OnStep, ignore_steps
from screening.trust import fit_domain

NETWORKS = "DBN ensemble alone"
LOGISTIC = "Logistic regression"
NEIGHBOUR = "1-nearest neighbour"

Probabilities = NDArray[np.float64]


def train_model(
    assay: Assay,
    options: ModelOptions | None = None,
    *,
    pretrained: Pretrained | None = None,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> ScreeningModel:
    """Train, cross-validate and calibrate.

    Parameters
    ----------
    assay
        Curated compounds.
    options
        Settings; the defaults when None. Features, standardisation and sizes of a pretrained stack
        must be those it was made with (see `Pretrained.applied_to`).
    pretrained
        A stack and columns learned on unlabelled molecules, for every member to start from.
    workers
        Processes; the model is the same for any number.
    on_step
        Is told (stage, done, total) as work goes on.

    Returns
    -------
    ScreeningModel
        With `quality` filled from held-out predictions.
    """
    options = options or ModelOptions()
    compounds = Compounds(assay, workers)
    raw = compounds.raw(options.blocks)
    learner = CalibratedBlend(options, None if pretrained is None else pretrained.stack)
    *folds, whole = learner.cut(Part(compounds, np.arange(len(assay))))
    fitted = learner.fit([*folds, whole], workers=workers, on_step=on_step)
    networks, held_out = fitted.networks, fitted.held_out
    predictions = _held_out_probabilities(held_out, learner, folds, workers, on_step)
    encoder = networks.encoder
    model = ScreeningModel(
        options=options,
        tasks=assay.tasks,
        features=BlockSet(options.blocks),
        encoder=encoder,
        ensemble=Ensemble(
            networks.trained.members,
            len(encoder.get_feature_names_out()),
            encoder.dense_from(),
            encoder.implied,
        ),
        blend=fitted.blend(),
        novelty=replace(networks.trained.stack.novelty, implied=encoder.implied),
        calibrations=held_out.calibrations,
        conformals=learner.fit_conformals(fitted, workers=workers, on_step=on_step),
        thresholds=[best_threshold(*task) for task in _by_task(assay, predictions[SHIPPED])],
        domain=fit_domain(_novelties(fitted.folds, folds), held_out.similarities),
        training=compounds_table(compounds, folds, predictions),
        quality=_quality(assay, predictions, _protocol(len(folds), compounds.scaffolds)),
    )
    _add_values(model, learner, [*folds, whole], held_out, workers, on_step)
    model.provenance = {
        **describe_origin(assay, options),
        "blend": {} if model.blend is None else model.blend.described(assay.tasks),
        "learning_curves": learning_curves(
            networks.trained.members, [fold.trained.stack.history for fold in fitted.folds]
        ),
    }
    if pretrained is not None:
        model.provenance["pretrained"] = {
            **pretrained.provenance,
            "sha256": pretrained.sha256,
            "unknown_share": round(pretrained.unknown_share(raw), 4),
        }
    return model


def _add_values(
    model: ScreeningModel,
    learner: CalibratedBlend,
    parts: Sequence[Part],
    held_out: HeldOut,
    workers: int,
    on_step: OnStep,
) -> None:
    """Learn to predict the values of tasks that have enough of them, and say how well."""
    assay = parts[0].compounds.assay
    for task, known in measured_tasks(assay).items():
        name = assay.tasks[task]
        above = assay.rules[name].threshold.active_is_above
        voices = ValueVoices(learner.options, known, learner.library)
        fitted = ValueBlend(voices).fit(parts, workers=workers, on_step=on_step)
        if fitted is None:
            continue
        said, reach = fitted.in_folds(held_out.similarities, RISK)
        model.values[name] = ValueModel.of(fitted, above=above)
        model.quality.setdefault("values", {})[name] = quality_of_values(fitted, said, reach)
        empty = np.full(assay.labels.shape, np.nan)
        model.training.held_out_values.setdefault(SHIPPED, empty)[:, task] = known.scale.values(
            said
        )


def quality_of_values(
    fitted: FittedValueBlend, said: NDArray[np.float64], reach: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the held-out figures of the model's values, and of each voice alone."""
    known = fitted.measured
    figures = {}
    by_voice = {TITLES[name]: own for name, own in fitted.held_out.items()}
    for model, own in {SHIPPED: said, **by_voice}.items():
        rows = np.flatnonzero(known.exact & np.isfinite(own))
        far = reach[rows] if model == SHIPPED else None
        if len(rows):
            figures[model] = assess_values(known.numbers[rows], own[rows], reach=far).to_dict()
    return {
        "unit": known.scale.describe(),
        "risk": RISK,
        "weights": {voice: round(weight, 3) for voice, weight in fitted.weights.items()},
        "models": figures,
    }


def _held_out_probabilities(
    held_out: HeldOut,
    learner: CalibratedBlend,
    folds: Sequence[Part],
    workers: int,
    on_step: OnStep,
) -> dict[str, Probabilities]:
    """Return what the model, its parts and the baselines said of each compound in its fold."""
    found = {SHIPPED: expit(held_out.log_odds)}
    if held_out.voices:
        # What the networks say alone, calibrated like the blend.
        said, similarities = held_out.networks, held_out.similarities
        own = fit_calibrations(said, similarities, folds[0].compounds.labels)
        found[NETWORKS] = expit(calibrated(own, said, similarities))
    forest = held_out.voices.get(FOREST_VOICE)
    if forest is None:
        forest = hold_out(Forest.of(learner.options), folds, workers=workers, on_step=on_step)
    found[FOREST] = expit(forest)
    for name, other in ((LOGISTIC, Logistic(learner.networks)), (NEIGHBOUR, Neighbour())):
        found[name] = expit(hold_out(other, folds, workers=workers, on_step=on_step))
    return found


def _novelties(fitted: Sequence[FittedNetworks], folds: Sequence[Part]) -> NDArray[np.float64]:
    """Return how novel each compound looked to the RBM that had not seen its scaffold, in nats."""
    out = np.zeros(len(folds[0].compounds))
    for own, fold in zip(fitted, folds, strict=True):
        out[fold.asked] = own.novelties(fold.compounds, fold.asked)
    return out


def _by_task(
    assay: Assay, said: Probabilities
) -> Iterator[tuple[NDArray[np.float32], Probabilities]]:
    """Yield labels and predictions of the compounds that have both, a task at a time."""
    for labels, own in zip(assay.labels.T, said.T, strict=True):
        known = ~np.isnan(labels) & ~np.isnan(own)
        yield labels[known], own[known]


def _protocol(n_folds: int, scaffolds: Sequence[str]) -> str:
    exception = ""
    if series_scaffold(scaffolds):
        exception = " (but single compounds of the commonest scaffold, which most share)"
    return f"{n_folds}-fold cross-validation, whole scaffolds held out{exception}"


def _quality(
    assay: Assay, predictions: Mapping[str, Probabilities], protocol: str
) -> dict[str, Any]:
    tasks: dict[str, dict[str, Any]] = {task: {} for task in assay.tasks}
    for model, said in predictions.items():
        for found, (labels, scores) in zip(tasks.values(), _by_task(assay, said), strict=True):
            if len(np.unique(labels)) == 2:
                quality = assess(labels, scores, best_threshold(labels, scores))
                found[model] = quality.to_dict()
    return {"protocol": protocol, "tasks": tasks}


def compounds_table(
    compounds: Compounds, folds: Sequence[Part], predictions: dict[str, Probabilities]
) -> TrainingTable:
    """Return the compounds with their folds, and what was said of each in its fold."""
    assay = compounds.assay
    numbers = np.zeros(len(compounds), dtype=np.int64)
    for fold in folds:
        numbers[fold.asked] = fold.number
    return TrainingTable(
        tasks=assay.tasks,
        ids=assay.ids,
        smiles=assay.smiles,
        rows=assay.rows,
        keys=np.array([structure_key(smiles) for smiles in assay.smiles], dtype=np.int64),
        skeletons=skeleton_keys(assay.smiles),
        fingerprints=compounds.fingerprints,
        labels=assay.labels,
        values=assay.values,
        folds=numbers,
        held_out=predictions,
        origins=assay.origins,
        relations=assay.relations,
    )
