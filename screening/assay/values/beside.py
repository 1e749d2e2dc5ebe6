"""Columns that stand beside a measured value: its relation, its unit, what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.assay.values.cells import RELATIONS
from screening.assay.values.units import (
    PERCENT,
    names_p_value,
    names_quantity,
    unit_in_name,
    unit_of,
)
from screening.errors import UserError
from screening.tables import AssayTable

# Given as the name of a column, it says that there is none.
NO_COLUMN = "none"
_RELATION_WORDS = ("relation", "operator", "qualifier", "modifier")
_UNIT_WORDS = ("units", "unit", "uom")
_TYPE_WORDS = ("type", "endpoint")
# A prefix that belongs to any value, unless a column of that prefix is the one closer to it.
_COMMON = ("", "standard")


@dataclass(frozen=True)
class Beside:
    """Names of the columns beside a value, None where there is none.

    Attributes
    ----------
    relation : str or None
        `>`, `<`, `=` and their like.
    units : str or None
    types : str or None
        What was measured: IC50, Ki, ...
    turned : bool
        The value is a p-value, and the relation is that of the concentration: `>` means `<`.
    """

    relation: str | None = None
    units: str | None = None
    types: str | None = None
    turned: bool = False

    def describe(self, target: str) -> str:
        """Return what was found in words; empty when nothing was."""
        parts = []
        if self.relation is not None:
            turned = " (those of the concentration: > counts as <)" if self.turned else ""
            parts.append(f"relations in {self.relation!r}{turned}")
        if self.units is not None:
            parts.append(f"units in {self.units!r}")
        return f"{target}: {', '.join(parts)}." if parts else ""


def columns_beside(
    table: AssayTable,
    target: str,
    targets: Sequence[str],
    relation_column: str | None = None,
    units_column: str | None = None,
) -> Beside:
    """Find the columns beside a value by their names and by what they hold.

    A column is taken that is named `relation`, `operator`, `qualifier` or `modifier` (`units`,
    `unit`), alone or after `standard` or the words that the target begins with. Where there are
    several targets, only those after the target's own words are.

    Parameters
    ----------
    table, target, targets
        The assay, the column of values, and all such columns.
    relation_column, units_column
        As told: a name, `none`, or None to look.

    Raises
    ------
    UserError
        A named column is not there, or several could be meant.
    """

    def find(
        told: str | None, what: str, words: Sequence[str], holds: Callable[[str], bool]
    ) -> str | None:
        if told is not None:
            option = f"{what}_column, --{what}-column"
            return None if told.lower() == NO_COLUMN else table.column(told, option)
        return _found(table, target, targets, what, words, holds)

    relation = find(relation_column, "relation", _RELATION_WORDS, is_relation)
    units = find(units_column, "units", _UNIT_WORDS, _is_unit)
    types = _found(table, target, targets, "", _TYPE_WORDS, _is_type)
    if unit_in_name(target) == PERCENT and units_column is None:
        units = None
    if not names_p_value(target):
        return Beside(relation, units, types)
    # Units of concentrations are not those of their logarithms.
    of_concentration = units is not None and not any(map(names_p_value, table.cells[units]))
    turned = relation is not None and (
        of_concentration
        or _folded(relation).startswith("standard")
        or any(map(names_quantity, table.columns.names))
    )
    if of_concentration and units_column is None:
        units = None
    return Beside(relation, units, types, turned)


def _is_unit(cell: str) -> bool:
    unit = unit_of(cell)
    return unit.kind != "other" or unit == PERCENT


def is_relation(cell: str) -> bool:
    """Tell whether a cell is `>` or the like, or empty."""
    return relation_word(cell) in RELATIONS


def relation_word(cell: str) -> str:
    """Return the cell of a relation without quotes, in small letters."""
    return cell.strip().strip("'\"").strip().lower()


def _is_type(cell: str) -> bool:
    return names_quantity(cell) or names_p_value(cell)


def _found(
    table: AssayTable,
    target: str,
    targets: Sequence[str],
    what: str,
    words: Sequence[str],
    holds: Callable[[str], bool],
) -> str | None:
    own = _folded(target)
    common = _COMMON if len(targets) == 1 else ()
    found: dict[str, str] = {}
    for name in table.columns.names:
        prefix = _prefix(_folded(name), words)
        if prefix is None or name in (table.columns.smiles, table.columns.id, *targets):
            continue
        belongs = prefix in common or (prefix and own.startswith(prefix))
        if belongs and _mostly(list(table.cells[name]), holds):
            found.setdefault(prefix, name)
    if len(found) > 1:
        # `standard_value` has `standard_units`, and `value` has `units`.
        mine = [prefix for prefix in found if prefix and own.startswith(prefix)]
        family = "standard" if names_p_value(target) else ""
        best = max(mine, key=len) if mine else family
        if best not in found and what:
            raise UserError(
                f"{table.source}: {' and '.join(map(repr, found.values()))} could both be beside "
                f"{target!r}; name one, or {NO_COLUMN}, with {what}_column (--{what}-column)."
            )
        return found.get(best)
    return next(iter(found.values()), None)


def _prefix(folded: str, words: Sequence[str]) -> str | None:
    """Return what stands before one of the words at the end of a name, None if none does."""
    for word in words:
        if folded.endswith(word):
            return folded.removesuffix(word)
    return None


def _mostly(cells: Sequence[str], holds: Callable[[str], bool]) -> bool:
    kinds: dict[str, int] = {}
    for cell in cells:
        kinds[cell] = kinds.get(cell, 0) + 1
    filled = {cell: count for cell, count in kinds.items() if cell.strip()}
    held = sum(count for cell, count in filled.items() if holds(cell))
    return bool(filled) and 2 * held >= sum(filled.values())


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
