"""The tables of a study: a row for each split and model, summaries, paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from screening.assay import Assay
from screening.evaluation import (
    Difference,
    Parts,
    assess,
    best_threshold,
    hits_at_prevalence,
    paired_difference,
    unpaired_difference,
)
from screening.evaluation.metrics import HITS_IN_TOP_100
from screening.evaluation.metrics import METRICS as QUALITY
from screening.evaluation.values import METRICS as OF_VALUES
from screening.learners.registry import ALONE, FOREST, LIBRARY, UNPRETRAINED
from screening.study.folder import Result
from screening.study.plan import PlannedSplit
from screening.study.run import Entry, Study
from screening.study.values import unit_of, value_figures

# The figures of a study, by key, in the order of its tables.
METRICS = {
    **{key: QUALITY[key] for key in "roc_auc pr_auc mcc brier ece ef_1 ef_5 bedroc_20".split()},
    HITS_IN_TOP_100.key: HITS_IN_TOP_100,
}
ALL_METRICS = {**METRICS, **OF_VALUES}
MEAN = "(mean of the tasks)"
# Against what the differences are taken, and of which models; None is all others.
_PAIRS: tuple[tuple[str, str | None], ...] = (
    (FOREST, None),
    (UNPRETRAINED, ALONE),
    (UNPRETRAINED, LIBRARY),
)


def figures(study: Study) -> pd.DataFrame:
    """Return one row for each split, model, number of labels and task.

    With several tasks a further row, of the task `MEAN`, has the means over them; counts in it are
    sums. Where tasks have measured values there are also the figures of these; their means are over
    tasks with values, and left out where these have several units.
    """
    tasks = study.compounds.assay.tasks
    rows: list[dict[str, Any]] = []
    for entry in study.entries:
        head = {
            "split": entry.split.kind,
            "number": entry.split.number,
            "model": entry.model,
            "labels": "all" if entry.labels is None else str(entry.labels),
        }
        by_task = {name: _one_task(study, entry, i) for i, name in enumerate(tasks)}
        if len(tasks) > 1:
            by_task[MEAN] = _mean_of(list(by_task.values()))
            if study.measured and not unit_of(study.measured):
                by_task[MEAN] |= dict.fromkeys(OF_VALUES, float("nan"))
        tail = {"seconds": round(entry.result.seconds, 2)}
        rows += [{**head, "task": task, **found, **tail} for task, found in by_task.items()]
    return pd.DataFrame(rows)


def _one_task(study: Study, entry: Entry, task: int) -> dict[str, float]:
    labels, parts = study.compounds.labels[:, task], entry.split.parts
    found = figures_on(labels, parts, entry.result, task, study.options.prevalence)
    if study.measured:
        found |= value_figures(study.measured.get(task), parts.test, entry.result, task)
    return found


def figures_on(
    labels: NDArray[np.float32], parts: Parts, result: Result, task: int, prevalence: float
) -> dict[str, float]:
    """Return the figures of one result on its test part, with the threshold of its validation part.

    Parameters
    ----------
    labels : array of shape (n,)
        Of the task, for all compounds; NaN where missing.
    parts, result
    task : int
        Its place among those of the result.
    prevalence : float in (0, 1)
        See `hits_at_prevalence`.
    """
    in_valid, in_test = labels[parts.valid], labels[parts.test]
    known_valid, known = ~np.isnan(in_valid), ~np.isnan(in_test)
    threshold = best_threshold(in_valid[known_valid], result.valid[known_valid, task])
    truth, scores = in_test[known], result.test[known, task]
    hits = hits_at_prevalence(truth, scores, prevalence)
    return {
        **assess(truth, scores, threshold).to_dict(),
        "hits_in_top_100": hits,
        "threshold": threshold,
    }


def _mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    counts = ("n", "n_active", "n_values")
    table = pd.DataFrame(rows)
    found = table.mean()
    for key in counts:
        if key in table:
            found[key] = table[key].sum()
    return dict(found)


def overall_task(study: Study) -> str:
    """Return the task whose rows speak for the whole study."""
    tasks = study.compounds.assay.tasks
    return tasks[0] if len(tasks) == 1 else MEAN


def judged(study: Study, table: pd.DataFrame, task: str) -> pd.DataFrame:
    """Return the rows of a task that are judged by first: its kind of split, all labels."""
    return table[
        (table.split == study.options.kind) & (table.labels == "all") & (table.task == task)
    ]


def grouped_kind(study: Study) -> str:
    """Return the kind of split that random splits are compared with."""
    return next(kind for kind in study.options.kinds if kind != "random")


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over the splits, by kind of split, labels, task, model."""
    keys, own = ["split", "labels", "task", "model"], metrics_in(table)
    groups = table.groupby(keys, sort=False)[own]
    wide = groups.agg(["mean", "std"])
    wide.columns = [f"{metric}_{what}" for metric in own for what in ("mean", "sd")]
    wide.insert(0, "splits", groups.size())
    return wide.reset_index()


