"""The histogram of an assay's values: where its bars and the marks of its axis lie."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from screening.assay import Histogram

WIDTH, HEIGHT = 800, 170
_MOST_TICKS = 9


class Bar(NamedTuple):
    """One bar: exact values below, limits on top; in units of the drawing."""

    x: float
    width: float
    exact: float
    limits: float
    centre: float


class Tick(NamedTuple):
    """A mark of the axis."""

    x: float
    text: str


def places_of(histogram: Histogram) -> tuple[float, float]:
    """Return both ends of the axis, as logarithms where it is logarithmic."""
    ends = histogram.edges[[0, -1]]
    low, high = np.log10(ends) if histogram.logarithmic else ends
    return float(low), float(high)


def bars_of(histogram: Histogram) -> list[Bar]:
    """Return the bars; the highest fills the drawing."""
    low, high = places_of(histogram)
    count = len(histogram.exact)
    width, step = WIDTH / count, (high - low) / count
    most = max(1, int((histogram.exact + histogram.limits).max()))
    return [
        Bar(
            round(k * width, 2),
            round(width - 1, 2),
            round(HEIGHT * float(exact) / most, 2),
            round(HEIGHT * float(limits) / most, 2),
            low + (k + 0.5) * step,
        )
        for k, (exact, limits) in enumerate(zip(histogram.exact, histogram.limits, strict=True))
    ]


def ticks_of(histogram: Histogram) -> list[Tick]:
    """Return marks at round numbers: powers of ten where the axis is logarithmic."""
    low, high = places_of(histogram)
    rough = (high - low) / _MOST_TICKS
    if histogram.logarithmic:
        step = float(max(1, math.ceil(rough)))
    else:
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
    places = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    return [
        Tick(
            round(WIDTH * (float(place) - low) / (high - low), 2),
            f"{10**place if histogram.logarithmic else place:,.10g}",
        )
        for place in places
    ]
