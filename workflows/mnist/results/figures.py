"""Small PNGs: rows of digits, filters, chains and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from screening.tables import write_atomically
from workflows.mnist.digits import SIDE

INK = "#1b2a41"
COLOURS = ("#1f6f8b", "#d1495b", "#edae49", "#66a182", "#6a4c93")


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, moved into place; returns the path."""
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110, bbox_inches="tight")
    return path


def tiles(images: Tensor, columns: int, gap: int = 2) -> np.ndarray:
    """Square pictures, side by side in rows; the gap is light grey.

    Parameters
    ----------
    images : Tensor of shape (n, side²)
        Values from 0 to 1.
    columns : int
        Pictures in a row.
    gap : int
        Pixels between them.
    """
    side = math.isqrt(images.shape[1])
    rows = math.ceil(len(images) / columns)
    step = side + gap
    canvas = np.full((rows * step - gap, columns * step - gap), 0.75)
    for number, image in enumerate(images.cpu().numpy()):
        top, left = number // columns * step, number % columns * step
        canvas[top : top + side, left : left + side] = image.reshape(side, side)
    return canvas


def picture_rows(rows: Mapping[str, Tensor], path: Path, width: float = 8.0) -> Path:
    """Named rows of pictures, one below the other.

    Parameters
    ----------
    rows : mapping of str to Tensor of shape (n, m)
        Each row's pictures; m that is no square is padded with grey to the next rectangle.
    """
    figure = Figure(figsize=(width, 0.95 * width / 10 * len(rows)))
    for number, (name, images) in enumerate(rows.items()):
        axes = figure.add_subplot(len(rows), 1, number + 1)
        square = _as_squares(images)
        axes.imshow(tiles(square, len(square)), cmap="gray", vmin=0, vmax=1)
        _bare(axes)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8, color=INK)
    return save(figure, path)


def _as_squares(states: Tensor) -> Tensor:
    side = math.ceil(math.sqrt(states.shape[1]))
    padded = states.new_full((len(states), side * side), 0.5)
    padded[:, : states.shape[1]] = states
    return padded


def filters(weights: Tensor, path: Path, count: int = 100) -> Path:
    """Incoming weights of the hidden units with the longest ones; white is positive.

    Parameters
    ----------
    weights : Tensor of shape (784, n_hidden)
    """
    order = weights.norm(dim=0).argsort(descending=True)[:count]
    chosen = weights[: SIDE * SIDE, order].T
    reach = chosen.abs().amax(dim=1, keepdim=True).clamp(min=1e-12)
    return grid(chosen / reach / 2 + 0.5, path, columns=20)


def grid(images: Tensor, path: Path, columns: int, labels: Sequence[str] = ()) -> Path:
    """Pictures in rows of `columns`, with a name for each row when given."""
    rows = math.ceil(len(images) / columns)
    figure = Figure(figsize=(8, 8 * rows / columns + 0.2))
    axes = figure.add_subplot()
    axes.imshow(tiles(images, columns), cmap="gray", vmin=0, vmax=1)
    _bare(axes)
    if labels:
        step = math.isqrt(images.shape[1]) + 2
        axes.set_yticks([step * (row + 0.45) for row in range(rows)], labels, fontsize=8)
        axes.tick_params(length=0)
    return save(figure, path)


def curves(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    path: Path,
    x_name: str,
    epochs: Sequence[int] | None = None,
) -> Path:
    """Panels side by side; in each, lines over epochs with the spread of the seeds.

    Parameters
    ----------
    panels : mapping of str to mapping of str to array of shape (n_seeds, n_epochs)
        Title of a panel, name of a line, its values. Lines whose names are the same up to the comma
        have one colour; that of test digits is dashed.
    path : Path
    x_name : str
    epochs : sequence of int, optional
        After which the values were measured; 1, 2, ... by default.
    """
    figure = Figure(figsize=(4.2 * len(panels), 3.1))
    for number, (title, lines) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), number + 1)
        families = list(dict.fromkeys(name.partition(",")[0] for name in lines))
        for name, values in lines.items():
            colour = COLOURS[families.index(name.partition(",")[0])]
            style = "o--" if name.endswith("test") else "o-"
            x = np.arange(1, values.shape[1] + 1) if epochs is None else np.asarray(epochs)
            mean = values.mean(0)
            axes.plot(x, mean, style, color=colour, label=name, markersize=3)
            if len(values) > 1:
                spread = values.std(0, ddof=1)
                axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.2, lw=0)
            if epochs is None and len(x) <= 10:  # chosen epochs may be too near to be named
                axes.set_xticks(x)
        finish(axes, title, x_name)
    figure.tight_layout()
    return save(figure, path)


def finish(axes: Axes, title: str, x_name: str) -> None:
    """Give a plot its title, axis name, legend and quiet frame."""
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(x_name, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
