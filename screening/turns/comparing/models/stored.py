"""Two models by what their files hold: options, training compounds, held-out figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from screening.evaluation.bootstrap import Judged, paired_bootstrap
from screening.evaluation.metrics import METRICS, auc_interval
from screening.model import SHIPPED, ScreeningModel
from screening.report.wording import count
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
from screening.turns.comparing.record import FIRST, SECOND, Comparison, Section, cells
from screening.turns.comparing.verdict import Verdict, ranking_verdict, together

_FAIR = "Give results that neither has seen (--results), or an assay to train both on (--assay)"


def compare_stored(two: TwoModels, *, seed: int = 0) -> Comparison:
    """Say what two model files tell of each other.

    The figures stored in each are of its own compounds, and not paired. Compounds that both learned
    from were held out once by each: on these the two are compared, one by one.

    Parameters
    ----------
    two
    seed : int
        Of the resamples.

    Raises
    ------
    UserError
        There is no task in common.
    """
    tasks, notes = shared_tasks(two)
    overlap = _Overlap(two)
    judged = [found for task in tasks if (found := overlap.judge(task, seed))]
    if judged:
        verdict = together([own for own, *_ in judged])
        sentence = f"From the two files alone: {verdict.sentence}"
        headline = verdict.headline
    else:
        headline = "Cannot tell which is better"
        sentence = (
            "From the two files alone it cannot be told which is better: no compounds of both "
            f"classes were held out by both. {_FAIR}."
        )
    notes += [
        (
            "Figures stored in a model are of its own compounds and folds, so those of two models "
            f"are not paired and may differ for that alone. {_FAIR} for a fair comparison."
        )
    ]
    tables = {
        "options": _options(two),
        "stored": _stored_table(two, tasks),
        "training": overlap.table(tasks),
    }
    if judged:
        figures = {own.task: found for own, found, _ in judged}
        tables["figures"] = figures_table(figures, "resamples")
    return Comparison(
        "Two models, by what their files hold",
        *two.names,
        headline=headline,
        verdict=sentence,
        notes=(*two.notes(), *notes),
        sections=(
            *of_tasks([section for *_, section in judged]),
            *(_stored_section(two, task) for task in tasks),
            overlap.section(tasks),
            _options_section(tables["options"]),
        ),
        tables=tables,
    )


class _Overlap:
    """The compounds that both models learned from, by structure."""

    def __init__(self, two: TwoModels) -> None:
        self.two = two
        ours, theirs = (model.training.keys for _, model in two.both)
        self.shared, self.first, self.second = np.intersect1d(ours, theirs, return_indices=True)

    def labels(self, task: Task) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the labels that each learned of the shared compounds."""
        return (
            self.two.first.training.labels[self.first, task.first],
            self.two.second.training.labels[self.second, task.second],
        )

    def judge(self, task: Task, seed: int) -> tuple[Verdict, dict[str, Compared], Section] | None:
        """Compare what both said of compounds while they were held out; None where none can be."""
        ours, theirs = self.labels(task)
        said = [
            model.training.held_out.get(SHIPPED, np.full(model.training.labels.shape, np.nan))[
                places, place
            ]
            for model, places, place in (
                (self.two.first, self.first, task.first),
                (self.two.second, self.second, task.second),
            )
        ]
        usable = (ours == theirs) & ~np.isnan(said[0]) & ~np.isnan(said[1])
        labels = ours[usable]
        if len(np.unique(labels)) < 2:
            return None
        models = zip(said, (self.two.first, self.two.second), task[1:], strict=True)
        both = [
            Judged(_log_odds(one[usable]), one[usable], one[usable] >= model.thresholds[place])
            for one, model, place in models
        ]
        figures = {
            key: Compared(found.first, found.second, found.difference)
            for key, found in paired_bootstrap(labels, *both, seed=seed).items()
        }
        active = int((labels == 1).sum())
        where = (
            f"on the {len(labels):,} compounds that both learned from ({active:,} active), each "
            "held out by its own cross-validation"
        )
        auc = figures["roc_auc"]
        verdict = ranking_verdict(auc[:2], auc.difference, where, min(active, len(labels) - active))
        sentences = (
            verdict.sentence,
            (
                "Each compound was held out by both, but what they learned from meanwhile differs "
                "where their training sets or folds do; thresholds were chosen on these compounds."
            ),
        )
        title = f"{task.name}, on the compounds that both held out"
        section = figures_section(title, figures, sentences)
        return replace(verdict, task=task.name), figures, section

    def section(self, tasks: Sequence[Task]) -> Section:
        """Say how far both learned from the same compounds."""
        sizes = [len(model.training) for _, model in self.two.both]
        n = len(self.shared)
        found = [
            (
                f"{FIRST} learned from {sizes[0]:,} compounds and {SECOND} from {sizes[1]:,}; "
                f"{n:,} structures are in both, {sizes[0] - n:,} in {FIRST} alone and "
                f"{sizes[1] - n:,} in {SECOND} alone."
            )
        ]
        levels = [model.options.standardize for _, model in self.two.both]
        if levels[0] != levels[1]:
            found.append(
                f"{FIRST} standardises structures by {levels[0]!r} and {SECOND} by {levels[1]!r}, "
                "so some compounds of both may count as two."
            )
        for task in tasks:
            ours, theirs = self.labels(task)
            differ = int((np.abs(ours - theirs) == 1).sum())
            rates = [
                percent(model.calibrations[place].base_rate)
                for (_, model), place in zip(self.two.both, task[1:], strict=True)
            ]
            found.append(
                f"{task.name}: {rates[0]} active in {FIRST}, {rates[1]} in {SECOND}; "
                f"{_contradictions(differ)}."
            )
        return Section("What they learned from", tuple(found))

    def table(self, tasks: Sequence[Task]) -> pd.DataFrame:
        """Return a row for each training compound of either."""
        ours, theirs = (self._frame(letter, tasks) for letter in "ab")
        both = ours.merge(theirs, on="structure_key", how="outer", suffixes=("", "_of_b"))
        both["smiles"] = both["smiles"].fillna(both.pop("smiles_of_b"))
        return both.sort_values("structure_key", ignore_index=True)

    def _frame(self, letter: str, tasks: Sequence[Task]) -> pd.DataFrame:
        model = self.two.first if letter == "a" else self.two.second
        training = model.training
        columns: dict[str, Any] = {
            "structure_key": training.keys,
            "smiles": training.smiles,
            f"id_{letter}": training.ids,
        }
        for task in tasks:
            place = task.first if letter == "a" else task.second
            columns[f"label_{letter}_{task.name}"] = training.labels[:, place]
            if SHIPPED in training.held_out:
                held_out = training.held_out[SHIPPED][:, place]
                columns[f"held_out_{letter}_{task.name}"] = held_out
        return pd.DataFrame(columns)


