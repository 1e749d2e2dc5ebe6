"""Two models on a table of results that neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from screening.assay import Assay
from screening.errors import UserError
from screening.evaluation.bootstrap import Judged, paired_bootstrap, pairs_ranked_right
from screening.hits import named, restated
from screening.library.predict import predict_compounds
from screening.library.scoring import Scored
from screening.model import ScreeningModel
from screening.progress import OnStep, ignore_steps
from screening.turns.comparing.models.two_models import (
    Compared,
    Task,
    TwoModels,
    figures_section,
    figures_table,
    of_tasks,
    percent,
    shared_tasks,
)
from screening.turns.comparing.models.values import Told, ValuesOfBoth
from screening.turns.comparing.record import FIRST, SECOND, Comparison, Section
from screening.turns.comparing.verdict import (
    Verdict,
    probability_sentence,
    ranking_verdict,
    together,
)

Flags = NDArray[np.bool_]
_KNOWN, _FORM, _VALUE = "in_training", "same_skeleton", "value"


@dataclass(frozen=True)
class Said:
    """What a model says of n compounds.

    Attributes
    ----------
    log_odds, score : float64 arrays of shape (n, n_tasks)
        NaN where it could not read the structure.
    values : list of Told or None
        Of each task; None where it predicts none.
    known : bool array of shape (n,)
        Whether it was trained on the compound.
    other_form : bool array of shape (n,)
        Whether it was trained on another stereo or isotopic form of it only.
    """

    log_odds: NDArray[np.float64]
    score: NDArray[np.float64]
    values: list[Told | None]
    known: Flags
    other_form: Flags

    @property
    def read(self) -> Flags:
        """Which compounds it could read."""
        return ~np.isnan(self.log_odds[:, 0])


def compare_unseen(
    two: TwoModels,
    assay: Assay,
    texts: Sequence[str],
    *,
    seed: int = 0,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> Comparison:
    """Judge two models on results, and leave out what either has learned from.

    Parameters
    ----------
    two
    assay
        The results, curated.
    texts : sequence of str
        The structure of each compound as its file has it.
    seed : int
        Of the resamples.
    workers : int
        Processes; the result is the same for any number.
    on_step
        Is told how far the work is.

    Raises
    ------
    UserError
        There is no task in common, or no compound is left, or of one class only.
    """
    shared, notes = shared_tasks(two)
    columns, more = _columns_of(shared, assay)
    said = [_said(model, texts, workers=workers, on_step=on_step) for _, model in two.both]
    state = _states(*said)
    usable = state == ""
    if not usable.any():
        raise UserError(
            f"{assay.ledger.source}: none of its {len(assay):,} compounds is new to both models "
            f"({_left_out(state)}); give results that neither has learned from."
        )
    tasks = [
        _Task.of(task, columns[task.name], assay, usable, two, said)
        for task in shared
        if task.name in columns
    ]
    can = [task for task in tasks if not task.lacking]
    if not can:
        raise UserError(
            f"{assay.ledger.source}: {tasks[0].lacking} among the {int(usable.sum()):,} compounds "
            f"that are new to both models (left out: {_left_out(state)}); no ranking can be judged "
            "on them."
        )
    lacking = [
        f"{task.name}: not judged; there is {task.lacking}." for task in tasks if task.lacking
    ]
    results = [task.judge(seed) for task in can]
    verdict = together([result.verdict for result in results])
    kept = f"{int(usable.sum()):,} of {len(assay):,} compounds are new to both models"
    return Comparison(
        "Two models on results that neither has seen",
        *two.names,
        headline=verdict.headline,
        verdict=verdict.sentence,
        notes=(*two.notes(), *notes, *more, *lacking),
        sections=(
            Section(
                "The compounds",
                (f"{kept}; left out: {_left_out(state)}." if not usable.all() else f"{kept}.",),
            ),
            *of_tasks([result.section for result in results]),
        ),
        tables={
            "figures": figures_table({r.verdict.task: r.figures for r in results}, "resamples"),
            "compounds": _compounds(assay, tasks, said, state),
        },
    )


def _columns_of(tasks: Sequence[Task], assay: Assay) -> tuple[dict[str, int], list[str]]:
    """Return which column of the results each task is judged by, and sentences on the others."""
    if len(tasks) == len(assay.tasks) == 1:
        (task,), (column,) = tasks, assay.tasks
        same = task.name == column
        note = f"The column {column!r} of the results is taken for the task {task.name!r}."
        return {task.name: 0}, [] if same else [note]
    columns = {
        task.name: assay.tasks.index(task.name) for task in tasks if task.name in assay.tasks
    }
    if not columns:
        raise UserError(
            f"{assay.ledger.source} has results of {', '.join(assay.tasks)}, and the models share "
            f"{', '.join(task.name for task in tasks)}: name the columns of these tasks with "
            "targets (--target-column)."
        )
    missing = [task.name for task in tasks if task.name not in columns]
    unasked = [name for name in assay.tasks if name not in columns]
    notes = []
    if missing:
        notes.append(f"Not compared, because the results lack them: {', '.join(missing)}.")
    if unasked:
        notes.append(f"Results of no task that both models have: {', '.join(unasked)}.")
    return columns, notes


def told_of_training(scored: Scored, model: ScreeningModel) -> pa.Table:
    """Return scores, log odds, values, and whether the model was trained on each compound."""
    names = [
        named(what, task, model.tasks) for task in model.tasks for what in ("score", "log_odds")
    ]
    names += [named(_VALUE, task, model.tasks) for task in model.values]
    return scored.rows.select([*names, _KNOWN, _FORM])


def _said(model: ScreeningModel, texts: Sequence[str], *, workers: int, on_step: OnStep) -> Said:
    found = predict_compounds(model, texts, told_of_training, workers=workers, on_step=on_step)

    def spread(name: str, missing: float | bool) -> NDArray[np.generic]:
        column = np.asarray(found.known[name].to_numpy())
        whole = np.full(len(texts), missing, dtype=column.dtype)
        whole[found.places] = column
        return whole

    def by_task(what: str) -> NDArray[np.float64]:
        columns = [spread(named(what, task, model.tasks), np.nan) for task in model.tasks]
        return np.column_stack(columns).astype(np.float64)

    def told(task: str) -> Told | None:
        if task not in model.values:
            return None
        values = spread(named(_VALUE, task, model.tasks), np.nan).astype(np.float64)
        return Told(model.values[task].scale, values)

    flags = [spread(name, False).astype(np.bool_) for name in (_KNOWN, _FORM)]
    return Said(by_task("log_odds"), by_task("score"), list(map(told, model.tasks)), *flags)


_STATES = (
    "in the training set of both",
    f"in the training set of {FIRST}",
    f"in the training set of {SECOND}",
    "trained on in another stereo or isotopic form",
    "not readable by both models",
)


def _states(first: Said, second: Said) -> NDArray[np.object_]:
    """Return why each compound is left out; empty where it is not."""
    reasons = (
        first.known & second.known,
        first.known,
        second.known,
        # Most features do not see stereo: to such a model it is the same compound.
        first.other_form | second.other_form,
        ~(first.read & second.read),
    )
    found = np.full(len(first.known), "", dtype=object)
    for holds, words in reversed(list(zip(reasons, _STATES, strict=True))):
        found[holds] = words
    return found


def _left_out(state: NDArray[np.object_]) -> str:
    counts = [(int((state == words).sum()), words) for words in _STATES]
    return ", ".join(f"{count:,} {words}" for count, words in counts if count)


@dataclass(frozen=True)
class _Side:
    """What one model says of the compounds that a task is judged on."""

    place: int
    log_odds: NDArray[np.float64]
    score: NDArray[np.float64]
    base_rate: float
    threshold: float

    @classmethod
    def of(cls, said: Said, model: ScreeningModel, place: int, which: Flags) -> _Side:
        return cls(
            place,
            said.log_odds[which, place],
            said.score[which, place],
            model.calibrations[place].base_rate,
            model.thresholds[place],
        )

    def judged(self, share: float) -> Judged:
        """Return the same with probabilities for compounds of which a share is active."""
        # Probabilities of two base rates are comparable only at one: that of these compounds.
        probability = restated(self.score, self.base_rate, share)
        return Judged(self.log_odds, probability, self.score >= self.threshold)


@dataclass(frozen=True)
class _Task:
    """Compounds of one task that both models are judged on."""

    name: str
    column: int
    labels: NDArray[np.float32]
    first: _Side
    second: _Side
    values: ValuesOfBoth | str

    @classmethod
    def of(
        cls,
        task: Task,
        column: int,
        assay: Assay,
        usable: Flags,
        two: TwoModels,
        said: Sequence[Said],
    ) -> _Task:
        which = usable & ~np.isnan(assay.labels[:, column])
        first = _Side.of(said[0], two.first, task.first, which)
        second = _Side.of(said[1], two.second, task.second, which)
        told = said[0].values[task.first], said[1].values[task.second]
        values = ValuesOfBoth.of(assay, column, which, told)
        return cls(task.name, column, assay.labels[which, column], first, second, values)

    @property
    def lacking(self) -> str:
        """What keeps them from being judged; empty where nothing does."""
        if not len(self.labels):
            return "no compound with a result"
        if len(np.unique(self.labels)) == 2:
            return ""
        return f"no {'inactive' if self.labels[0] == 1 else 'active'} compound"

    def judge(self, seed: int) -> _Judged:
        active = int((self.labels == 1).sum())
        n, share = len(self.labels), active / len(self.labels)
        both = self.first.judged(share), self.second.judged(share)
        figures = {
            key: Compared(found.first, found.second, found.difference)
            for key, found in paired_bootstrap(self.labels, *both, seed=seed).items()
        }
        auc, brier = figures["roc_auc"], figures["brier"]
        where = f"on {n:,} compounds that neither has seen ({active:,} active)"
        verdict = ranking_verdict(auc[:2], auc.difference, where, min(active, n - active))
        lost, won = pairs_ranked_right(self.labels, self.first.log_odds, self.second.log_odds)
        rates = percent(self.first.base_rate), percent(self.second.base_rate)
        sentences = [
            verdict.sentence,
            (
                f"Of all pairs of an active and an inactive, {SECOND} alone ranks {percent(won)} "
                f"rightly, and {FIRST} alone {percent(lost)}."
            ),
            probability_sentence(brier[:2], brier.difference),
            (
                f"{FIRST} states probabilities for {rates[0]} active, {SECOND} for {rates[1]}; "
                f"here {percent(share)} are active. For the Brier score both are restated to that "
                "share; ranks do not depend on it. MCC is at the threshold that each model brings "
                "along."
            ),
        ]
        if isinstance(self.values, str):
            sentences += [self.values] if self.values else []
        else:
            of_values, sentence = self.values.judge(seed)
            figures |= of_values
            sentences.append(sentence)
        section = figures_section(self.name, figures, sentences)
        return _Judged(replace(verdict, task=self.name), figures, section)


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    figures: dict[str, Compared]
    section: Section


def _compounds(
    assay: Assay, tasks: Sequence[_Task], said: Sequence[Said], state: NDArray[np.object_]
) -> pd.DataFrame:
    """Return a row for each compound of the results: what both said, or why it was left out."""
    columns: dict[str, object] = {
        "id": assay.ids,
        "smiles": assay.smiles,
        "row": assay.rows,
        "left_out": state,
    }
    for task in tasks:
        labels = assay.labels[:, task.column]
        columns[f"label_{task.name}"] = labels
        for letter, one, side in zip("ab", said, (task.first, task.second), strict=True):
            columns[f"score_{letter}_{task.name}"] = one.score[:, side.place]
            if (told := one.values[side.place]) is not None:
                columns[f"value_{letter}_{task.name}"] = told.values
    return pd.DataFrame(columns)
