"""The figures of a study: PNG for a slide or a paper, SVG that takes dark and light for a page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from screening.evaluation.metrics import reliability
from screening.learners import MODELS
from screening.learners.registry import FOREST
from screening.study.run import Study
from screening.study.tables import ALL_METRICS, METRICS, grouped_kind, judged, overall_task
from screening.tables import write_atomically

# Readable by eyes that see red and green alike: Okabe and Ito.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"),
    *("#56B4E9", "#010101", "#999999", "#8C564B", "#7A5195"),
)
# Black on paper; in SVG, the ink of whoever looks.
INK = "#010101"
_SETTINGS: Any = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "axes.edgecolor": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "ebmscreen",
}
_STYLE = "<style>svg{color:#1b1f24}@media(prefers-color-scheme:dark){svg{color:#e4e7eb}}</style>"
_DPI = 150


def colour(model: str) -> str:
    """Return the colour that a model has in every figure."""
    return COLOURS[list(MODELS).index(model)]


def draw_figures(
    study: Study, table: pd.DataFrame, pairs: pd.DataFrame, folder: Path
) -> list[Path]:
    """Draw what the study holds and return the files; beside each PNG there is an SVG."""
    task = overall_task(study)
    main = judged(study, table, task)
    drawn = [save(folder / "comparison.png", 2, lambda axes: _comparison(axes, main))]
    drawn.append(save(folder / "calibration.png", 1, lambda axes: _calibration(axes[0], study)))
    if len(pairs) and FOREST in set(pairs.against):
        beside = judged(study, pairs, task)
        beside = beside[beside.against == FOREST]
        drawn.append(save(folder / "differences.png", 2, lambda axes: _differences(axes, beside)))
    if study.measured and main["rmse"].notna().any():
        versus = _errors_beside_the_forest(judged(study, pairs, task)) if len(pairs) else pairs
        panels = 2 if len(versus) else 1
        drawn.append(save(folder / "values.png", panels, lambda axes: _values(axes, main, versus)))
    if study.options.gap:
        both = table[(table.labels == "all") & (table.task == task)]
        drawn.append(save(folder / "gap.png", 1, lambda axes: _gap(axes[0], both, study)))
    if study.options.label_counts:
        curve = table[(table.split == study.options.kind) & (table.task == task)]
        drawn.append(save(folder / "label_curve.png", 2, lambda axes: _curve(axes, curve, study)))
    return drawn


def save(path: Path, panels: int, draw: Callable[[Sequence[Axes]], None]) -> Path:
    """Draw panels side by side into a PNG, and into an SVG beside it; return the PNG's path."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(5.2 * panels, 4.0), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
        draw(axes)
        for one in axes:
            one.spines[["top", "right"]].set_visible(False)
        with write_atomically(path) as temporary, temporary.open("wb") as file:
            FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})
        with write_atomically(path.with_suffix(".svg")) as temporary:
            temporary.write_text(_svg(figure, axes), encoding="utf-8", newline="\n")
    return path


def _svg(figure: Figure, axes: Sequence[Axes]) -> str:
    for background in (figure.patch, *(one.patch for one in axes)):
        background.set_alpha(0)
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = re.sub(r"<metadata>.*?</metadata>", "", buffer.getvalue(), flags=re.DOTALL)
    text = re.sub(r"(<svg [^>]*>)", rf"\1{_STYLE}", text, count=1)
    return text.replace(INK, "currentColor")


def _comparison(axes: Sequence[Axes], table: pd.DataFrame) -> None:
    """One dot for each split, a bar at the mean."""
    for one, metric in zip(axes, ("roc_auc", "pr_auc"), strict=True):
        _dots(one, table, metric)


def _dots(axes: Axes, table: pd.DataFrame, metric: str) -> None:
    models = list(dict.fromkeys(table.model))
    for place, model in enumerate(models):
        values = table[table.model == model][metric].to_numpy()
        # Spread by order, not by chance, so that the figure repeats itself.
        aside = (np.arange(len(values)) % 7 - 3) / 25
        axes.plot(place + aside, values, ".", color=colour(model), alpha=0.5)
        axes.hlines(values.mean(), place - 0.3, place + 0.3, color=colour(model), lw=2.5)
    _name_models(axes, models)
    axes.set_ylabel(f"{ALL_METRICS[metric].name} of the test part")
    axes.grid(axis="y", alpha=0.3)


