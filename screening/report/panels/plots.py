"""Plots as SVG text that takes the page's colours, in light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

# Stand-ins that become variables of the style sheet when the plot is written.
INK, FAINT = "#010101", "#020202"
SERIES = ("#030301", "#030302", "#030303", "#030304", "#030305")
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--line)",
    **{colour: f"var(--series-{i})" for i, colour in enumerate(SERIES, start=1)},
}
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ebmscreen",
    "font.family": ["sans-serif"],
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}


@dataclass(frozen=True)
class Plot:
    """A plot for the page.

    Attributes
    ----------
    title : str
    svg : Markup
    summary : str
        What it shows in words, for who cannot see it.
    caption : str
        How to read it.
    """

    title: str
    svg: Markup
    summary: str
    caption: str = ""


def with_prefix(plot: Plot, prefix: str) -> Plot:
    """Return the plot with other ids, for a page that has one of its name already."""
    text = _prefixed(str(plot.svg), prefix)
    return replace(plot, svg=Markup(text))  # noqa: S704 - it was markup before


def _prefixed(svg: str, prefix: str) -> str:
    """Put a prefix before every id, and wherever one is referred to."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\1{prefix}-", svg)


@contextmanager
def plot_axes(width: float = 3.9, height: float = 2.9) -> Iterator[Axes]:
    """Give axes with the report's looks; sizes in inches. Settings end with the block."""
    with matplotlib.rc_context(_SETTINGS):
        yield Figure(figsize=(width, height), layout="constrained").add_subplot()


def plot_of(axes: Axes, name: str, title: str, summary: str, caption: str = "") -> Plot:
    """Write what was drawn, while the settings of `plot_axes` hold."""
    return Plot(title, _svg(axes, name), summary, caption)


def scatter(
    axes: Axes, name: str, points: NDArray[np.float64], colour: str, size: float, marker: str
) -> None:
    """Draw a cloud of points, of shape (n, 2); the legend says how many they are."""
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=size,
        color=colour,
        marker=marker,
        alpha=0.6,
        linewidths=0.7 if marker == "x" else 0,
        label=f"{name} ({len(points):,})",
    )


def _svg(axes: Axes, name: str) -> Markup:
    figure, buffer = axes.get_figure(root=True), io.StringIO()
    assert figure is not None
    for background in (figure.patch, axes.patch):
        background.set_alpha(0)
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1">', text, count=1)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    # Several plots share a page: their ids must differ.
    text = _prefixed(text, name)
    # The fonts of the page, not a list that ends in what this machine has.
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    return Markup(text)  # noqa: S704
