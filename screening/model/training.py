"""From a curated assay to a model: features, held-out predictions, the final ensemble."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.assay import Assay
from screening.chemistry import murcko_scaffold, structure_key
from screening.evaluation import Quality, assess, best_threshold
from screening.features import Encoder, FeatureSet
from screening.model.calibration import Calibration, fit_calibration
from screening.model.conformal import Conformal, fit_conformal
from screening.model.crossvalidation import HeldOut, hold_out, make_folds, series_scaffold
from screening.model.domain import fit_domain
from screening.model.ensemble import Ensemble, Job, train_members
from screening.model.forest import Forest
from screening.model.novelty import fit_novelty
from screening.model.options import ModelOptions
from screening.model.pretrained import Pretrained
from screening.model.provenance import describe_origin, learning_curves
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import TrainingTable

OURS = "ebmscreen"
NETWORKS = "DBN ensemble alone"
# Members of different folds, and of the final ensemble, draw from seeds that never meet.
_SEEDS_PER_GROUP = 1000

Step = Callable[[str, int, int], None]


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
    features = FeatureSet(options.features)
    raw = features.transform(assay.mols)
    fingerprints = features.packed_morgan(assay.mols, raw)
    scaffolds = [murcko_scaffold(mol) for mol in assay.mols]
    known = None if pretrained is None else pretrained.encoder
    folds = make_folds(raw, assay.labels, scaffolds, options, known)
    encoder = known or Encoder().fit(raw)
    x = encoder.transform(raw)

    parts = [(fold.x_train, assay.labels[fold.split.train]) for fold in folds] + [(x, assay.labels)]
    begun = None if pretrained is None else pretrained.dbn
    jobs = [
        Job(part_x, part_y, options.seed + _SEEDS_PER_GROUP * group + member, begun)
        for group, (part_x, part_y) in enumerate(parts)
        for member in range(options.ensemble_size)
    ]
    done = 0

    def on_member() -> None:
        nonlocal done
        done += 1
        on_step("networks", done, len(jobs))

    trained = train_members(jobs, options, workers, on_member)
    size = options.ensemble_size
    grouped = [trained[start : start + size] for start in range(0, len(trained), size)]
    checked = 0

    def on_fold() -> None:
        nonlocal checked
        checked += 1
        on_step("held-out folds", checked, len(folds))

    held_out = hold_out(folds, grouped[:-1], assay.labels, fingerprints, options, workers, on_fold)
    novelty, _ = fit_novelty(x, options, options.seed)
    calibrations, conformals = _calibrate(held_out, assay.labels)
    probabilities = np.column_stack(
        [c(held_out.logits[:, t], held_out.similarities) for t, c in enumerate(calibrations)]
    )
    predictions = {OURS: probabilities, **_unblended(held_out, assay.labels, options)}
    predictions |= held_out.baselines
    model = ScreeningModel(
        options=options,
        tasks=assay.tasks,
        features=features,
        encoder=encoder,
        ensemble=Ensemble(grouped[-1], x.shape[1], encoder.dense_from()),
        forests=_forests(x, assay.labels, options, workers),
        novelty=novelty,
        calibrations=calibrations,
        conformals=conformals,
        thresholds=_thresholds(probabilities, assay.labels),
        domain=fit_domain(held_out.novelties, held_out.similarities),
        training=_table(assay, fingerprints, held_out, predictions),
        quality=_quality(assay, predictions, _protocol(len(folds), scaffolds)),
    )
    model.provenance = {
        **describe_origin(assay, options),
        "learning_curves": learning_curves(grouped[-1], held_out.pretraining),
        "seconds": round(time.perf_counter() - started, 1),
    }
    if pretrained is not None:
        model.provenance["pretrained"] = {
            **pretrained.provenance,
            "sha256": pretrained.sha256,
            "unknown_share": round(pretrained.unknown_share(raw), 4),
        }
    return model


def _forests(
    x: csr_matrix, labels: NDArray[np.float32], options: ModelOptions, workers: int
) -> list[Forest | None]:
    if options.blend == "none":
        return []
    return [Forest.fit(x, y, seed=options.seed, workers=workers) for y in labels.T]


def _unblended(
    held_out: HeldOut, labels: NDArray[np.float32], options: ModelOptions
) -> dict[str, NDArray[np.float64]]:
    """Return what the networks of a blended model say alone, calibrated like the blend."""
    if options.blend == "none":
        return {}
    alone = replace(held_out, logits=held_out.networks)
    calibrations, _ = _calibrate(alone, labels)
    columns = [c(alone.logits[:, t], alone.similarities) for t, c in enumerate(calibrations)]
    return {NETWORKS: np.column_stack(columns)}


def _calibrate(
    held_out: HeldOut, labels: NDArray[np.float32]
) -> tuple[list[Calibration], list[Conformal]]:
    calibrations, conformals = [], []
    for task in range(labels.shape[1]):
        known = ~np.isnan(labels[:, task])
        logits, truth = held_out.logits[known, task], labels[known, task]
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
