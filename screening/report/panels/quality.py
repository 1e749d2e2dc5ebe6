"""The figures of a model beside its baselines, as rows of a table and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from screening.evaluation import quality_sentence
from screening.evaluation.metrics import METRICS, Metric, largest_enrichment
from screening.model import FOREST, SHIPPED, ScreeningModel
from screening.report.panels.figures import (
    auc_bars,
    enrichment_plot,
    learning_plots,
    quality_plots,
    roc_plot,
    score_plot,
)
from screening.report.panels.plots import Plot
from screening.report.panels.values import values_of
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


# An enrichment factor that cannot exceed this tells good models from bad ones no better than none.
SMALLEST_RANGE = 3.0
_FRACTIONS = {"ef_1": 0.01, "ef_5": 0.05}


def quality_of(
    model: ScreeningModel, task: str, library: LibraryCounts | None = None
) -> dict[str, Any]:
    """Return what the page says of the held-out predictions of one task.

    Returns
    -------
    dict
        `sentence` and `bars` (None without figures) say it; `protocol`, `names`, `rows` and
        `plots` are folded below; `learning` is for the appendix; `values` are those of predicted
        values, None without.
    """
    figures = model.quality["tasks"].get(task, {})
    index = model.tasks.index(task)
    plots: list[Plot] = quality_plots(model, index)
    if plots:
        plots.append(score_plot(model, index, library))
    return {
        "protocol": model.quality["protocol"],
        "names": figure_names(figures),
        "rows": [{"name": name, **values} for name, values in figures.items()],
        "sentence": quality_sentence(figures, SHIPPED, FOREST),
        "bars": auc_bars(figures) if figures else None,
        "plots": plots,
        "learning": learning_plots(model),
        "values": values_of(model, task),
    }


def figure_names(figures: dict[str, dict[str, float]]) -> list[tuple[str, str]]:
    """Return keys and names of the figures that say something at this base rate.

    An enrichment factor has its largest possible value in its name, and is left out where that is
    less than `SMALLEST_RANGE`.
    """
    first = next(iter(figures.values()), {"n": 0, "n_active": 0})
    heads = [(metric.key, metric.name) for metric in METRICS.values()]
    return _telling(heads, int(first["n"]), int(first["n_active"]))


def _telling(heads: Iterable[tuple[str, str]], n: int, actives: int) -> list[tuple[str, str]]:
    found = []
    for key, name in heads:
        if key in _FRACTIONS and actives:
            largest = largest_enrichment(n, actives, _FRACTIONS[key])
            if largest < SMALLEST_RANGE:
                continue
            found.append((key, f"{name} (at most {largest:.1f})"))
        else:
            found.append((key, name))
    return found


def retrospective(demo: dict[str, Any] | None, scored: int) -> dict[str, Any] | None:
    """Return table and curves of a screen whose answers were known, or None.

    Parameters
    ----------
    demo
        What `screening.demo` wrote beside the run.
    scored
        Compounds of the library, the hidden ones among them.
    """
    if not demo or not demo.get("models"):
        return None
    models = demo["models"]
    # A figure that no model has is no column.
    metrics = [m for m in RETRIEVAL if any(m.key in model for model in models)]
    actives = sum(1 for active in demo["known"].values() if active)
    names = _telling([(metric.key, metric.title) for metric in metrics], scored, actives)
    rows = [
        {"name": m["name"], **{x.key: x.text(m[x.key]) if x.key in m else None for x in metrics}}
        for m in models
    ]
    plots = []
    if all("enrichment_curve" in model for model in models):
        curves = {m["name"]: m["enrichment_curve"] for m in models}
        plots.append(enrichment_plot("demo-enrichment", curves, "Hidden actives found"))
    if all("roc_curve" in model for model in models):
        curves = {m["name"]: m["roc_curve"] for m in models}
        plots.append(roc_plot("demo-roc", curves, "Hidden actives against hidden inactives"))
    return {"protocol": demo["protocol"], "names": names, "rows": rows, "plots": plots}
