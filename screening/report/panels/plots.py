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
INK, SOFT, FAINT = "#010101", "#010102", "#020202"
SERIES = ("#030301", "#030302", "#030303", "#030304", "#030305")
_VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
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
    places : tuple of (float, float)
        Where points that a reader may open lie, in units of the picture's viewBox.
    """

    title: str
    svg: Markup
    summary: str
    caption: str = ""
    places: tuple[tuple[float, float], ...] = ()


def with_prefix(plot: Plot, prefix: str) -> Plot:
    """Return the plot with other ids, for a page that has one of its name already."""
    text = _prefixed(str(plot.svg), prefix)
    return replace(plot, svg=Markup(text))  # noqa: S704 - it was markup before


def _prefixed(svg: str, prefix: str) -> str:
    """Put a prefix before every id, and wherever one is referred to."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\1{prefix}-", svg)


# Markers of one kind, each with its place and the same style.
_CLOUD = re.compile(r'<g clip-path="[^"]*">\n(?:<use [^>]*/>\n)+</g>')
_MARKER = re.compile(r'(<use \S+ )x="([\d.]+)" y="([\d.]+)"(?: style="([^"]*)")?/>\n')


def _thin_cloud(found: re.Match[str]) -> str:
    """Write the style of a cloud's markers once, and their places to a tenth of a unit."""
    text = found[0]
    styles = {marker[4] or "" for marker in _MARKER.finditer(text)}
    if len(styles) != 1:
        return text
    text = _MARKER.sub(lambda m: f'{m[1]}x="{float(m[2]):.1f}" y="{float(m[3]):.1f}"/>\n', text)
    return text.replace("<g ", f'<g style="{styles.pop()}" ', 1)


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


def places_of(axes: Axes, points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Return where points of shape (n, 2) lie in the picture that `plot_of` wrote of these axes.

    In units of its viewBox, from its upper left corner.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    # In inches from the lower left corner; a picture has 72 units an inch.
    inches = figure.dpi_scale_trans.inverted().transform(axes.transData.transform(points))
    height = figure.get_size_inches()[1]
    return tuple((round(72 * float(x), 1), round(72 * float(height - y), 1)) for x, y in inches)


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
    text = _CLOUD.sub(_thin_cloud, text)
    return Markup(text)  # noqa: S704
