"""The report's figures: how good the model is, how scores lie, where the domain ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from screening.evaluation.curves import precision_recall_curve, roc_curve
from screening.evaluation.metrics import auc_interval, reliability
from screening.model import ScreeningModel
from screening.report.panels.plots import (
    DASHES,
    FAINT,
    INK,
    SERIES,
    Plot,
    plot_axes,
    plot_of,
    scatter,
)
from screening.report.run_folder import HISTOGRAM_BINS, LibraryCounts

Values = NDArray[np.float64]
_POINTS = 200


def held_out(model: ScreeningModel, task: int) -> tuple[NDArray[np.int64], dict[str, Values]]:
    """Return labels and each model's held-out scores of the compounds that all models scored."""
    labels = model.training.labels[:, task]
    scores = {name: values[:, task] for name, values in model.training.held_out.items()}
    usable = ~np.isnan(labels)
    for values in scores.values():
        usable &= ~np.isnan(values)
    kept = {name: values[usable] for name, values in scores.items()}
    return labels[usable].astype(np.int64), kept


def quality_plots(model: ScreeningModel, task: int) -> list[Plot]:
    """Return ROC, precision-recall, enrichment and calibration of the held-out predictions."""
    labels, scores = held_out(model, task)
    if len(np.unique(labels)) < 2:
        return []
    return [
        roc_plot("cv-roc", {n: roc_curve(labels, s) for n, s in scores.items()}),
        _precision_recall(labels, scores),
        enrichment_plot("cv-enrichment", {n: enrichment(labels, s) for n, s in scores.items()}),
        _calibration(labels, scores),
    ]


def enrichment(labels: NDArray[Any], scores: Values) -> tuple[Values, Values]:
    """Return the share tested and the share of actives found, best scores first."""
    order = np.argsort(-scores, kind="stable")
    found = np.concatenate([[0], np.cumsum(labels[order])]) / labels.sum()
    return np.arange(len(labels) + 1) / len(labels), found


def auc_bars(figures: Mapping[str, Mapping[str, float]]) -> Plot:
    """Return ROC-AUC as one bar a model, with its 95 % interval; bars begin at chance."""
    with plot_axes(width=5.2, height=0.55 + 0.34 * len(figures)) as axes:
        said = []
        for place, (name, values) in enumerate(figures.items()):
            auc, actives = values["roc_auc"], int(values["n_active"])
            low, high = auc_interval(auc, actives, int(values["n"]) - actives)
            colour = SERIES[min(place, 1)]
            axes.barh(-place, auc - 0.5, left=0.5, height=0.62, color=colour, alpha=0.55)
            axes.plot([low, high], [-place, -place], color=INK, linewidth=1.2)
            axes.text(high + 0.008, -place, f"{auc:.2f}", va="center")
            said.append(f"{name} {auc:.2f} ({low:.2f} to {high:.2f})")
        axes.set_yticks([-place for place in range(len(figures))], list(figures))
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(min(0.5, axes.get_xlim()[0]), 1.04)
        axes.set_xlabel("ROC-AUC of held-out compounds; 0.5 is chance")
        summary = f"{'; '.join(said)}."
        caption = "Lines: 95 % intervals (Hanley and McNeil)."
        return plot_of(axes, "cv-bars", "The model beside its baselines", summary, caption)


def roc_plot(name: str, curves: Mapping[str, tuple[Any, Any]], title: str = "ROC") -> Plot:
    """Return true against false positives, one line a model."""
    with plot_axes() as axes:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        areas = []
        for i, (label, (false, true)) in enumerate(curves.items()):
            x, y = np.asarray(false, dtype=float), np.asarray(true, dtype=float)
            area = float(np.trapezoid(y, x))
            areas.append(f"{label} {area:.3f}")
            _line(axes, i, *_thin(x, y), label=f"{label} ({area:.3f})")
        _finish(axes, "share of inactives called", "share of actives found", "lower right")
        summary = f"Areas under the curve: {', '.join(areas)}."
        return plot_of(axes, name, title, summary, "The grey line is a random order.")


def enrichment_plot(
    name: str, curves: Mapping[str, tuple[Any, Any]], title: str = "Enrichment"
) -> Plot:
    """Return actives found against compounds tested, on a logarithmic axis."""
    with plot_axes() as axes:
        start = min(float(np.asarray(x)[1]) for x, _ in curves.values())
        grid = np.geomspace(start, 1, _POINTS)
        axes.plot(grid, grid, color=FAINT, linewidth=0.8)
        at_one = []
        for i, (label, (x, y)) in enumerate(curves.items()):
            _line(axes, i, grid, np.interp(grid, x, y), label=label)
            at_one.append(f"{label} {100 * np.interp(0.01, x, y):.0f} %")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        _finish(axes, "share of compounds tested", "share of actives found", "upper left")
        axes.set_xlim(start, 1)
        summary = f"Actives found in the first 1 %: {', '.join(at_one)}."
        return plot_of(axes, name, title, summary, "The grey line is a random order.")


