"""Two scores of each hit as points of a plot: what a template needs to draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

SIDE = 380
LEFT, TOP = 56, 14
# Below the plot, for what the other run has not scored.
STRIP = 26


class Point(NamedTuple):
    """One hit; `found` is False where there is no second score."""

    x: float
    y: float
    found: bool


@dataclass(frozen=True)
class Scatter:
    """The plot.

    Attributes
    ----------
    points : list of Point
        In the order of the hits.
    across, up : list of (float, str)
        Place and text of each tick.
    diagonal : tuple of four floats, or None
        Ends of the line of equal scores, where it crosses the plot.
    missing : int
        Hits without a second score.
    """

    points: list[Point]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    diagonal: tuple[float, float, float, float] | None
    missing: int
    side: int = SIDE
    left: int = LEFT
    top: int = TOP
    strip: int = STRIP


def scatter(scores: Sequence[tuple[float, float | None]]) -> Scatter:
    """Lay out pairs of scores.

    Parameters
    ----------
    scores
        Of each hit, both between 0 and 1; the second may be missing.
    """
    low_x, high_x = _range([x for x, _ in scores])
    low_y, high_y = _range([y for _, y in scores if y is not None])

    def across(x: float) -> float:
        return round(LEFT + SIDE * (x - low_x) / (high_x - low_x), 1)

    def up(y: float) -> float:
        return round(TOP + SIDE * (high_y - y) / (high_y - low_y), 1)

    bottom = TOP + SIDE + STRIP / 2
    points = [Point(across(x), bottom if y is None else up(y), y is not None) for x, y in scores]
    low, high = max(low_x, low_y), min(high_x, high_y)
    diagonal = (across(low), up(low), across(high), up(high)) if low < high else None
    return Scatter(
        points,
        [(across(x), f"{x:.2g}") for x in _ticks(low_x, high_x)],
        [(up(y), f"{y:.2g}") for y in _ticks(low_y, high_y)],
        diagonal,
        sum(y is None for _, y in scores),
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return round ends of an axis around values, tenths."""
    if not values:
        return 0.0, 1.0
    low, high = math.floor(10 * min(values)) / 10, math.ceil(10 * max(values)) / 10
    return (low, high) if low < high else (max(0.0, low - 0.1), min(1.0, low + 0.1))


def _ticks(low: float, high: float) -> list[float]:
    step = 0.1 if high - low <= 0.55 else 0.2
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 1) for k in range(first, int(high / step + 1e-9) + 1)]
