"""How the values of an assay are spread, to be drawn beside a threshold that is being chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from screening.assay.labels import make_threshold
from screening.assay.values.column import ValueColumn
from screening.assay.values.units import P_VALUE
from screening.errors import UserError

BINS = 40
# Compounds that are active at the threshold that is proposed, as far as round numbers allow it.
_SHARE = 1 / 3
# Share of the rows that may lie beyond each end of the axis.
_AXIS = 0.005


@dataclass(frozen=True)
class Histogram:
    """The values of a column, to be drawn beside a threshold.

    Attributes
    ----------
    edges : float array of shape (BINS + 1,)
        In `unit`; equally wide, or equally wide in their logarithms.
    exact, limits : int array of shape (BINS,)
        Rows with a measured value, and with a limit (`<` or `>`), by where it lies. The first and
        the last bin have what lies beyond them too.
    logarithmic : bool
    unit : str
        Empty where it is not known, and for p-values.
    proposed : float
        A round threshold that leaves about a third active.
    active_is_above : bool
        Which side is active by what the column holds: p-values and percentages above,
        concentrations below.
    """

    edges: NDArray[np.float64]
    exact: NDArray[np.int64]
    limits: NDArray[np.int64]
    logarithmic: bool
    unit: str
    proposed: float
    active_is_above: bool

    def amount(self, value: float) -> str:
        """Return a threshold as the options take it, with its unit where it can have one.

        Raises
        ------
        UserError
            It is no number.
        """
        if not math.isfinite(value):
            raise UserError(f"{value} is no threshold; give a number.")
        text = f"{value:.6g}"
        try:
            make_threshold(f"{text}{self.unit}", None)
        except UserError:
            return text
        return f"{text}{self.unit}"


def histogram_of(column: ValueColumn) -> Histogram:
    """Return how the values of a column are spread; one of them at least can be used."""
    readings = [reading for reading in column.readings if reading.usable]
    values = np.array([reading.value for reading in readings])
    exact = np.array([reading.relation == "=" for reading in readings])
    logarithmic = column.scale.logarithmic
    places = np.log10(values) if logarithmic else values
    # A few values far off would press all others into one bar; they go to the first or last.
    low, high = map(float, np.quantile(places, [_AXIS, 1 - _AXIS]))
    places = np.clip(places, low, high)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    above = not logarithmic
    unit = column.scale.unit
    return Histogram(
        edges=10**edges if logarithmic else edges,
        exact=np.histogram(places[exact], edges)[0],
        limits=np.histogram(places[~exact], edges)[0],
        logarithmic=logarithmic,
        unit="" if unit is None or unit == P_VALUE else unit.name,
        proposed=_proposed(values, logarithmic, above),
        active_is_above=above,
    )


def _proposed(values: NDArray[np.float64], logarithmic: bool, above: bool) -> float:
    """Return the round number that leaves the share of active rows closest to a third."""
    candidates = _round_numbers(float(values.min()), float(values.max()), logarithmic)
    shares = [float(np.mean(values > c if above else values < c)) for c in candidates]
    return min(zip(candidates, shares, strict=True), key=lambda pair: abs(pair[1] - _SHARE))[0]


@lru_cache(maxsize=100)
def _round_numbers(low: float, high: float, logarithmic: bool) -> Sequence[float]:
    if logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        return [float(f"{digit}e{power}") for power in powers for digit in (1, 3)]
    step = 10.0 ** math.floor(math.log10((high - low) or 1.0))
    step = step / 2 if (high - low) / step >= 2 else step / 10
    first = math.floor(low / step)
    return [round(step * (first + k), 10) for k in range(math.ceil((high - low) / step) + 2)]
