"""A column of measured values, brought to one unit and one relation a row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from screening.assay.values.beside import relation_word
from screening.assay.values.cells import (
    INACTIVE_WORDS,
    RELATIONS,
    TURNED,
    Cell,
    decimal_mark,
    is_missing_word,
    number_of,
    parse_cell,
    words_note,
)
from screening.assay.values.units import (
    P_VALUE,
    Unit,
    comparable,
    convert,
    names_p_value,
    names_quantity,
    needs_weight,
    turns,
    unit_in_name,
    unit_of,
)
from screening.errors import UserError


class OtherUnitsError(UserError):
    """No value of a column can be compared with the threshold."""


class CellError(ValueError):
    """A cell that is no value.

    Attributes
    ----------
    index : int
        Position of its row.
    """

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


class Reading(NamedTuple):
    """What one row measured.

    Attributes
    ----------
    relation : str
        `=`, or `<` and `>` for a limit; empty where nothing was measured.
    value : float
        In the unit of the column; NaN where nothing was measured.
    inactive : bool
        The cell is a word for: tested, and not active.
    problem : str
        Why a value that is there cannot be used; empty when it can, or there is none.
    unit : Unit or None
        The value is still in this unit, since the molecular weight decides what it is in that of
        the column.
    """

    relation: str
    value: float
    inactive: bool = False
    problem: str = ""
    unit: Unit | None = None

    @property
    def measured(self) -> bool:
        """Whether there is a value."""
        return bool(self.relation)

    @property
    def usable(self) -> bool:
        """Whether there is a value in the unit of the column."""
        return self.measured and self.unit is None


NOTHING = Reading("", math.nan)
SAYS_INACTIVE = Reading("", math.nan, inactive=True)


@dataclass(frozen=True)
class Scale:
    """What the values of a column are counted in.

    Attributes
    ----------
    unit : Unit or None
        None where neither cells nor names say it.
    logarithmic : bool
        Values span orders of magnitude: they are compared, and averaged, by their logarithms.
    """

    unit: Unit | None = None
    logarithmic: bool = False

    @property
    def in_log_units(self) -> bool:
        """Whether differences are of decadic logarithms."""
        return self.logarithmic or self.unit == P_VALUE

    def text(self, relation: str, value: float) -> str:
        """Return a value as it is shown."""
        return f"{'' if relation == '=' else relation}{value:.4g}"


@dataclass
class ValueColumn:
    """The values of an assay, a reading for each row.

    Attributes
    ----------
    name : str
    readings : list of Reading
    scale : Scale
    notes : list of str
        Sentences: units brought to one, words that mean nothing was measured.
    """

    name: str
    readings: list[Reading]
    scale: Scale
    notes: list[str] = field(default_factory=list)

    def weighed(self, reading: Reading, weight: float) -> Reading:
        """Return a reading in the unit of the column, now that the weight is known, g/mol."""
        if reading.unit is None or self.scale.unit is None:
            return reading
        value = convert(reading.value, reading.unit, self.scale.unit, weight)
        turned = turns(reading.unit, self.scale.unit)
        return Reading(TURNED[reading.relation] if turned else reading.relation, value)

    def brought_to(self, unit: Unit) -> ValueColumn:
        """Return the column in a unit that its own can be converted to without the weight."""
        own = self.scale.unit
        if own is None or own == unit:
            return self
        turned = turns(own, unit)
        readings = [
            r._replace(
                relation=TURNED[r.relation] if turned else r.relation,
                value=convert(r.value, own, unit),
            )
            if r.usable
            else r
            for r in self.readings
        ]
        scale = Scale(unit, unit.kind in ("molar", "mass"))
        return ValueColumn(self.name, readings, scale, self.notes)


def read_values(
    name: str,
    cells: Sequence[str],
    *,
    relations: Sequence[str] | None = None,
    turned: bool = False,
    units: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    wanted: Unit | None = None,
    commas_apart: bool = False,
) -> ValueColumn:
    """Read every row of a column of values.

    A row's unit is the one in its cell, or beside it, or in the column's name. The column's unit is
    the most frequent one among those that can be compared with the unit of the threshold; rows of
    other concentrations are converted to it, and rows of other units have a problem.

    Parameters
    ----------
    name, cells
        The column.
    relations, units, types
        The columns beside it.
    turned
        Whether relations are those of the concentration, and the values are p-values.
    wanted
        Unit of the threshold, if it has one.
    commas_apart
        Whether commas separate the cells of the file.

    Raises
    ------
    CellError
        A cell is no value, or a relation is none.
    UserError
        No value can be compared with the threshold.
    """
    parsed, inactive, words = _parsed(cells)
    mark = _decimal_mark(parsed, commas_apart=commas_apart, logarithms=names_p_value(name))
    row_units = _units(name, parsed, units, types)
    scale = _scale(name, parsed, row_units, types, wanted)
    readings, used = [], Counter[str]()
    for index, cell in enumerate(parsed):
        if cell is None:
            readings.append(SAYS_INACTIVE if index in inactive else NOTHING)
            continue
        try:
            value = number_of(cell.number, mark)
            beside = _relation(relations, index, turned)
            relation = _joined(cell.relation, beside)
        except ValueError as error:
            raise CellError(index, str(error)) from error
        reading = _on_scale(relation, value, row_units[index], scale)
        used[_counted_as(row_units[index], reading)] += 1
        readings.append(reading)
    if scale.logarithmic and scale.unit is None and any(r.value <= 0 for r in readings):
        scale = Scale()
    elif scale.logarithmic:
        readings = [_positive(reading) for reading in readings]
    return ValueColumn(name, readings, scale, _notes(name, scale, used, words, len(inactive)))


def _parsed(cells: Sequence[str]) -> tuple[list[Cell | None], set[int], Counter[str]]:
    """Return the parts of each cell, which rows say inactive, and how often each missing word."""
    parsed: list[Cell | None] = []
    inactive, words = set(), Counter[str]()
    for index, cell in enumerate(cells):
        text = cell.strip()
        if not text:
            parsed.append(None)
            continue
        if text.lower() in INACTIVE_WORDS:
            inactive.add(index)
            parsed.append(None)
        elif is_missing_word(text):
            words[text] += 1
            parsed.append(None)
        else:
            try:
                parsed.append(parse_cell(text))
            except ValueError as error:
                raise CellError(index, str(error)) from error
    return parsed, inactive, words


def _decimal_mark(parsed: Sequence[Cell | None], *, commas_apart: bool, logarithms: bool) -> str:
    numbers = [cell.number for cell in parsed if cell is not None]
    if not any("," in number or number.count(".") > 1 for number in numbers):
        return "."
    try:
        return decimal_mark(numbers, commas_apart=commas_apart, logarithms=logarithms)
    except ValueError as error:
        message, number = error.args
        index = next(i for i, cell in enumerate(parsed) if cell and cell.number == number)
        raise CellError(index, message) from error


def _units(
    name: str,
    parsed: Sequence[Cell | None],
    units: Sequence[str] | None,
    types: Sequence[str] | None,
) -> list[Unit | None]:
    named = unit_in_name(name)
    found: list[Unit | None] = []
    for index, cell in enumerate(parsed):
        beside = units[index].strip() if units is not None else ""
        if cell is None:
            found.append(None)
        elif cell.unit is not None:
            found.append(cell.unit)
        elif beside:
            found.append(unit_of(beside))
        elif types is not None and names_p_value(types[index]):
            found.append(P_VALUE)
        else:
            found.append(named)
    return found


def _scale(
    name: str,
    parsed: Sequence[Cell | None],
    units: Sequence[Unit | None],
    types: Sequence[str] | None,
    wanted: Unit | None,
) -> Scale:
    counts = Counter(unit for cell, unit in zip(parsed, units, strict=True) if cell is not None)
    if wanted is not None:
        counts = Counter({unit: n for unit, n in counts.items() if comparable(unit, wanted)})
        if not counts:
            raise OtherUnitsError(
                f"the threshold is in {wanted.name}, and no value of {name!r} is known to be in a "
                "unit that it can be compared with; name the column of units "
                "(units_column, --units-column), or give the threshold as a number."
            )
        # The threshold has no molecular weight, so it stays what it is: by weight, or not.
        alike = {u: n for u, n in counts.items() if u is not None and not needs_weight(u, wanted)}
        counts = Counter(alike or {wanted: 1})
    unit = counts.most_common(1)[0][0] if counts else None
    if unit is not None:
        return Scale(unit, unit.kind in ("molar", "mass"))
    kinds = Counter(types or ())
    return Scale(None, names_quantity(kinds.most_common(1)[0][0] if kinds else name))


def _relation(relations: Sequence[str] | None, index: int, turned: bool) -> str:
    if relations is None:
        return "="
    word = relation_word(relations[index])
    if word not in RELATIONS:
        raise ValueError(
            f"{relations[index]!r} beside it is no relation such as =, > or <; correct it, or name "
            "another column with relation_column (--relation-column NAME, or none)"
        )
    return TURNED[RELATIONS[word]] if turned else RELATIONS[word]


def _joined(cell: str, beside: str) -> str:
    if "=" not in (cell, beside) and cell != beside:
        raise ValueError(
            f"the cell says {cell} and its relation says {beside}; correct one of them"
        )
    return beside if cell == "=" else cell


def _on_scale(relation: str, value: float, unit: Unit | None, scale: Scale) -> Reading:
    if unit == scale.unit:
        return Reading(relation, value)
    if unit is None or scale.unit is None or not comparable(unit, scale.unit):
        mine, other = (u.name if u else "no unit" for u in (unit, scale.unit))
        return Reading("", math.nan, problem=f"a value in {mine}, where most are in {other}")
    if value <= 0 and unit.kind != "p":
        return Reading("", math.nan, problem=f"{value:g} is no concentration")
    if needs_weight(unit, scale.unit):
        return Reading(relation, value, unit=unit)
    turned = turns(unit, scale.unit)
    return Reading(TURNED[relation] if turned else relation, convert(value, unit, scale.unit))


def _positive(reading: Reading) -> Reading:
    if reading.value <= 0 and reading.unit is None:
        return Reading("", math.nan, problem=f"{reading.value:g} is no concentration")
    return reading


def _counted_as(unit: Unit | None, reading: Reading) -> str:
    return f"{'not ' if reading.problem else ''}{unit.name if unit else 'no unit'}"


def _notes(
    name: str, scale: Scale, used: Counter[str], words: Counter[str], inactive: int
) -> list[str]:
    notes = []
    if len(used) > 1:
        kept = [f"{n} in {u}" for u, n in used.most_common() if not u.startswith("not ")]
        lost = [
            f"{n} in {u.removeprefix('not ')}" for u, n in used.most_common() if u.startswith("not")
        ]
        unit = scale.unit.name if scale.unit else "no unit"
        brought = f", brought to {unit}" if len(kept) > 1 else ""
        left = f"; {', '.join(lost)} left out" if lost else ""
        notes.append(f"{name}: values {', '.join(kept)}{brought}{left}.")
    if words:
        notes.append(words_note(name, words))
    if inactive:
        notes.append(
            f"{name}: {inactive} cells say inactive without a number; where a compound has no "
            "value, that counts as its label."
        )
    return notes
