"""A comparison as one page that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from screening.evaluation.metrics import METRICS
from screening.report.page import assemble, cut, write_page
from screening.report.panels.plots import FAINT, SERIES, Plot, plot_axes, plot_of, scatter
from screening.turns.comparing.ranks import ENTERED, LEFT, STAYED
from screening.turns.comparing.record import FIRST, SECOND, Comparison, Mover

# Figures whose differences have one scale.
_DRAWN = ("roc_auc", "pr_auc", "bedroc_20", "mcc", "brier")


def write_comparison_page(comparison: Comparison, path: Path) -> Path:
    """Write the page of a comparison, and return its path."""
    html = assemble(
        "compare.html",
        title=f"{comparison.headline}: {comparison.kind.lower()}",
        data=None,
        kind=comparison.kind,
        headline=comparison.headline,
        verdict=comparison.verdict,
        sides=[(FIRST, cut(comparison.first)), (SECOND, cut(comparison.second))],
        notes=comparison.notes,
        plots=_plots(comparison.tables),
        sections=[
            {
                "title": section.title,
                "sentences": section.sentences,
                "head": section.head,
                "rows": [[cut(cell) for cell in row] for row in section.rows],
            }
            for section in comparison.sections
        ],
        movers=[_card(mover) for mover in comparison.movers],
    )
    return write_page(html, path)


def _card(mover: Mover) -> dict[str, Any]:
    # Drawn by `inline_contributions`, which escapes the one text in it.
    pictures = [(Markup(svg), words) for svg, words in mover.pictures]  # noqa: S704
    return {
        "name": cut(mover.name),
        "title": mover.title,
        "sentence": cut(mover.sentence),
        "pictures": pictures,
    }


def _plots(tables: dict[str, pd.DataFrame]) -> list[Plot]:
    found = []
    if "figures" in tables:
        figures = tables["figures"]
        for number, task in enumerate(dict.fromkeys(figures.task)):
            found.append(_differences(figures[figures.task == task], str(task), number))
    if "ranks" in tables:
        found += _places(tables["ranks"])
    return found


def _differences(figures: pd.DataFrame, task: str, number: int) -> Plot:
    """Return how much better B is in each figure, with its interval."""
    rows = figures.set_index("figure").loc[list(_DRAWN)]
    with plot_axes(width=5.2, height=0.9 + 0.34 * len(rows)) as axes:
        axes.axvline(0, color=FAINT, linewidth=1.0)
        said = []
        for place, key in enumerate(_DRAWN):
            row, metric = rows.loc[key], METRICS[key]
            sign = -1.0 if metric.lower_is_better else 1.0
            mean, ends = sign * row["difference"], [sign * row["low"], sign * row["high"]]
            axes.plot(ends, [-place, -place], color=SERIES[0], linewidth=1.6)
            axes.plot([mean], [-place], "o", color=SERIES[0], markersize=5)
            said.append(f"{metric.name} {mean:+.3f}")
        axes.set_yticks([-place for place in range(len(_DRAWN))], [METRICS[k].name for k in _DRAWN])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"by how much {SECOND} is better; left of 0 {FIRST} is better")
        summary = f"{SECOND} better by: {', '.join(said)}."
        caption = (
            "Lines: 95 % intervals. One that crosses 0 tells nothing apart. The Brier score is "
            "turned round, so that right is better everywhere."
        )
        return plot_of(axes, f"differences-{number}", cut(task), summary, caption)


_KINDS = (
    (STAYED, "among the best of both", SERIES[0], "o"),
    (ENTERED, f"entered: in {SECOND} alone", SERIES[2], "^"),
    (LEFT, f"left: in {FIRST} alone", SERIES[1], "x"),
)


def _places(ranks: pd.DataFrame) -> list[Plot]:
    """Return places in B against places in A, of compounds that both scored."""
    both = ranks[(ranks.place_a > 0) & (ranks.place_b > 0)]
    if both.empty:
        return []
    with plot_axes(width=5.2, height=4.6) as axes:
        ends = [1.0, float(both[["place_a", "place_b"]].to_numpy().max())]
        axes.plot(ends, ends, color=FAINT, linewidth=0.8)
        counts = []
        for status, words, colour, marker in _KINDS:
            points = both[both.status == status][["place_a", "place_b"]].to_numpy(np.float64)
            if len(points):
                scatter(axes, words, points, colour, 14, marker)
                counts.append(f"{len(points):,} {words}")
        _as_places(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=1)
        summary = f"Compounds by their place in both runs: {'; '.join(counts)}."
        caption = "On the grey line the place is the same; below it the compound rose."
        return [plot_of(axes, "places", "Places among all scored rows", summary, caption)]


def _as_places(axes: Axes) -> None:
    for axis, letter in ((axes.xaxis, FIRST), (axes.yaxis, SECOND)):
        axis.set_label_text(f"place in {letter}, 1 is best")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
