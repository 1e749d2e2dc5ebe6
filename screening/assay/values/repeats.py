"""Several measurements of one structure, combined to one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from screening.assay.values.column import Reading


class Combined(NamedTuple):
    """What several readings come to.

    Attributes
    ----------
    relation : str
        `=`, or `<` and `>` where only a limit is known.
    value : float
    spread : float
        Largest less smallest of the readings that took part; of logarithms where the column is
        logarithmic.
    """

    relation: str
    value: float
    spread: float


def combine(readings: Sequence[Reading], *, logarithmic: bool) -> Combined:
    """Return the median of repeated measurements.

    Of an even number it is the mean of the middle two: their geometric mean where the values are
    concentrations. Limits (`>10000`) take part so:

    - A limit that holds for the median of the exact values adds nothing, and is left out.
    - One that contradicts it counts as a value at its limit. If the median falls on it, the result
      is that limit.
    - Without exact values, the strictest limit counts: of `>10` and `>30` it is `>30`. Limits in
      both directions count as values at their limits.

    Parameters
    ----------
    readings
        At least one, all with a value.
    logarithmic
        Whether the values are concentrations.

    Examples
    --------
    >>> from screening.assay.values.column import Reading
    >>> fifty, sixty, beyond = Reading("=", 50), Reading("=", 60), Reading(">", 10000)
    >>> combine([fifty, sixty, beyond], logarithmic=True)[:2]
    ('=', 60.0)
    >>> combine([fifty, beyond, beyond], logarithmic=True)[:2]
    ('>', 10000.0)
    >>> combine([sixty, Reading(">", 10)], logarithmic=True)[:2]
    ('=', 60.0)
    """
    if len(readings) == 1:
        return Combined(readings[0].relation, float(readings[0].value), 0.0)
    exact = [reading for reading in readings if reading.relation == "="]
    if exact:
        middle = _median(exact, logarithmic)[1]
        taken = exact + [r for r in readings if r.relation != "=" and not _holds(r, middle)]
    elif len({reading.relation for reading in readings}) == 1:
        strictest = max if readings[0].relation == ">" else min
        taken = [strictest(readings, key=lambda reading: reading.value)]
    else:
        taken = [Reading("=", reading.value) for reading in readings]
    relation, value = _median(taken, logarithmic)
    values = np.array([reading.value for reading in taken])
    spread = float(np.ptp(np.log10(values) if logarithmic else values))
    return Combined(relation, value, spread)


def _holds(limit: Reading, value: float) -> bool:
    return value >= limit.value if limit.relation == ">" else value <= limit.value


def _median(readings: Sequence[Reading], logarithmic: bool) -> tuple[str, float]:
    """Return the median, as a limit if it falls on limits of one direction."""
    beyond = {"<": -1, "=": 0, ">": 1}
    ordered = sorted(readings, key=lambda r: (r.value, beyond[r.relation]))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    limits = {low.relation, high.relation} - {"="}
    relation = limits.pop() if len(limits) == 1 else "="
    if low.value == high.value:
        return relation, float(low.value)
    mean = math.sqrt(low.value * high.value) if logarithmic else (low.value + high.value) / 2
    return relation, float(mean)
