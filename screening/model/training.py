"""From a curated assay to a model: features, held-out predictions, the final ensemble."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.chemistry import structure_key
from screening.evaluation import Quality, assess, best_threshold
from screening.features import Encoder, FeatureSet, RawFeatures
from screening.model.blend import Blend, ForestBlend, blend_with, fit_blend
from screening.model.calibration import Calibration, fit_calibration
from screening.model.conformal import Conformal, fit_conformal
from screening.model.crossvalidation import (
    FOREST,
    HeldOut,
    forest_encoder,
    hold_out,
    make_folds,
    series_scaffold,
)
from screening.model.described import describe
from screening.model.domain import fit_domain
from screening.model.ensemble import Ensemble
from screening.model.ensembles import Step, train_ensembles
from screening.model.forest import Forest
from screening.model.lessons import lessons
from screening.model.options import ModelOptions, held_out_members
from screening.model.pretrained import Pretrained
from screening.model.provenance import describe_origin, learning_curves
from screening.model.screening_model import ScreeningModel
from screening.model.start import Part
from screening.model.training_table import TrainingTable

OURS = "ebmscreen"
NETWORKS = "DBN ensemble alone"
# Members of different folds, and of the final ensemble, draw from seeds that never meet.
_SEEDS_PER_PART = 1000


def ignore_step(stage: str, done: int, total: int) -> None:
    """Take no notice of progress."""
    del stage, done, total


def train_model(
    assay: Assay,
    options: ModelOptions | None = None,
    *,
    pretrained: Pretrained | None = None,
    workers: int = 1,
    on_step: Step = ignore_step,
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
    features = FeatureSet(options.blocks)
    raw, scaffolds = describe(assay.mols, options.blocks, workers)
    fingerprints = features.packed_morgan(assay.mols, raw)
    known = None if pretrained is None else pretrained.encoder
    folds = make_folds(raw, assay, scaffolds, options, known)
    taught = lessons(assay, slice(None), options)
    encoder = known or Encoder().fit(raw.only(options.features))
    x = encoder.transform(raw)

    few = held_out_members(options.ensemble_size)
    parts = [
        Part(fold.x_train, fold.taught, _seed(options, number), fold.x_test, few)
        for number, fold in enumerate(folds)
    ]
    parts.append(Part(x, taught, _seed(options, len(folds))))
    *cut, whole = train_ensembles(
        parts,
        options,
        begun=None if pretrained is None else pretrained.dbn,
        workers=workers,
        on_step=on_step,
    )
    checked = 0

    def on_fold() -> None:
        nonlocal checked
        checked += 1
        on_step("held-out folds", checked, len(folds))

    held_out = hold_out(folds, cut, assay.labels, fingerprints, options, workers, on_fold)
    blends = _blends(held_out, options)
    logits = held_out.networks
    if blends:
        logits = blend_with(blends, held_out.networks, held_out.baselines[FOREST])
    calibrations, conformals = _calibrate(logits, held_out, assay.labels)
    probabilities = _probabilities(calibrations, logits, held_out)
    predictions = {OURS: probabilities}
    if blends:
        # What the networks say alone, calibrated like the blend.
        alone, _ = _calibrate(held_out.networks, held_out, assay.labels)
        predictions[NETWORKS] = _probabilities(alone, held_out.networks, held_out)
    predictions |= held_out.baselines
    model = ScreeningModel(
        options=options,
        tasks=assay.tasks,
        features=features,
        encoder=encoder,
        ensemble=Ensemble(whole.members, x.shape[1], encoder.dense_from()),
        forest_blend=_forest_blend(
            raw, forest_encoder(raw, encoder, known, options), taught, blends, options, workers
        ),
        novelty=whole.start.novelty,
        calibrations=calibrations,
        conformals=conformals,
        thresholds=_thresholds(probabilities, assay.labels),
        domain=fit_domain(held_out.novelties, held_out.similarities),
        training=_table(assay, fingerprints, held_out, predictions),
        quality=_quality(assay, predictions, _protocol(len(folds), scaffolds)),
    )
    model.provenance = {
        **describe_origin(assay, options),
        "learning_curves": learning_curves(
            whole.members, [trained.start.history for trained in cut]
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


def _seed(options: ModelOptions, part: int) -> int:
    """Return the seed of one part: a fold by its number, or the whole assay after the last."""
    return options.seed + _SEEDS_PER_PART * part


def _forest_blend(
    raw: RawFeatures,
    encoder: Encoder,
    taught: NDArray[np.float32],
    blends: Sequence[Blend],
    options: ModelOptions,
    workers: int,
) -> ForestBlend | None:
    if not blends:
        return None
    x = encoder.transform(raw)
    forests = [Forest.fit(x, y, seed=options.seed, workers=workers) for y in taught.T]
    return ForestBlend(encoder, tuple(forests), tuple(blends))


def _blends(held_out: HeldOut, options: ModelOptions) -> list[Blend]:
    if options.blend == "none":
        return []
    # The baseline of each fold is the forest that the final model has beside its networks.
    said = zip(held_out.networks.T, held_out.baselines[FOREST].T, strict=True)
    return [fit_blend(networks, forest) for networks, forest in said]


def _probabilities(
    calibrations: Sequence[Calibration], logits: NDArray[np.float64], held_out: HeldOut
) -> NDArray[np.float64]:
    columns = [c(logits[:, t], held_out.similarities) for t, c in enumerate(calibrations)]
    return np.column_stack(columns)


def _calibrate(
    every: NDArray[np.float64], held_out: HeldOut, labels: NDArray[np.float32]
) -> tuple[list[Calibration], list[Conformal]]:
    calibrations, conformals = [], []
    for task in range(labels.shape[1]):
        known = ~np.isnan(labels[:, task])
        logits, truth = every[known, task], labels[known, task]
        similarity = held_out.similarities[known]
        calibration = fit_calibration(logits, similarity, truth)
        calibrations.append(calibration)
        conformals.append(fit_conformal(calibration.log_odds(logits, similarity), truth))
    return calibrations, conformals


def _thresholds(probabilities: NDArray[np.float64], labels: NDArray[np.float32]) -> list[float]:
    found = []
    for task in range(labels.shape[1]):
        known = ~np.isnan(labels[:, task])
        found.append(best_threshold(labels[known, task], probabilities[known, task]))
    return found


def _protocol(n_folds: int, scaffolds: Sequence[str]) -> str:
    exception = ""
    if series_scaffold(scaffolds):
        exception = " (but single compounds of the commonest scaffold, which most share)"
    return f"{n_folds}-fold cross-validation, whole scaffolds held out{exception}"


def _quality(
    assay: Assay, predictions: dict[str, NDArray[np.float64]], protocol: str
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


def _assess(labels: NDArray[np.float32], scores: NDArray[np.float64]) -> Quality | None:
    known = ~np.isnan(labels) & ~np.isnan(scores)
    if len(np.unique(labels[known])) < 2:
        return None
    return assess(labels[known], scores[known], best_threshold(labels[known], scores[known]))


def _table(
    assay: Assay,
    fingerprints: NDArray[np.uint8],
    held_out: HeldOut,
    predictions: dict[str, NDArray[np.float64]],
) -> TrainingTable:
    return TrainingTable(
        tasks=assay.tasks,
        ids=assay.ids,
        smiles=assay.smiles,
        rows=assay.rows,
        keys=np.array([structure_key(smiles) for smiles in assay.smiles], dtype=np.int64),
        fingerprints=fingerprints,
        labels=assay.labels,
        values=assay.values,
        folds=held_out.folds,
        held_out=predictions,
    )
