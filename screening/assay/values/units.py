"""Units of measured values, and what the name of a column says of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["molar", "p", "mass", "other"]


@dataclass(frozen=True)
class Unit:
    """What a value is counted in.

    Attributes
    ----------
    name : str
        As it is shown.
    kind : str
        molar (a concentration), p (its negative decadic logarithm, of mol/L), mass (a
        concentration by weight) or other.
    size : float
        Moles, or grams, in a litre; 1 for the other kinds.
    """

    name: str
    kind: Kind
    size: float = 1.0


P_VALUE = Unit("p", "p")
PERCENT = Unit("%", "other")

_PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}
_WORDS = {
    "femto": "f",
    "pico": "p",
    "nano": "n",
    "micro": "u",
    "milli": "m",
    "": "",
}
_MOLAR = re.compile(r"(?P<prefix>[fpnum]?)(?:m|mol/l|mol\.?l-1|mol/dm3)")
_MOLAR_WORD = re.compile(r"(?P<word>femto|pico|nano|micro|milli|)molar")
_MASS = re.compile(r"(?P<gram>mc|[fpnum]?)g(?:/(?P<per>[num]?)l|\.?(?P<inverse>[num]?)l-1)")
_P = re.compile(r"(?:-|p|neg)log(10)?[\[(]?m?(ol/l|olar)?[\])]?")

# Quantities that span orders of magnitude: IC50, EC90, Ki, MIC, ...
_QUANTITY = re.compile(
    r"(?<![a-z])(?:(?:ic|ec|ac|xc|gi|cc|dc|lc|tc|sc|ed|ld|mic)_?\d\d"
    r"|(?:mic|k[idbm]|potency)(?![a-z]))",
    re.IGNORECASE,
)
_P_NAME = re.compile(
    r"(?<![a-z])p(?:(?:ic|ec|ac|xc|gi|cc|dc|lc|tc|sc|ed|ld)_?\d\d|mic|k[idb]|a2|chembl|potency"
    r"|activity)(?![a-z])|(?<![a-z])neg_?log|(?<![a-z0-9])-\s*log",
    re.IGNORECASE,
)
_UNIT_IN_NAME = re.compile(r"(?<![A-Za-z])(?:[pnum]M)(?![A-Za-z])")
_SLOPPY_IN_NAME = re.compile(r"(?<![a-z])(?:[pnum]?m)(?![a-z])", re.IGNORECASE)
_MASS_IN_NAME = re.compile(r"(?<![a-z])[pnum]?g/[num]?l(?![a-z])", re.IGNORECASE)
_PERCENT_IN_NAME = re.compile(r"%|(?<![a-z])(?:percent|pct)(?![a-z])", re.IGNORECASE)


@lru_cache(maxsize=1000)
def unit_of(text: str) -> Unit:
    """Return the unit that a text names; one that is not known is a unit of its own.

    Small and capital letters are alike, since tables write nM as nm and NM.

    Examples
    --------
    >>> unit_of("µM"), unit_of("ug.mL-1").kind, unit_of("-log(M)").kind
    (Unit(name='uM', kind='molar', size=1e-06), 'mass', 'p')
    """
    shown = " ".join(text.split()).strip("[]")
    folded = _plain(shown).lower().replace(" ", "")
    if folded.startswith("(") and folded.endswith(")"):
        folded = folded[1:-1]
    if molar := _MOLAR.fullmatch(folded):
        return _molar(molar["prefix"])
    if word := _MOLAR_WORD.fullmatch(folded):
        return _molar(_WORDS[word["word"]])
    if mass := _MASS.fullmatch(folded):
        gram = mass["gram"].replace("mc", "u")
        per = mass["per"] if mass["per"] is not None else mass["inverse"]
        return Unit(f"{gram}g/{per}L", "mass", _PREFIXES[gram] / _PREFIXES[per])
    if _P.fullmatch(folded) or names_p_value(shown):
        return P_VALUE
    if folded in ("%", "percent", "pct"):
        return PERCENT
    return Unit(shown, "other")


def unit_in_name(name: str) -> Unit | None:
    """Return the unit that the name of a column says, as in `IC50_nM`, `Ki (uM)` and `pIC50`.

    `nm` may be a wavelength: written so it counts only beside a quantity such as IC50.
    """
    if names_p_value(name):
        return P_VALUE
    plain = _plain(name)
    if mass := _MASS_IN_NAME.search(plain):
        return unit_of(mass[0])
    found = _UNIT_IN_NAME.findall(plain)
    if not found and names_quantity(name):
        found = _SLOPPY_IN_NAME.findall(plain)
    if found:
        return unit_of(found[-1])
    return PERCENT if _PERCENT_IN_NAME.search(name) else None


def names_p_value(name: str) -> bool:
    """Tell whether a name is one of a negative logarithm: pIC50, pKi, pChEMBL Value."""
    return _P_NAME.search(name) is not None


def names_quantity(name: str) -> bool:
    """Tell whether a name is one of a concentration that has an effect: IC50, Ki, EC50."""
    return not names_p_value(name) and _QUANTITY.search(name) is not None


def needs_weight(unit: Unit, other: Unit) -> bool:
    """Tell whether the molecular weight is needed to bring one unit to the other."""
    return (unit.kind == "mass") != (other.kind == "mass")


def comparable(unit: Unit | None, other: Unit | None) -> bool:
    """Tell whether values of both can be brought to one unit."""
    if unit is None or other is None:
        return unit is other
    concentrations = ("molar", "p", "mass")
    return unit == other or (unit.kind in concentrations and other.kind in concentrations)


def turns(unit: Unit | None, other: Unit | None) -> bool:
    """Tell whether more in one unit is less in the other."""
    return unit is not None and other is not None and (unit.kind == "p") != (other.kind == "p")


def convert(value: float, unit: Unit, other: Unit, weight: float = math.nan) -> float:
    """Return a value in another unit.

    Parameters
    ----------
    value
        Positive, unless `unit` is a logarithm.
    unit, other
        That of the value, and the one that is wanted; both concentrations.
    weight
        Molecular weight, g/mol, where one of the two is by weight.
    """
    if unit == other:
        return value
    per_litre = unit.size * (1 / weight if unit.kind == "mass" else 1.0)
    wanted = other.size * (1 / weight if other.kind == "mass" else 1.0)
    if other.kind == "p":
        # Apart, so that 100 nM is 7 and not 6.999...
        return -math.log10(per_litre) - math.log10(value)
    if unit.kind == "p":
        return float(10.0 ** (-math.log10(wanted) - value))
    # Of powers of ten, the larger by the smaller one is exact.
    if per_litre >= wanted:
        return value * (_round_power(per_litre / wanted))
    return value / (_round_power(wanted / per_litre))


def _round_power(ratio: float) -> float:
    """Return a power of ten as it is, without the error of dividing two of them."""
    nearest = float(10 ** round(math.log10(ratio)))
    return nearest if math.isclose(ratio, nearest, rel_tol=1e-12) else ratio


def _molar(prefix: str) -> Unit:
    return Unit(f"{prefix}M", "molar", _PREFIXES[prefix])


def _plain(text: str) -> str:
    """Return a text with a u for either micro sign."""
    return text.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
