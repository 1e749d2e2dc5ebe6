"""How close predicted values are to measured ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.metrics import Metric
from screening.evaluation.wording import text_row

Array = NDArray[np.float64]

# At which the coverage of held-out intervals is told.
RISK = 0.1
# The figures of predicted values, by key: those of `ValueQuality`, and the mean reach of intervals.
METRICS = {
    metric.key: metric
    for metric in (
        Metric("rmse", "RMSE", lower_is_better=True),
        Metric("mae", "MAE", lower_is_better=True),
        Metric("spearman", "Spearman", in_full="rank correlation"),
        Metric("coverage", "coverage", in_full="intervals that held", best=1 - RISK),
        Metric("reach", "reach", lower_is_better=True, in_full="reach of the intervals"),
    )
}


@dataclass(frozen=True)
class ValueQuality:
    """Figures of predicted values, in the unit that they are learned in.

    Attributes
    ----------
    n : int
        Compounds with a measured value that is no limit.
    rmse, mae : float
        Root of the mean squared error, and mean absolute error.
    spearman : float
        Rank correlation; NaN where all are alike.
    coverage : float
        Share of values that lie within their interval; NaN without intervals.
    """

    n: int
    rmse: float
    mae: float
    spearman: float
    coverage: float = float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as a JSON-able dict."""
        return asdict(self)


def assess_values(measured: Array, said: Array, *, reach: Array | None = None) -> ValueQuality:
    """Compare predicted with measured values, each of shape (n,).

    Parameters
    ----------
    measured, said
    reach : array of shape (n,), optional
        How far the interval of each reaches to either side.
    """
    # Slow to import, and only training needs it.
    from scipy.stats import spearmanr

    off = said - measured
    # SciPy warns of constant ranks, and says NaN.
    alike = len(off) < 2 or np.ptp(said) == 0 or np.ptp(measured) == 0
    return ValueQuality(
        n=len(off),
        rmse=float(np.sqrt(np.mean(off**2))),
        mae=float(np.mean(np.abs(off))),
        spearman=float("nan") if alike else float(spearmanr(measured, said).statistic),
        coverage=float("nan") if reach is None else float(np.mean(np.abs(off) <= reach)),
    )


_SHOWN = ("rmse", "mae", "spearman", "coverage")


def values_text(quality: Mapping[str, Any]) -> str:
    """Return the held-out figures of predicted values as plain text; empty without any.

    Parameters
    ----------
    quality
        Of a model.
    """
    blocks = []
    for task, found in quality.get("values", {}).items():
        models: dict[str, dict[str, float]] = found["models"]
        n = next(iter(models.values()))["n"]
        head = (
            f"{task}: {n} measured values, held out in the same folds, in {found['unit']}; "
            f"intervals at a risk of {found['risk']:g}"
        )
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found["weights"].items())
        rows = [text_row("", (METRICS[key].title for key in _SHOWN))]
        rows += [
            text_row(model, (_shown(figures[key]) for key in _SHOWN))
            for model, figures in models.items()
        ]
        blocks.append("\n".join([head, *rows, f"weights: {weights}"]))
    return "\n\n".join(blocks)


def _shown(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.3f}"


def values_sentence(found: Mapping[str, Any] | None, ours: str, forest: str) -> str:
    """Say how far predicted values of held-out compounds are off; empty without figures.

    Parameters
    ----------
    found
        Of one task, as a model's quality has it; None where it has none.
    ours, forest
        Names of the model and of the forest beside it.
    """
    mine = None if found is None else found["models"].get(ours)
    if found is None or mine is None:
        return ""
    other = found["models"].get(forest)
    parts = [f"Predicted values of {mine['n']:,} held-out compounds have an RMSE of"]
    parts.append(f"{mine['rmse']:.2f} {found['unit']}")
    parts.append(_beside(forest, other, "rmse"))
    if (ranks := _shown(mine["spearman"])) != "":
        parts.append(f"and a rank correlation of {ranks}")
        parts.append(_beside("", other, "spearman"))
    coverage = mine.get("coverage")
    said = " ".join(filter(None, parts))
    if coverage is None or np.isnan(coverage):
        return f"{said}."
    return f"{said}; intervals at {100 * found['risk']:g} % risk held for {100 * coverage:.0f} %."


def _beside(name: str, other: Mapping[str, Any] | None, key: str) -> str:
    """Return the figure of another model in brackets; empty without."""
    text = "" if other is None else _shown(other[key])
    return text and f"({f'{name.lower()} {text}'.strip()})"
