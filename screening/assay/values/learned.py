"""The scale on which values are learned, and the way back to the unit of the assay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from screening.assay.values.column import Scale

# Digits of a value that are shown and kept; no assay has more.
DIGITS = 6

_Number = TypeVar("_Number", float, NDArray[np.float64])


@dataclass(frozen=True)
class LearnedScale:
    """How the values of a task are turned into numbers that are learned.

    Concentrations are learned as their negative decadic logarithm, since their errors are factors;
    all other values as they are. More is more potent on the former scale, and less in the unit.

    Attributes
    ----------
    unit : str
        That the assay counts in; empty where it is not known.
    logarithmic : bool
        Whether the logarithm is learned.
    offset : float or None
        What added to a learned number gives -log10 of mol/L; None where that is not known.
    """

    unit: str = ""
    logarithmic: bool = False
    offset: float | None = None

    @classmethod
    def of(cls, scale: Scale) -> LearnedScale:
        """Return the scale for values that are counted in a scale.

        Examples
        --------
        >>> from screening.assay.values.units import unit_of
        >>> nanomolar = LearnedScale.of(Scale(unit_of("nM"), logarithmic=True))
        >>> float(nanomolar.potency(nanomolar.learned(np.array([100.0])))[0])
        7.0
        """
        unit = scale.unit
        name = unit.name if unit is not None else ""
        if unit is not None and unit.kind == "p":
            return cls(name, scale.logarithmic, 0.0)
        if unit is not None and unit.kind == "molar" and scale.logarithmic:
            return cls(name, True, -round(math.log10(unit.size)))
        return cls(name, scale.logarithmic)

    def describe(self) -> str:
        """Return in words what differences of learned numbers are counted in."""
        if self.logarithmic or self.offset is not None:
            return "log units"
        return self.unit or "the unit of the column"

    def learned(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the assay as they are learned; NaN stays NaN."""
        return -np.log10(values) if self.logarithmic else np.asarray(values, dtype=np.float64)

    def values(self, learned: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return learned numbers in the unit of the assay, to six digits."""
        return _rounded(10.0**-learned if self.logarithmic else learned)

    def interval(
        self, low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return an interval of learned numbers in the unit, the smaller end first."""
        ends = self.values(low), self.values(high)
        return (ends[1], ends[0]) if self.logarithmic else ends

    def potency(self, learned: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return -log10 of mol/L, to six decimals.

        Raises
        ------
        ValueError
            The scale has none.
        """
        if self.offset is None:
            raise ValueError(f"values in {self.unit or 'no unit'} have no p-value")
        return np.round(learned + self.offset, DIGITS)

    def sides(self, relations: NDArray[np.str_]) -> NDArray[np.int8]:
        """Return on which side of each learned number the truth lies: 1 above, -1 below, 0 on it.

        Parameters
        ----------
        relations : str array
            `=`, `<` or `>`, of the values in the unit.
        """
        above = np.int8(-1 if self.logarithmic else 1)
        return np.where(relations == ">", above, np.where(relations == "<", -above, np.int8(0)))

    def to_dict(self) -> dict[str, Any]:
        """Return the scale as a JSON-able dict."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> LearnedScale:
        """Build the scale that `to_dict` described."""
        return cls(**stored)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of any size to so many digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    usable = np.isfinite(size)
    factor = 10.0 ** (DIGITS - 1 - np.where(usable, size, 0.0))
    return np.where(usable, np.round(values * factor) / factor, values)
