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
from screening.learners.registry import ALONE, FOREST, LIBRARY, UNPRETRAINED
from screening.study.folder import Result
from screening.study.plan import PlannedSplit
from screening.study.run import Entry, Study

# The figures of a study, by key, in the order of its tables.
METRICS = {
    **{key: QUALITY[key] for key in "roc_auc pr_auc mcc brier ece ef_1 ef_5 bedroc_20".split()},
    HITS_IN_TOP_100.key: HITS_IN_TOP_100,
}
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
    sums.
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
        tail = {"seconds": round(entry.result.seconds, 2)}
        rows += [{**head, "task": task, **found, **tail} for task, found in by_task.items()]
    return pd.DataFrame(rows)


def _one_task(study: Study, entry: Entry, task: int) -> dict[str, float]:
    labels = study.compounds.labels[:, task]
    return figures_on(labels, entry.split.parts, entry.result, task, study.options.prevalence)


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
    counts = ("n", "n_active")
    return {
        key: sum(row[key] for row in rows) / (1 if key in counts else len(rows)) for key in rows[0]
    }


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
    keys = ["split", "labels", "task", "model"]
    groups = table.groupby(keys, sort=False)[list(METRICS)]
    wide = groups.agg(["mean", "std"])
    wide.columns = [f"{metric}_{what}" for metric in METRICS for what in ("mean", "sd")]
    wide.insert(0, "splits", groups.size())
    return wide.reset_index()


def paired(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences on the same splits: to the forest, and of pretraining to none."""
    ratio = _test_to_train(study)
    rows = []
    for head, part in _groups(table, ["split", "labels", "task"]):
        by_model = part.set_index(["model", "number"])
        for model, against in _pairs(list(part.model.unique())):
            ours, theirs = by_model.loc[model], by_model.loc[against]
            for metric in METRICS:
                found = paired_difference(ours[metric], theirs.loc[ours.index, metric], ratio)
                between = {"model": model, "against": against, "metric": metric}
                rows.append({**head, **between, **_told(found, metric)})
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


def _told(difference: Difference, metric: str) -> dict[str, float]:
    found = asdict(difference)
    above, below = found.pop("above"), found.pop("below")
    better, worse = (below, above) if METRICS[metric].lower_is_better else (above, below)
    return {**found, "splits_better": better, "splits_worse": worse}


def gap(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return how much better each model looks at random than with whole groups held out."""
    other = grouped_kind(study)
    ratio = _test_to_train(study)
    rows = []
    for head, part in _groups(table[table.labels == "all"], ["task", "model"]):
        easy, hard = (part[part.split == kind] for kind in ("random", other))
        for metric in METRICS:
            found = unpaired_difference(easy[metric], hard[metric], ratio)
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