def _values(axes: Sequence[Axes], table: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Errors of predicted values, split by split, and less the forest's where that is there."""
    _dots(axes[0], table[table["rmse"].notna()], "rmse")
    for one in axes[1:]:
        _intervals(one, pairs, "rmse")


def _errors_beside_the_forest(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs[(pairs.against == FOREST) & (pairs.metric == "rmse")]


def _name_models(axes: Axes, models: Sequence[str]) -> None:
    axes.set_xticks(range(len(models)), [MODELS[m].title for m in models], rotation=40, ha="right")


def _differences(axes: Sequence[Axes], pairs: pd.DataFrame) -> None:
    """Mean difference to the forest with its interval."""
    for one, metric in zip(axes, ("roc_auc", "brier"), strict=True):
        _intervals(one, pairs, metric)


def _intervals(axes: Axes, pairs: pd.DataFrame, metric: str) -> None:
    rows = pairs[pairs.metric == metric].set_index("model")
    models = list(rows.index)
    for place, model in enumerate(reversed(models)):
        row = rows.loc[model]
        axes.plot(row["mean"], place, "o", color=colour(model))
        axes.hlines(place, row["low"], row["high"], color=colour(model), lw=2)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(range(len(models)), [MODELS[m].title for m in reversed(models)])
    side = "left is better" if ALL_METRICS[metric].lower_is_better else "right is better"
    axes.set_xlabel(f"{ALL_METRICS[metric].name} less the forest’s\n({side})")
    axes.locator_params(axis="x", nbins=6)
    axes.grid(axis="x", alpha=0.3)


def _gap(axes: Axes, table: pd.DataFrame, study: Study) -> None:
    models = list(dict.fromkeys(table.model))
    for place, model in enumerate(models):
        rows = table[table.model == model]
        means = [rows[rows.split == kind]["roc_auc"].mean() for kind in study.options.kinds]
        axes.plot([place, place], means, color=colour(model), lw=2)
        for kind, mean in zip(study.options.kinds, means, strict=True):
            marker = "o" if kind == "random" else "s"
            axes.plot(place, mean, marker, color=colour(model))
    _name_models(axes, models)
    axes.set_ylabel("mean ROC-AUC of the test parts")
    axes.set_title(f"circle: random split, square: {grouped_kind(study)} split", fontsize=10)
    axes.grid(axis="y", alpha=0.3)


def _curve(axes: Sequence[Axes], table: pd.DataFrame, study: Study) -> None:
    """Mean and standard deviation along the number of labelled compounds."""
    main = [s.parts for s in study.splits if s.kind == study.options.kind]
    every = round(float(np.mean([len(parts.train) for parts in main])))
    followed = set(table[table.labels != "all"].model)
    rows = table[table.model.isin(followed)].assign(
        count=lambda t: [every if x == "all" else int(x) for x in t.labels]
    )
    for one, metric in zip(axes, ("roc_auc", "pr_auc"), strict=True):
        for model in dict.fromkeys(rows.model):
            groups = rows[rows.model == model].groupby("count")[metric]
            mean, spread = groups.mean(), groups.std().fillna(0.0)
            one.plot(mean.index, mean, "o-", color=colour(model), label=MODELS[model].title)
            one.fill_between(
                mean.index, mean - spread, mean + spread, color=colour(model), alpha=0.15, lw=0
            )
        one.set_xscale("log")
        counts = sorted(set(rows["count"]))
        one.set_xticks(counts, [str(count) for count in counts])
        one.set_xticks([], minor=True)
        one.set_xlabel("labelled compounds learned from")
        one.set_ylabel(f"{METRICS[metric].name} of the test part")
        one.grid(alpha=0.3)
        one.legend(frameon=False, fontsize=9)


def _calibration(axes: Axes, study: Study) -> None:
    """Frequency against probability, all test parts of the judged kind put together."""
    for model in study.options.models:
        _, predicted, found = reliability(*_pooled(study, model))
        axes.plot(predicted, found, "o-", ms=3, color=colour(model), label=MODELS[model].title)
    axes.plot([0, 1], [0, 1], color=INK, lw=0.8)
    axes.set_xlabel("probability of being active")
    axes.set_ylabel("share that is active")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)


def _pooled(study: Study, model: str) -> tuple[np.ndarray, np.ndarray]:
    truth, scores = [], []
    for entry in study.entries:
        if entry.model == model and entry.labels is None and entry.split.kind == study.options.kind:
            labels = study.compounds.labels[entry.split.parts.test]
            known = ~np.isnan(labels)
            truth.append(labels[known])
            scores.append(entry.result.test[known])
    return np.concatenate(truth), np.concatenate(scores)
