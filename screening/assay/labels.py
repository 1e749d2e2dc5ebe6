"""What a cell or a value says: active, inactive, or nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from screening.assay.values.cells import is_missing_word
from screening.assay.values.column import Scale
from screening.assay.values.units import P_VALUE, Unit, convert, turns, unit_of
from screening.errors import UserError

_ACTIVE = frozenset("1 1.0 true t yes y active a actives positive pos + hit".split())
_INACTIVE = frozenset("0 0.0 false f no n inactive i inactives negative neg - nonhit".split())
_INACTIVE |= {"not active", "non-active"}
# What to do about values, in Python and on the command line.
GIVE_THRESHOLD = "give active_above or active_below (--active-above, --active-below)"
_THRESHOLD = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\D.*)?")


@dataclass(frozen=True)
class Threshold:
    """Where a measured value becomes active.

    Attributes
    ----------
    value : float
        In `unit`, or in that of the column where there is none.
    active_is_above : bool
        True for pIC50 or percent inhibition, False for IC50 or Ki.
    unit : Unit or None
        As given: `100nM`.
    """

    value: float
    active_is_above: bool
    unit: Unit | None = None

    def describe(self) -> str:
        """Return the rule in words."""
        unit = f" {self.unit.name}" if self.unit and self.unit != P_VALUE else ""
        return f"{'above' if self.active_is_above else 'below'} {self.value:g}{unit}"

    def on(self, scale: Scale) -> Threshold:
        """Return the same threshold for the values of a column.

        Raises
        ------
        UserError
            The values are concentrations, and the threshold is not above 0.
        """
        if scale.logarithmic and self.value <= 0:
            raise UserError(f"active {self.describe()}: a concentration is above 0.")
        if self.unit is None or scale.unit is None:
            return replace(self, unit=scale.unit)
        above = self.active_is_above != turns(self.unit, scale.unit)
        return Threshold(convert(self.value, self.unit, scale.unit), above, scale.unit)


@dataclass(frozen=True)
class Rule:
    """How the values of a task become labels: for who reads more of them later.

    Attributes
    ----------
    threshold : Threshold
        In the unit of the values.
    scale : Scale
        What the values are counted in.
    """

    threshold: Threshold
    scale: Scale

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Rule:
        """Build the rule that `to_dict` described."""
        threshold, scale = dict(stored["threshold"]), dict(stored["scale"])
        for part in (threshold, scale):
            part["unit"] = None if part["unit"] is None else Unit(**part["unit"])
        return cls(Threshold(**threshold), Scale(**scale))


@dataclass(frozen=True)
class Label:
    """What is known of one compound.

    Attributes
    ----------
    label : float
        1 active, 0 inactive, NaN missing or undecided.
    value : float
        The measured number where there is one, else NaN.
    relation : str
        `=`, or `<` and `>` where the number is a limit.
    """

    label: float
    value: float = math.nan
    relation: str = "="


MISSING = Label(math.nan)


def make_threshold(
    active_above: float | str | None, active_below: float | str | None
) -> Threshold | None:
    """Return the rule that the two options ask for.

    Raises
    ------
    UserError
        Both are given, or one is no number with or without a unit.

    Examples
    --------
    >>> make_threshold(None, "0.1 uM").describe()
    'below 0.1 uM'
    """
    if active_above is not None and active_below is not None:
        raise UserError(
            "active_above and active_below (--active-above and --active-below) are both given; "
            "one of them says it all."
        )
    if active_above is not None:
        return Threshold(*_amount(active_above, is_above=True))
    return None if active_below is None else Threshold(*_amount(active_below, is_above=False))


def _amount(given: float | str, *, is_above: bool) -> tuple[float, bool, Unit | None]:
    match = _THRESHOLD.fullmatch(str(given))
    unit = unit_of(match[2]) if match and match[2] else None
    if match is None or (unit is not None and unit.kind == "other" and unit.name != "%"):
        raise UserError(
            f"{given!r} is no threshold; give a number, alone (100) or with a unit (100nM, 0.1uM, "
            "50%)."
        )
    if unit is not None and unit.kind == "p":
        unit = None
    return float(match[1]), is_above, unit


def read_label(cell: str) -> float:
    """Return 1, 0, or NaN where the cell is empty or says that nothing is known.

    Raises
    ------
    ValueError
        The cell is no label.
    """
    text = cell.strip()
    word = text.lower()
    if is_missing_word(text, of_value=False):
        return math.nan
    if word in _ACTIVE or word in _INACTIVE:
        return float(word in _ACTIVE)
    raise ValueError(f"{text!r} is no label")


def decide(relation: str, value: float, threshold: Threshold) -> float:
    """Return 1, 0, or NaN where a limit leaves open on which side of the threshold the value is.

    Parameters
    ----------
    relation
        `=`, `<` or `>`.
    value, threshold
        In the same unit.

    Examples
    --------
    >>> below_100 = make_threshold(None, 100)
    >>> [decide(">", value, below_100) for value in (50, 10000)]
    [nan, 0.0]
    """
    if relation == "=":
        above = threshold.active_is_above
        return float(value > threshold.value if above else value < threshold.value)
    if relation == ">" and value >= threshold.value:
        return float(threshold.active_is_above)
    if relation == "<" and value <= threshold.value:
        return float(not threshold.active_is_above)
    return math.nan
