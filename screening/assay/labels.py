"""From the text of a cell to a label: words, numbers, censored values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from screening.errors import UserError

_ACTIVE = frozenset("1 1.0 true t yes y active a actives positive pos + hit".split())
_INACTIVE = frozenset("0 0.0 false f no n inactive i inactives negative neg - nonhit".split())
# What to do about values, in Python and on the command line.
GIVE_THRESHOLD = "give active_above or active_below (--active-above, --active-below)"
MISSING_WORDS = frozenset(["", "na", "n/a", "nan", "none", "null", "nd", "n.d.", "?", "missing"])
_VALUE = re.compile(
    r"^(?P<sign>[<>≤≥]=?|~|=)?\s*(?P<number>[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)$"
)


@dataclass(frozen=True)
class Threshold:
    """Where a measured value becomes active.

    Attributes
    ----------
    value : float
        In the units of the column.
    active_is_above : bool
        True for pIC50 or percent inhibition, False for IC50 or Ki.
    """

    value: float
    active_is_above: bool

    def describe(self) -> str:
        """Return the rule in words."""
        return f"active when {'above' if self.active_is_above else 'below'} {self.value:g}"


@dataclass(frozen=True)
class Label:
    """What one cell says.

    Attributes
    ----------
    label : float
        1 active, 0 inactive, NaN missing or undecided.
    value : float
        The measured number where the cell holds one, else NaN.
    note : str
        Why a filled cell gave no label; empty otherwise.
    """

    label: float
    value: float
    note: str = ""


MISSING = Label(math.nan, math.nan)


def make_threshold(active_above: float | None, active_below: float | None) -> Threshold | None:
    """Return the rule that the two options ask for.

    Raises
    ------
    UserError
        Both are given.
    """
    if active_above is not None and active_below is not None:
        raise UserError(
            "active_above and active_below (--active-above and --active-below) are both given; "
            "one of them says it all."
        )
    if active_above is not None:
        return Threshold(active_above, active_is_above=True)
    return None if active_below is None else Threshold(active_below, active_is_above=False)


def read_label(cell: str, threshold: Threshold | None) -> Label:
    """Read one cell.

    A censored value (`>10000`, `<= 5`) decides the label only when every value it allows falls on
    one side of the threshold; otherwise the label is missing, with a note.

    Raises
    ------
    ValueError
        The cell is neither a label nor, with a threshold, a number.
    """
    text = cell.strip()
    word = text.lower()
    if word in MISSING_WORDS:
        return MISSING
    if threshold is None:
        if word in _ACTIVE or word in _INACTIVE:
            return Label(float(word in _ACTIVE), math.nan)
        raise ValueError(f"{text!r} is no label")
    match = _VALUE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no number")
    value, sign = float(match["number"]), match["sign"] or "="
    return _decide(value, sign, threshold)


def _decide(value: float, sign: str, threshold: Threshold) -> Label:
    if sign in ("=", "~"):
        above = value > threshold.value
        active = above if threshold.active_is_above else value < threshold.value
        return Label(float(active), value)
    if sign[0] in ">≥" and value >= threshold.value:
        return Label(float(threshold.active_is_above), value)
    if sign[0] in "<≤" and value <= threshold.value:
        return Label(float(not threshold.active_is_above), value)
    note = f"{sign}{value:g} does not say on which side of {threshold.value:g} it is"
    return Label(math.nan, value, note)
