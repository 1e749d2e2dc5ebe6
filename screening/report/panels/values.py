"""How close the predicted values of held-out compounds came to the measured ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.evaluation import values_sentence
from screening.model import FOREST, SHIPPED, ScreeningModel, ValueModel
from screening.report.panels.plots import FAINT, SERIES, SOFT, Plot, plot_axes, plot_of, scatter

# Figures of `assess_values`, and what they are called on the page.
NAMES = (
    ("n", "measured values"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("spearman", "rank correlation"),
    ("coverage", "intervals that held"),
)
# Off by a factor of ten, where logarithms are shown.
_FACTOR = 1.0


def values_of(model: ScreeningModel, task: str) -> dict[str, Any] | None:
    """Return what the page says of the predicted values of a task; None where it has none.

    Returns
    -------
    dict
        `sentence` and `plot` say it; `names`, `rows` and `unit` are a table; `weights` says what
        each part counts for.
    """
    found = model.quality.get("values", {}).get(task)
    if found is None or task not in model.values:
        return None
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found["weights"].items())
    return {
        "sentence": values_sentence(found, SHIPPED, FOREST),
        "unit": found["unit"],
        "names": NAMES,
        "rows": [{"name": name, **figures} for name, figures in found["models"].items()],
        "weights": weights,
        "plot": _measured_plot(model, task),
    }


def shown_scale(own: ValueModel) -> tuple[str, float]:
    """Return what the axes of values count in, and what is added to learned numbers for it."""
    scale = own.scale
    if scale.offset is not None:
        return "−log10 of mol/L", scale.offset
    return (f"−log10 of {scale.unit or 'value'}", 0.0) if scale.logarithmic else (scale.unit, 0.0)


def _measured_plot(model: ScreeningModel, task: str) -> Plot | None:
    """Return measured against predicted values of held-out compounds, limits apart."""
    own, index, table = model.values[task], model.tasks.index(task), model.training
    if SHIPPED not in table.held_out_values:
        return None
    unit, offset = shown_scale(own)
    measured = own.scale.learned(table.values[:, index]) + offset
    said = own.scale.learned(table.held_out_values[SHIPPED][:, index]) + offset
    usable = np.isfinite(measured) & np.isfinite(said)
    exact = usable & (table.relations[:, index] == "=")
    limits = usable & ~exact
    if not exact.any():
        return None
    points = np.column_stack([said, measured])
    name = f"values-{index}"
    with plot_axes(width=4.4, height=3.6) as axes:
        ends = _ends(points[usable])
        axes.plot(ends, ends, color=SOFT, linewidth=0.9, zorder=1)
        if own.scale.logarithmic or own.scale.offset is not None:
            for off in (-_FACTOR, _FACTOR):
                axes.plot(ends, ends + off, color=FAINT, linewidth=0.9, linestyle="--", zorder=1)
        scatter(axes, "measured", points[exact], SERIES[0], 12, "o")
        if limits.any():
            scatter(axes, "known only to lie beyond", points[limits], SERIES[1], 16, "x")
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
        axes.set_xlabel(f"predicted while held out, {unit}" if unit else "predicted while held out")
        axes.set_ylabel(f"measured, {unit}" if unit else "measured")
        axes.legend(loc="upper left", handlelength=1.2)
        off = np.abs(said - measured)[exact]
        summary = f"Of {int(exact.sum()):,} compounds, half are off by at most {np.median(off):.2f}"
        if own.scale.logarithmic or own.scale.offset is not None:
            within = f"{100 * np.mean(off <= _FACTOR):.0f} % by a factor of ten or less"
            summary += f" log units, and {within}."
            caption = "The line: right; dashed: a factor of ten off."
        else:
            summary += f"{f' {unit}' if unit else ''}."
            caption = "The line: right."
        return plot_of(axes, name, "Measured against predicted values", summary, caption)


def _ends(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends of both axes, with some room."""
    low, high = float(points.min()), float(points.max())
    room = 0.05 * (high - low) or 0.5
    return np.array([low - room, high + room])
