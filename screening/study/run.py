"""Runs a study: every model on every split, each result kept, what is there not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.learners import MODELS, Compounds, Learner, ModelOptions, Part
from screening.learners.calibrated import CalibratedOn
from screening.learners.registry import ALONE, DBN, FOREST, LIBRARY, UNPRETRAINED, LearnerSettings
from screening.learners.values.learner import Measured, measured_tasks
from screening.model import Pretrained, versions
from screening.model.provenance import data_hash
from screening.progress import OnStep
from screening.study.folder import (
    Result,
    begin_or_continue,
    hash_of,
    read_result,
    result_path,
    write_result,
)
from screening.study.options import StudyOptions
from screening.study.plan import PlannedSplit, fewer_labels, plan_splits
from screening.study.values import predicts_values, values_on

# Probabilities are kept as a screen writes them.
_DECIMALS = 6
# From so many training compounds on, what happens within one model is worth being told.
_LONG = 5000
# Models whose figures are followed along the number of labels.
CURVE_MODELS = (DBN, ALONE, UNPRETRAINED, LIBRARY, FOREST)


@dataclass(frozen=True)
class Entry:
    """A result and what it belongs to; `labels` is None for all of the training part."""

    split: PlannedSplit
    model: str
    labels: int | None
    result: Result


@dataclass
class Study:
    """Everything that came out.

    Attributes
    ----------
    compounds : Compounds
    options : StudyOptions
    splits : list of PlannedSplit
        Of every kind, the kind that is judged by first.
    measured : dict of int to Measured
        The values of the tasks that have them, by their places.
    entries : list of Entry
        By split, then model.
    """

    compounds: Compounds
    options: StudyOptions
    splits: list[PlannedSplit]
    measured: Mapping[int, Measured]
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    split: PlannedSplit
    model: str
    labels: int | None


def run_study(
    compounds: Compounds,
    model_options: ModelOptions,
    options: StudyOptions,
    folder: Path,
    *,
    pretrained: Pretrained | None = None,
    calibrated_on: CalibratedOn = "folds",
    column: Sequence[str] | NDArray[np.float64] | None = None,
    workers: int = 1,
    on_step: OnStep,
    on_result: Callable[[str], None] = lambda _: None,
) -> Study:
    """Train and score what is not in the folder yet, and return all results.

    Parameters
    ----------
    compounds : Compounds
    model_options : ModelOptions
        Of the DBN; its seed is also that of the splits.
    options : StudyOptions
    folder : Path
        Made when it is not there. A study of the same assay, splits and settings is continued;
        models, further splits and label counts may be added to it.
    pretrained : Pretrained, optional
        A stack for the model `dbn-library`, made with the same features.
    calibrated_on : str
        See `CalibratedBlend`.
    column : sequence, optional
        Times or parts, where `options.kind` asks for them.
    workers : int
        Processes; the results are the same for any number.
    on_step : callable
        Told (stage, done, total).
    on_result : callable
        Told a sentence for each new result.

    Raises
    ------
    UserError
        The folder holds something else, or a split cannot be made.
    """
    splits = [
        split
        for kind in options.kinds
        for split in plan_splits(compounds, kind, options.splits, model_options.seed, column)
    ]
    measured = measured_tasks(compounds.assay)
    task = _StudyTask(
        compounds, model_options, pretrained, calibrated_on, measured, workers, on_step
    )
    begin_or_continue(folder, task.identity(options, column))
    study = Study(compounds, options, splits, measured)
    jobs = list(_jobs(options, splits))
    for done, job in enumerate(jobs):
        on_step("models on splits", done, len(jobs))
        parts = job.split.parts
        path = result_path(folder, job.split.name, job.model, job.labels)
        sizes = len(parts.valid), len(parts.test), compounds.labels.shape[1]
        result = read_result(path, *sizes, valued=predicts_values(job.model, measured))
        if result is None:
            result = task.do(job)
            write_result(path, result)
            on_result(f"{_say(job)}: {result.seconds:.1f} s")
        study.entries.append(Entry(job.split, job.model, job.labels, result))
    on_step("models on splits", len(jobs), len(jobs))
    return study


@dataclass(frozen=True)
class _StudyTask:
    """What every job of a study has in common."""

    compounds: Compounds
    options: ModelOptions
    pretrained: Pretrained | None
    calibrated_on: CalibratedOn
    measured: Mapping[int, Measured]
    workers: int
    on_step: OnStep

    def identity(
        self, study: StudyOptions, column: Sequence[str] | NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return what a result depends on, beside its split's number and its model."""
        return {
            "ebmscreen": versions()["ebmscreen"],
            "assay": data_hash(self.compounds.assay),
            "tasks": list(self.compounds.assay.tasks),
            "split": study.kind,
            "column": None if column is None else hash_of(column),
            # A cut through time depends on how many there are.
            "splits": study.splits if study.kind == "time" else "any",
            "calibration": self.calibrated_on,
            "options": self.options.to_dict(),
            "pretrained": self.pretrained.sha256 if self.pretrained else None,
        }

    def do(self, job: _Job) -> Result:
        """Train the model of a job, and score the compounds of its split."""
        parts, rows = job.split.parts, job.split.parts.train
        if job.labels is not None:
            rows = fewer_labels(rows, self.compounds.labels, job.labels, job.split.seed)
        part = Part(
            self.compounds,
            rows,
            asked=np.concatenate([parts.valid, parts.test]),
            validation=parts.valid,
        )

        def within(stage: str, done: int, total: int) -> None:
            if len(part.rows) >= _LONG:
                self.on_step(f"{_say(job)}: {stage}", done, total)

        wanted = LearnerSettings(
            replace(self.options, seed=job.split.seed),
            None if self.pretrained is None else self.pretrained.stack,
            self.calibrated_on,
        )
        learner, n_valid = MODELS[job.model].make(wanted), len(parts.valid)
        result = result_on(part, learner, n_valid, workers=self.workers, on_step=within)
        make_values = MODELS[job.model].make_values
        if make_values is None or not self.measured:
            return result
        started = time.perf_counter()
        values = values_on(
            part,
            partial(make_values, wanted),
            self.measured,
            n_valid,
            workers=self.workers,
            on_step=within,
        )
        seconds = result.seconds + time.perf_counter() - started
        return replace(result, values=values, seconds=seconds)


def result_on(
    part: Part, learner: Learner, n_valid: int, *, workers: int = 1, on_step: OnStep
) -> Result:
    """Train a learner on a part, and score the compounds that the part asks for.

    Parameters
    ----------
    part
        Asks for the validation part, then the test part.
    learner
    n_valid : int
        Size of the former.
    workers, on_step
        As for `Learner.fit_parts`.
    """
    started = time.perf_counter()
    (fitted,) = learner.fit_parts([part], workers=workers, on_step=on_step)
    scores = np.round(expit(fitted.logits(part.compounds, part.asked)), _DECIMALS)
    return Result(scores[:n_valid], scores[n_valid:], time.perf_counter() - started)


def _jobs(options: StudyOptions, splits: Sequence[PlannedSplit]) -> Iterator[_Job]:
    for split in splits:
        for model in options.models:
            yield _Job(split, model, None)
        if split.kind != options.kind:
            continue
        for labels in options.label_counts:
            for model in CURVE_MODELS:
                if model in options.models and labels < len(split.parts.train):
                    yield _Job(split, model, labels)


def _say(job: _Job) -> str:
    title = MODELS[job.model].title
    labels = "" if job.labels is None else f", {job.labels} labels"
    return f"{title} on {job.split.name}{labels}"
