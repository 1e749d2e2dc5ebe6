"""Fields of a form, read strictly: a text, a number in its range, a name for what is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from screening.errors import UserError
from screening.systems import fits_everywhere

_NAME = re.compile(r"[\w][\w .+()-]{0,79}")


def text(form: Mapping[str, Any], name: str) -> str:
    """Return a field without blanks around it; empty where it is missing."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def number(form: Mapping[str, Any], name: str, label: str, low: float, high: float) -> float | None:
    """Return a number, None where the field is empty.

    Raises
    ------
    UserError
        It is none, or out of its range.
    """
    given = text(form, name)
    if not given:
        return None
    try:
        value = float(given.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UserError(f"{label}: {given[:50]!r} is no number from {low:g} to {high:g}.")
    return value


def whole(form: Mapping[str, Any], name: str, label: str, low: int, high: int) -> int | None:
    """Return a whole number, None where the field is empty.

    Raises
    ------
    UserError
        It is none, or out of its range.
    """
    value = number(form, name, label, low, high)
    if value is not None and value != int(value):
        raise UserError(f"{label}: {value:g} is no whole number.")
    return None if value is None else int(value)


def new_name(form: Mapping[str, Any], name: str, label: str) -> str:
    """Return the name of something that is made.

    Raises
    ------
    UserError
        It is no plain name of a file.
    """
    given = text(form, name)
    if not _NAME.fullmatch(given) or not fits_everywhere(given):
        raise UserError(
            f"{label}: {given[:80]!r} is no name here; take letters, digits, blanks and . + - ( )."
        )
    return given
