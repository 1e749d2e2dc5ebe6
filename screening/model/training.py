"""From a curated assay to a model: held-out predictions, what they teach, the final ensemble."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.assay import Assay
from screening.chemistry import structure_key
from screening.evaluation import Quality, assess, best_threshold, series_scaffold
from screening.features import FeatureSet
from screening.learners import Blend, CalibratedBlend, Compounds, ModelOptions, Part, hold_out
from screening.learners.baselines import Logistic, Neighbour
from screening.learners.blend import ForestBlend
from screening.learners.calibrated import FittedCalibrated, calibrated, fit_calibrations
from screening.learners.ensemble import Ensemble
from screening.learners.forest import Forest
from screening.learners.networks import FittedNetworks
from screening.model.pretrained import Pretrained
from screening.model.provenance import describe_origin, learning_curves
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import TrainingTable
from screening.progress import OnStep, ignore_steps
from screening.trust import Conformal, fit_conformal, fit_domain

SHIPPED = "ebmscreen"
NETWORKS = "DBN ensemble alone"
FOREST = "Random forest"
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
    started = time.perf_counter()
    compounds = Compounds(assay, workers)
    raw = compounds.raw(options.blocks)
    blend = Blend(options, None if pretrained is None else pretrained.stack)
    whole, folds = blend.cut(Part(compounds, np.arange(len(assay))))
    fitted = CalibratedBlend(blend).fit(whole, folds, workers=workers, on_step=on_step)
    held_out = fitted.blend.held_out
    log_odds = calibrated(fitted.calibrations, held_out.logits, held_out.similarities)
    predictions = _held_out_probabilities(fitted, log_odds, blend, folds, workers, on_step)
    novelties = _novelties(fitted.blend.folds, folds)
    networks, forest = fitted.blend.networks, fitted.blend.forest
    encoder = networks.encoder
    model = ScreeningModel(
        options=options,
        tasks=assay.tasks,
        features=FeatureSet(options.blocks),
        encoder=encoder,
        ensemble=Ensemble(
            networks.trained.members,
            len(encoder.get_feature_names_out()),
            encoder.dense_from(),
        ),
        forest_blend=None if forest is None else ForestBlend.of(forest, held_out.spreads),
        novelty=networks.trained.stack.novelty,
        calibrations=fitted.calibrations,
        conformals=_conformals(log_odds, assay.labels),
        thresholds=_thresholds(predictions[SHIPPED], assay.labels),
        domain=fit_domain(novelties, held_out.similarities),
        training=_table(compounds, folds, predictions),
        quality=_quality(assay, predictions, _protocol(len(folds), compounds.scaffolds)),
    )
    model.provenance = {
        **describe_origin(assay, options),
        "learning_curves": learning_curves(
            networks.trained.members, [fold.trained.stack.history for fold in fitted.blend.folds]
        ),
        "seconds": round(time.perf_counter() - started, 1),
    }
    if pretrained is not None:
        model.provenance["pretrained"] = {
            **pretrained.provenance,
            "sha256": pretrained.sha256,
            "unknown_share": round(pretrained.unknown_share(raw), 4),
        }
    return model


def _held_out_probabilities(
    fitted: FittedCalibrated,
    log_odds: Probabilities,
    blend: Blend,
    folds: Sequence[Part],
    workers: int,
    on_step: OnStep,
) -> dict[str, Probabilities]:
    """Return what the model, its parts and the baselines said of each compound in its fold."""
    held_out, labels = fitted.blend.held_out, folds[0].compounds.labels
    found = {SHIPPED: expit(log_odds)}
    if held_out.forest is not None:
        # What the networks say alone, calibrated like the blend.
        alone = replace(held_out, logits=held_out.networks)
        own = calibrated(fit_calibrations(alone, labels), alone.logits, alone.similarities)
        found[NETWORKS] = expit(own)
    forest = held_out.forest
    if forest is None:
        forest = hold_out(Forest.of(blend.options), folds, workers=workers, on_step=on_step)
    found[FOREST] = expit(forest)
    for name, learner in ((LOGISTIC, Logistic(blend.networks)), (NEIGHBOUR, Neighbour())):
        found[name] = expit(hold_out(learner, folds, workers=workers, on_step=on_step))
    return found


def _novelties(fitted: Sequence[FittedNetworks], folds: Sequence[Part]) -> NDArray[np.float64]:
    """Return how novel each compound looked to the RBM that had not seen its scaffold, in nats."""
    out = np.zeros(len(folds[0].compounds))
    for own, fold in zip(fitted, folds, strict=True):
        out[fold.asked] = own.novelties(fold.compounds, fold.asked)
    return out


def _conformals(log_odds: Probabilities, labels: NDArray[np.float32]) -> list[Conformal]:
    known = ~np.isnan(labels)
    return [
        fit_conformal(log_odds[known[:, t], t], labels[known[:, t], t])
        for t in range(labels.shape[1])
    ]


def _thresholds(probabilities: Probabilities, labels: NDArray[np.float32]) -> list[float]:
    known = ~np.isnan(labels)
    return [
        best_threshold(labels[known[:, t], t], probabilities[known[:, t], t])
        for t in range(labels.shape[1])
    ]


def _protocol(n_folds: int, scaffolds: Sequence[str]) -> str:
    exception = ""
    if series_scaffold(scaffolds):
        exception = " (but single compounds of the commonest scaffold, which most share)"
    return f"{n_folds}-fold cross-validation, whole scaffolds held out{exception}"


def _quality(
    assay: Assay, predictions: Mapping[str, Probabilities], protocol: str
) -> dict[str, Any]:
    tasks = {
        task: {
            model: figures.to_dict()
            for model, scores in predictions.items()
            if (figures := _assess(assay.labels[:, index], scores[:, index])) is not None
        }
        for index, task in enumerate(assay.tasks)
    }
    return {"protocol": protocol, "tasks": tasks}


def _assess(labels: NDArray[np.float32], scores: Probabilities) -> Quality | None:
    known = ~np.isnan(labels) & ~np.isnan(scores)
    if len(np.unique(labels[known])) < 2:
        return None
    return assess(labels[known], scores[known], best_threshold(labels[known], scores[known]))


def _table(
    compounds: Compounds, folds: Sequence[Part], predictions: dict[str, Probabilities]
) -> TrainingTable:
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
        fingerprints=compounds.fingerprints,
        labels=assay.labels,
        values=assay.values,
        folds=numbers,
        held_out=predictions,
    )
