"""From measured compounds to a model of values."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.assay.measured import MeasuredAssay
from screening.assay.values.column import Scale
from screening.assay.values.learned import LearnedScale
from screening.evaluation import RISK
from screening.features import BlockSet
from screening.learners import Compounds, ModelOptions, Part
from screening.learners.calibrated import similarities
from screening.learners.learner import fold_parts
from screening.learners.values.blend import ValueBlend
from screening.learners.values.learner import LEAST, Measured, ValueVoices
from screening.model.provenance import describe_origin
from screening.model.regression.model import RegressionModel
from screening.model.training import compounds_table, quality_of_values
from screening.model.training_table import SHIPPED
from screening.model.values import ValueModel
from screening.progress import OnStep, ignore_steps

# Of held-out compounds that lie outside the domain, as `screening.trust.fit_domain` has it.
_SHARE_OUTSIDE = 0.05


def train_regression(
    measured: MeasuredAssay,
    options: ModelOptions,
    *,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> RegressionModel:
    """Train, cross-validate, and learn how far predictions may be off.

    Parameters
    ----------
    measured
    options
        Features, standardisation, blend, folds, limits and seed; no network is trained that tells
        classes.
    workers
        Processes; the model is the same for any number.
    on_step
        Is told (stage, done, total) as work goes on.

    Raises
    ------
    ValueError
        A task has fewer than ten measured values, or they are all alike.
    """
    assay = measured.assay
    compounds = Compounds(assay, workers)
    compounds.raw(options.features)
    whole = Part(compounds, np.arange(len(assay)))
    folds = fold_parts(whole, options.folds, options.seed)
    held_out_from = similarities([*folds, whole])
    held_out = np.full(assay.values.shape, np.nan)
    values: dict[str, ValueModel] = {}
    quality = {}
    for index, (task, scale) in enumerate(zip(assay.tasks, measured.scales, strict=True)):
        known = _measured(assay, index, scale)
        learner = ValueBlend(ValueVoices(options, known))
        fitted = learner.fit([*folds, whole], workers=workers, on_step=on_step)
        if fitted is None:
            raise ValueError(
                f"no feature block of {', '.join(options.features)} can be compared by the kernel "
                "machine, and no forest is blended with it."
            )
        said, reach = fitted.in_folds(held_out_from, RISK)
        values[task] = ValueModel.of(fitted, above=not known.scale.logarithmic)
        quality[task] = quality_of_values(fitted, said, reach)
        held_out[:, index] = known.scale.values(said)
    training = compounds_table(compounds, folds, {})
    training.held_out_values[SHIPPED] = held_out
    return RegressionModel(
        options=options,
        tasks=assay.tasks,
        features=BlockSet(options.features),
        encoder=whole.encoder(options.features),
        values=values,
        similarity_limit=_limit(held_out_from[~np.isnan(held_out_from)]),
        training=training,
        quality={"values": quality},
        provenance=_origin(assay, options),
    )


def _origin(assay: Assay, options: ModelOptions) -> dict[str, Any]:
    """Return what the model was made from, with values where a classifier has labels."""
    exact = ~np.isnan(assay.values) & (assay.relations == "=")
    counts = {
        task: {"measured": int(own.sum()), "limits": int((known & ~own).sum())}
        for task, own, known in zip(assay.tasks, exact.T, ~np.isnan(assay.values).T, strict=True)
    }
    digest = hashlib.sha256()
    for smiles, values, relations in zip(assay.smiles, assay.values, assay.relations, strict=True):
        cells = (f"{r}{v!r}" for r, v in zip(relations, values.tolist(), strict=True))
        digest.update(f"{smiles} {' '.join(cells)}\n".encode())
    return {
        **describe_origin(assay, options),
        "data_hash": digest.hexdigest(),
        "counts": counts,
    }


def _measured(assay: Assay, index: int, scale: Scale) -> Measured:
    """Return the values of a task, of which there are enough."""
    learned = LearnedScale.of(scale)
    numbers = learned.learned(assay.values[:, index])
    known = Measured(learned, numbers, learned.sides(assay.relations[:, index]))
    exact = numbers[known.exact]
    if len(exact) < LEAST or not np.ptp(exact) > 0:
        alike = ", all alike" if len(exact) >= LEAST else ""
        raise ValueError(
            f"{assay.tasks[index]} has {len(exact)} measured values that are no limits{alike} "
            f"(n_samples = {len(assay)}); a model of values needs {LEAST} that differ."
        )
    return known


def _limit(similarities: NDArray[np.float32]) -> float:
    if not len(similarities):
        return 0.0
    return round(float(np.quantile(similarities, _SHARE_OUTSIDE)), 6)