def metrics_in(table: pd.DataFrame) -> list[str]:
    """Return the keys of the figures that a table has: those of values only where there are any."""
    return [key for key in ALL_METRICS if key in table]


def paired(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences on the same splits: to the forest, and of pretraining to none."""
    ratio = _test_to_train(study)
    rows = []
    for head, part in _groups(table, ["split", "labels", "task"]):
        by_model = part.set_index(["model", "number"])
        for model, against in _pairs(list(part.model.unique())):
            for metric in metrics_in(table):
                both = pd.DataFrame(
                    {own: by_model.loc[own][metric] for own in (model, against)}
                ).dropna()
                if both.empty:
                    continue
                ours, theirs = both[model], both[against]
                found = paired_difference(ours, theirs, ratio)
                between = {"model": model, "against": against, "metric": metric}
                rows.append({**head, **between, **_told(found, metric, ours, theirs)})
    return pd.DataFrame(rows)


def _groups(table: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield each group of rows after what its rows have in common."""
    for values, part in table.groupby(keys, sort=False):
        yield dict(zip(keys, cast("tuple[str, ...]", values), strict=True)), part


def _pairs(models: list[str]) -> Iterator[tuple[str, str]]:
    for against, only in _PAIRS:
        if against in models:
            for model in models:
                if model != against and only in (None, model):
                    yield model, against


def _told(
    difference: Difference, metric: str, ours: pd.Series[float], theirs: pd.Series[float]
) -> dict[str, float]:
    found = {k: v for k, v in asdict(difference).items() if k not in ("above", "below")}
    gain = ALL_METRICS[metric].merit(ours) - ALL_METRICS[metric].merit(theirs)
    return {
        **found,
        "splits_better": int((gain > 0).sum()),
        "splits_worse": int((gain < 0).sum()),
    }


def gap(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return how much better each model looks at random than with whole groups held out."""
    other = grouped_kind(study)
    ratio = _test_to_train(study)
    rows = []
    for head, part in _groups(table[table.labels == "all"], ["task", "model"]):
        easy, hard = (part[part.split == kind] for kind in ("random", other))
        for metric in metrics_in(table):
            sides = easy[metric].dropna(), hard[metric].dropna()
            if not all(map(len, sides)):
                continue
            found = unpaired_difference(*sides, ratio)
            rows.append(
                {
                    **head,
                    "metric": metric,
                    "random": easy[metric].mean(),
                    other: hard[metric].mean(),
                    "difference": found.mean,
                    "low": found.low,
                    "high": found.high,
                }
            )
    return pd.DataFrame(rows)


def splits_table(study: Study) -> pd.DataFrame:
    """Return sizes, actives and redraws of every split, one row for each task."""
    rows = []
    for split in study.splits:
        for task, labels in zip(study.compounds.assay.tasks, study.compounds.labels.T, strict=True):
            row: dict[str, Any] = {"split": split.kind, "number": split.number, "task": task}
            row["redraws"] = split.redraws
            for name, part in split.parts.named().items():
                row[name] = len(part)
                row[f"{name}_labelled"] = int((~np.isnan(labels[part])).sum())
                row[f"{name}_active"] = int((labels[part] == 1).sum())
            rows.append(row)
    return pd.DataFrame(rows)


def membership(assay: Assay, splits: Sequence[PlannedSplit]) -> pd.DataFrame:
    """Return the part of every compound in every split: for other programs to use the same."""
    columns: dict[str, Any] = {"row": assay.rows, "id": assay.ids, "smiles": assay.smiles}
    for split in splits:
        where = np.full(len(assay), "", dtype=object)
        for name, part in split.parts.named().items():
            where[part] = name
        columns[split.name] = where
    return pd.DataFrame(columns)


def _test_to_train(study: Study) -> float:
    main = [s.parts for s in study.splits if s.kind == study.options.kind]
    test, train = (sum(len(parts.named()[name]) for parts in main) for name in ("test", "train"))
    return test / train
