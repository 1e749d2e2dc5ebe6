"""The figures of a model beside its baselines, as rows of a table and a sentence."""

from __future__ import annotations

from typing import Any

from screening.evaluation.metrics import METRICS, Metric
from screening.model import FOREST, SHIPPED, ScreeningModel
from screening.report.panels.figures import (
    enrichment_plot,
    learning_plots,
    quality_plots,
    roc_plot,
    score_plot,
)
from screening.report.panels.plots import Plot
from screening.report.run_folder import LibraryCounts

# How well a screen found what was hidden in its library.
RETRIEVAL = (
    Metric("roc_auc_held_out", "ROC-AUC, hidden only", in_full="ROC-AUC among the held-out"),
    Metric("roc_auc", "ROC-AUC, library", in_full="ROC-AUC in the whole library"),
    Metric("ef_1", "EF 1 %", ".1f", in_full="enrichment factor at 1 %"),
    Metric("ef_5", "EF 5 %", ".1f", in_full="enrichment factor at 5 %"),
    Metric("bedroc_20", "BEDROC 20", in_full="BEDROC (alpha 20)"),
    Metric("hits_in_top_100", "actives in top 100", ".0f", in_full="actives in the top 100"),
)


def quality_of(
    model: ScreeningModel, task: str, library: LibraryCounts | None = None
) -> dict[str, Any]:
    """Return protocol, rows, sentence and plots of the held-out predictions of one task."""
    figures = model.quality["tasks"].get(task, {})
    index = model.tasks.index(task)
    plots: list[Plot] = quality_plots(model, index)
    if plots:
        plots.append(score_plot(model, index, library))
    return {
        "protocol": model.quality["protocol"],
        "names": [(metric.key, metric.name) for metric in METRICS.values()],
        "rows": [{"name": name, **values} for name, values in figures.items()],
        "sentence": beside_the_forest(figures),
        "plots": [*plots, *learning_plots(model)],
    }


def beside_the_forest(figures: dict[str, dict[str, float]]) -> str:
    """Say in words how the model stands beside the random forest."""
    if SHIPPED not in figures or FOREST not in figures:
        return ""
    ours, forest = figures[SHIPPED]["roc_auc"], figures[FOREST]["roc_auc"]
    difference = ours - forest
    if abs(difference) < 0.005:
        return f"The model ranks as well as the random forest (ROC-AUC {ours:.3f}, {forest:.3f})."
    word = "better" if difference > 0 else "worse"
    return (
        f"The model ranks {word} than the random forest (ROC-AUC {ours:.3f} against {forest:.3f})."
    )


def retrospective(demo: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return table and curves of a screen whose answers were known, or None."""
    if not demo or not demo.get("models"):
        return None
    models = demo["models"]
    # A figure that no model has is no column.
    names = [(m.key, m.title) for m in RETRIEVAL if any(m.key in model for model in models)]
    rows = [{"name": m["name"], **{key: m.get(key) for key, _ in names}} for m in models]
    plots = []
    if all("enrichment_curve" in model for model in models):
        curves = {m["name"]: m["enrichment_curve"] for m in models}
        plots.append(enrichment_plot("demo-enrichment", curves, "Hidden actives found"))
    if all("roc_curve" in model for model in models):
        curves = {m["name"]: m["roc_curve"] for m in models}
        plots.append(roc_plot("demo-roc", curves, "Hidden actives against hidden inactives"))
    return {"protocol": demo["protocol"], "names": names, "rows": rows, "plots": plots}