def _contradictions(differing: int) -> str:
    if not differing:
        return "no label of the shared compounds differs"
    return f"the labels contradict each other for {count(differing, 'shared compound')}"


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logit(np.clip(probability, 1e-12, 1 - 1e-12)))


def _stored(two: TwoModels, task: Task) -> Iterator[tuple[str, ScreeningModel, dict[str, Any]]]:
    """Yield letter, model and stored figures of each model that has any."""
    for letter, model, place in (
        (FIRST, two.first, task.first),
        (SECOND, two.second, task.second),
    ):
        figures = model.quality.get("tasks", {}).get(model.tasks[place], {}).get(SHIPPED)
        if figures:
            yield letter, model, figures


def _stored_section(two: TwoModels, task: Task) -> Section:
    rows, protocols = [], []
    for letter, model, figures in _stored(two, task):
        active = int(figures["n_active"])
        ends = auc_interval(figures["roc_auc"], active, int(figures["n"]) - active)
        texts = [METRICS[key].text(figures[key]) for key in METRICS if key in figures]
        texts[0] += f" ({ends[0]:.3f} to {ends[1]:.3f})"
        rows.append(cells(letter, int(figures["n"]), active, *texts))
        protocols.append(f"{letter}: {model.quality['protocol']}.")
    if not rows:
        return Section(f"{task.name}, as stored in each", ("Neither has held-out figures.",))
    titles = (METRICS[key].title for key in METRICS)
    head = ("model", "compounds", "active", *titles)
    note = "Not paired: each of its own compounds; ROC-AUC with its 95 % interval."
    return Section(f"{task.name}, as stored in each", (note, *protocols), head, tuple(rows))


def _stored_table(two: TwoModels, tasks: Sequence[Task]) -> pd.DataFrame:
    rows = [
        {"model": letter, "task": task.name, **figures}
        for task in tasks
        for letter, _, figures in _stored(two, task)
    ]
    return pd.DataFrame(rows, columns=None if rows else ["model", "task"])


def _options(two: TwoModels) -> pd.DataFrame:
    """Return every option of both, and whether it differs."""
    ours, theirs = (_flat(model) for _, model in two.both)
    names = list(dict.fromkeys([*ours, *theirs]))
    rows = [(name, ours.get(name, ""), theirs.get(name, "")) for name in names]
    table = pd.DataFrame(rows, columns=["option", "a", "b"])
    return table.assign(differs=table.a != table.b)


def _flat(model: ScreeningModel) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in model.options.to_dict().items():
        if isinstance(value, dict):
            found |= {f"{name}.{key}": str(item) for key, item in value.items()}
        else:
            words = isinstance(value, list | tuple)
            found[name] = ", ".join(map(str, value)) if words else str(value)
    stack = model.provenance.get("pretrained")
    found["pretrained stack"] = str(stack.get("sha256", "") or "not kept")[:12] if stack else "none"
    found["tuned"] = "yes" if model.provenance.get("tuning") else "no"
    versions = model.provenance.get("versions", {})
    return found | {f"version of {name}": str(version) for name, version in versions.items()}


def _options_section(options: pd.DataFrame) -> Section:
    differing = options[options.differs]
    if not len(differing):
        return Section("Options", ("They were trained with the same options and versions.",))
    rows = tuple(cells(*row) for row in differing[["option", "a", "b"]].itertuples(index=False))
    same = f"{len(options) - len(differing)} other options and versions are the same."
    return Section("Options that differ", (same,), ("option", FIRST, SECOND), rows)
