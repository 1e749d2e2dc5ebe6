"""The printed outcome of a study: means, differences to the forest, what to be careful about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from screening.evaluation import RISK
from screening.evaluation.values import METRICS as OF_VALUES
from screening.evaluation.wording import text_row
from screening.learners import MODELS
from screening.learners.registry import DBN, FOREST, UNPRETRAINED
from screening.study.tables import ALL_METRICS, METRICS, grouped_kind, judged, overall_task
from screening.study.values import unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from screening.evaluation.metrics import Metric
    from screening.study.run import Study
    from screening.study.write import Outcome

COMPARED = ("roc_auc", "pr_auc", "bedroc_20", "brier", "ece", *OF_VALUES)
# Fewer splits than this leave the intervals so wide that they seldom decide anything.
FEW = 5
# A gap of ROC-AUC that changes what one would buy by.
LARGE_GAP = 0.05
_NAMES = 24


def outcome_text(study: Study, outcome: Outcome) -> str:
    """Return everything that is printed on stdout."""
    task = overall_task(study)
    blocks = [_head(study), _figures(study, outcome, task, METRICS)]
    if study.measured:
        blocks.append(_values(study, outcome, task))
    blocks.append(_differences(study, outcome, task))
    if len(study.compounds.assay.tasks) > 1:
        blocks.append(_by_task(study, outcome))
    if outcome.gap is not None:
        blocks.append(_gap(study, outcome.gap, task))
    if study.options.label_counts:
        blocks.append(_curve(study, outcome, task))
    return "\n\n".join(block for block in blocks if block)


def outcome_warnings(study: Study, outcome: Outcome) -> list[str]:
    """Return sentences about what a user should not overlook."""
    task = overall_task(study)
    found = []
    if study.options.splits < FEW:
        found.append(
            f"only {_splits(study)}: figures of so few may be off by 0.1 or more; "
            "more can be added to the same folder with --splits."
        )
    pairs = outcome.paired
    if not pairs.empty:
        rows = judged(study, pairs, task)
        rows = rows[(rows.model == DBN) & (rows.against == FOREST)]
        found += [
            f"the random forest ranks these compounds better ({-row['mean']:.3f} ROC-AUC, "
            f"interval [{-row['high']:.3f}, {-row['low']:.3f}])."
            for _, row in rows[rows.metric == "roc_auc"].iterrows()
            if row["high"] < 0
        ]
        found += [
            f"the random forest predicts these values better (RMSE lower by {row['mean']:.3f}, "
            f"interval [{row['low']:.3f}, {row['high']:.3f}])."
            for _, row in rows[rows.metric == "rmse"].iterrows()
            if row["low"] > 0
        ]
    if outcome.gap is not None:
        rows = outcome.gap[(outcome.gap.task == task) & (outcome.gap.metric == "roc_auc")]
        found += [
            f"{_title(row['model'])}: a random split flatters by {row['difference']:.3f} ROC-AUC; "
            "expect the lower figure on new chemistry."
            for _, row in rows.iterrows()
            if row["difference"] > LARGE_GAP
        ]
    return found


def _head(study: Study) -> str:
    options, labels = study.options, study.compounds.labels
    redraws = sum(s.redraws for s in study.splits if s.kind == options.kind)
    tasks = study.compounds.assay.tasks
    about = tasks[0] if len(tasks) == 1 else f"{len(tasks)} tasks, mean"
    return (
        f"{about}: {len(labels)} compounds, {int((labels == 1).sum())} active labels; "
        f"{_splits(study)} into training, validation and test part, "
        f"{redraws} redrawn for want of a class; "
        f"hits/100: in the first 100 of 10,000 of which {options.prevalence:.2%} are active.\n"
        "Mean and, below it, standard deviation over the splits; MCC at the threshold that is best "
        "on the validation part."
    )


def _splits(study: Study) -> str:
    options = study.options
    return f"{options.splits} {options.kind} split{'' if options.splits == 1 else 's'}"


def _figures(study: Study, outcome: Outcome, task: str, metrics: Mapping[str, Metric]) -> str:
    """Return the means of the models that have such figures."""
    rows = judged(study, outcome.summary, task).set_index("model").to_dict("index")
    lines = [_row("", (metric.title for metric in metrics.values()))]
    for model in study.options.models:
        row = rows[model]
        if all(math.isnan(row[f"{key}_mean"]) for key in metrics):
            continue
        lines.append(_row(_title(model), _cells(row, metrics, "mean")))
        if study.options.splits > 1:
            lines.append(_row("", _cells(row, metrics, "sd")))
    return "\n".join(lines)


def _cells(row: Mapping[Any, Any], metrics: Mapping[str, Metric], what: str) -> Iterator[str]:
    for key, metric in metrics.items():
        value = row[f"{key}_{what}"]
        yield "" if math.isnan(value) else metric.text(value)


def _values(study: Study, outcome: Outcome, task: str) -> str:
    """Return how close predicted values come to measured ones."""
    unit = unit_of(study.measured)
    if not unit:
        return "Predicted values: the tasks have several units; see summary.csv."
    head = (
        f"Predicted values of the test parts, in {unit}; coverage is the share within intervals at "
        f"a risk of {RISK:g}, and reach how far these go to either side:"
    )
    return "\n".join([head, _figures(study, outcome, task, OF_VALUES)])


def _differences(study: Study, outcome: Outcome, task: str) -> str:
    if outcome.paired.empty:
        return ""
    rows = judged(study, outcome.paired, task)
    lines = ["Differences on the same splits, 95 % intervals that know the splits overlap:"]
    for model, against in dict.fromkeys(zip(rows.model, rows.against, strict=True)):
        part = rows[(rows.model == model) & (rows.against == against)]
        lines.append(f"{_title(model)} less {_title(against)}")
        for _, row in part[part.metric.isin(COMPARED)].iterrows():
            lines.append(f"  {ALL_METRICS[row['metric']].title:9}{_interval(row)}{_wins(row)}")
    return "\n".join(lines)


def _interval(row: pd.Series[float]) -> str:
    return f"{row['mean']:+.3f}{_ends(row) or '  (one split: no interval)'}"


def _ends(row: pd.Series[float]) -> str:
    return "" if row["low"] != row["low"] else f"  [{row['low']:+.3f}, {row['high']:+.3f}]"


def _wins(row: pd.Series[float]) -> str:
    return f"  better on {int(row['splits_better'])}, worse on {int(row['splits_worse'])}"


def _by_task(study: Study, outcome: Outcome) -> str:
    titles = [_title(model) for model in study.options.models]
    lines = ["ROC-AUC of every task:"]
    lines += [f"  {i}: {title}" for i, title in enumerate(titles, start=1)]
    lines.append(_row("", (str(i) for i in range(1, len(titles) + 1))))
    for task in study.compounds.assay.tasks:
        means = judged(study, outcome.summary, task).set_index("model")["roc_auc_mean"]
        cells = (f"{means[model]:.3f}" for model in study.options.models)
        lines.append(_row(task[: _NAMES - 1], cells))
    return "\n".join(lines)


def _gap(study: Study, gap: pd.DataFrame, task: str) -> str:
    other = grouped_kind(study)
    rows = gap[(gap.task == task) & (gap.metric == "roc_auc")]
    lines = [f"ROC-AUC, random split less {other} split:"]
    lines += [
        f"{_title(row['model']):{_NAMES}}{row['random']:.3f} - {row[other]:.3f} = "
        f"{row['difference']:+.3f}" + _ends(row)
        for _, row in rows.iterrows()
    ]
    return "\n".join(lines)


def _curve(study: Study, outcome: Outcome, task: str) -> str:
    table = outcome.summary
    rows = table[(table.split == study.options.kind) & (table.task == task)]
    few = rows[rows.labels != "all"]
    counts, followed = [*few.labels.unique(), "all"], few.model.unique()
    lines = ["ROC-AUC by number of labelled compounds:"]
    lines.append(_row("", counts))
    for model in followed:
        means = rows[rows.model == model].set_index("labels")["roc_auc_mean"]
        lines.append(_row(_title(model), (f"{means[count]:.3f}" for count in counts)))
    pairs = outcome.paired
    if not pairs.empty and UNPRETRAINED in followed:
        gains = pairs[(pairs.split == study.options.kind) & (pairs.task == task)]
        gains = gains[(gains.against == UNPRETRAINED) & (gains.metric == "roc_auc")]
        for count in counts:
            row = gains[gains.labels == count].iloc[0]
            lines.append(f"{f'gain of pretraining, {count}':{_NAMES + 4}}{_interval(row)}")
    return "\n".join(lines)


def _row(head: str, cells: Iterable[str]) -> str:
    return text_row(head, cells, room=_NAMES)


def _title(model: str) -> str:
    return MODELS[model].title