def _precision_recall(labels: NDArray[np.int64], scores: Mapping[str, Values]) -> Plot:
    with plot_axes() as axes:
        axes.axhline(labels.mean(), color=FAINT, linewidth=0.8)
        for i, (label, values) in enumerate(scores.items()):
            precision, recall = precision_recall_curve(labels, values)
            _line(axes, i, *_thin(recall, precision), label=label)
        _finish(axes, "recall: share of actives found", "precision", "lower left")
        axes.set_ylim(0, 1.02)
        summary = f"Grey: the base rate, {labels.mean():.2f}; a random order has that precision."
        return plot_of(axes, "cv-pr", "Precision and recall", summary)


def _calibration(labels: NDArray[np.int64], scores: Mapping[str, Values]) -> Plot:
    with plot_axes() as axes:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        for i, (label, values) in enumerate(scores.items()):
            _, predicted, observed = reliability(labels, values)
            _line(axes, i, predicted, observed, label=label, marker="o", markersize=3)
        _finish(axes, "predicted probability", "share found active", "upper left")
        summary = "Ten groups of compounds of equal size, by predicted probability."
        caption = "On the grey line a probability means what it says."
        return plot_of(axes, "cv-calibration", "Calibration", summary, caption)


def score_plot(model: ScreeningModel, task: int, library: LibraryCounts | None) -> Plot:
    """Return how scores of held-out actives, inactives and of the library lie."""
    labels, scores = held_out(model, task)
    ours = next(iter(scores.values()))
    bins = np.linspace(0, 1, HISTOGRAM_BINS + 1)[::2]
    with plot_axes() as axes:
        parts = [("held-out actives", ours[labels == 1]), ("held-out inactives", ours[labels == 0])]
        for i, (label, values) in enumerate(parts):
            counts = np.histogram(values, bins)[0] / max(1, len(values))
            axes.stairs(100 * counts, bins, color=SERIES[i], linestyle=DASHES[i], label=label)
        if library is not None and library.histogram.sum():
            counts = library.histogram.reshape(-1, 2).sum(axis=1) / library.histogram.sum()
            axes.stairs(100 * counts, bins, color=INK, fill=True, alpha=0.18, label="library")
        _finish(axes, "score", "share of compounds, %", "upper center")
        medians = ", ".join(f"{name} {np.median(v):.2f}" for name, v in parts if len(v))
        return plot_of(axes, "scores", "Scores", f"Median scores: {medians}.")


def domain_plot(model: ScreeningModel, hits: Sequence[Mapping[str, Any]]) -> Plot:
    """Return the hits by similarity and novelty, with the limit of the domain."""
    places = np.array([(hit["nearest"], hit["novelty"]) for hit in hits])
    inside = np.array([hit["inside"] for hit in hits], dtype=bool)
    with plot_axes() as axes:
        axes.axvline(model.domain.similarity_limit, color=FAINT, linewidth=0.8)
        for i, (label, chosen) in enumerate((("inside", inside), ("outside", ~inside))):
            scatter(axes, label, places[chosen], SERIES[i], 7, "o^"[i])
        _finish(
            axes, "similarity to the nearest assay compound", "novelty percentile", "lower left"
        )
        summary = f"{int(inside.sum()):,} of {len(hits):,} hits lie inside the domain."
        caption = "Grey: the limit. Inside is to the right of it, however novel a compound is."
        return plot_of(axes, "domain", "Applicability domain of the hits", summary, caption)


def learning_plots(model: ScreeningModel) -> list[Plot]:
    """Return the curves of pretraining and of fine-tuning, where they were kept."""
    curves = model.provenance.get("learning_curves", {})
    plots = []
    gaps = curves.get("free_energy_gap_nats") or []
    if len(gaps) > 1:
        caption = (
            "Mean over the folds of how much less likely compounds of unseen scaffolds are to the "
            "RBM than those it learns from. It grows in every pretraining; how good the model is, "
            "the held-out compounds say."
        )
        axis = "free-energy gap, nats"
        label = "held-out less training compounds"
        plots.append(_by_epoch("Pretraining", gaps, axis, label, "upper left", 2, caption))
    losses = curves.get("fine_tuning_loss_nats") or []
    if len(losses) > 1:
        axis, label = "training loss, nats", "mean over the members"
        plots.append(_by_epoch("Fine-tuning", losses, axis, label, "upper right", 2))
    return plots


def _by_epoch(
    title: str,
    values: Sequence[float],
    axis: str,
    label: str,
    legend: str,
    decimals: int,
    caption: str = "",
) -> Plot:
    with plot_axes() as axes:
        _line(axes, 0, range(1, len(values) + 1), values, label=label)
        _finish(axes, "epoch", axis, legend)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        first, last = (f"{values[end]:.{decimals}f}" for end in (0, -1))
        summary = f"From {first} to {last} nats in {len(values)} epochs."
        return plot_of(axes, title.lower(), title, summary, caption)


def _thin(x: Values, y: Values) -> tuple[Values, Values]:
    """Keep at most a few hundred points of a curve, ends included."""
    if len(x) <= 2 * _POINTS:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, 2 * _POINTS).astype(int))
    return x[kept], y[kept]


def _line(axes: Axes, number: int, x: Any, y: Any, **style: Any) -> None:
    place = number % len(SERIES)
    axes.plot(x, y, color=SERIES[place], linestyle=DASHES[place], zorder=10 - number, **style)


def _finish(axes: Axes, x: str, y: str, legend: Any) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.legend(loc=legend, handlelength=2.4)
