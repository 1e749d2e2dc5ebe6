"""What the cell of a measured value says: a relation, a number in any spelling, a unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from screening.assay.values.units import Unit, unit_of

# Words for: nothing is known. Also of labels.
MISSING_WORDS = frozenset(
    [
        *("", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "?", "missing", "blank", "empty"),
        *("nd", "n.d.", "n.d", "n/d", "not determined", "undetermined", "not determinable"),
        *("nt", "n.t.", "not tested", "untested", "not measured", "not available", "no data"),
        *("inconclusive", "unspecified", "unknown", "undefined", "ambiguous", "indeterminate"),
        *("pending", "tbd", "failed", "invalid", "error", "#div/0!", "#value!", "#num!", "#ref!"),
    ]
)
# Words for: tested, and nothing happened up to the highest concentration.
INACTIVE_WORDS = frozenset(
    [
        *("inactive", "not active", "non-active", "nonactive", "no activity", "no inhibition"),
        *("no effect", "not inhibited", "no binding", "no response"),
    ]
)
_DASHES = frozenset(["-", "--", "---", "\N{EN DASH}", "\N{EM DASH}", "."])

RELATIONS = {
    **dict.fromkeys(["", "=", "==", "~", "\N{ALMOST EQUAL TO}", "ca", "ca.", "approx", "c."], "="),
    **dict.fromkeys([">", ">=", "=>", ">>", "\N{GREATER-THAN OR EQUAL TO}", "gt", "ge"], ">"),
    **dict.fromkeys(["<", "<=", "=<", "<<", "\N{LESS-THAN OR EQUAL TO}", "lt", "le"], "<"),
}
TURNED = {"<": ">", ">": "<", "=": "="}

_SIGNS = r"[<>=~\N{ALMOST EQUAL TO}\N{LESS-THAN OR EQUAL TO}\N{GREATER-THAN OR EQUAL TO}]{1,2}"
_GROUPING = " '\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}"
_GROUPING += "\N{RIGHT SINGLE QUOTATION MARK}"
_BODY = rf"(?:\d[\d.,{_GROUPING}]*|[.,]\d+)(?:[eE][-+]?\d+)?"
_SIMPLE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_CELL = re.compile(
    rf"(?P<relation>{_SIGNS}|ca\.?)?\s*(?P<number>[-+\N{{MINUS SIGN}}]?{_BODY})\s*"
    rf"(?:(?:\N{{PLUS-MINUS SIGN}}|\+/-|\+-)\s*{_BODY}\s*)?(?P<unit>[^\d\s.,'].*)?"
)
_GROUPED = re.compile(
    rf"\d{{1,3}}(?P<mark>[{_GROUPING}])\d{{3}}(?:(?P=mark)\d{{3}})*(?:[.,]\d*)?(?:[eE][-+]?\d+)?"
)
_THOUSANDS = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}


class Cell(NamedTuple):
    """The parts of a cell that holds a value.

    Attributes
    ----------
    relation : str
        `<`, `>` or `=`.
    number : str
        As written, without thousands set apart by blanks or apostrophes.
    unit : Unit or None
        Where the cell names it.
    """

    relation: str
    number: str
    unit: Unit | None


def is_missing_word(text: str, of_value: bool = True) -> bool:
    """Tell whether a stripped cell says that nothing is known; in labels `-` means negative."""
    return text.lower() in MISSING_WORDS or (of_value and text in _DASHES)


def words_note(name: str, words: Counter[str]) -> str:
    """Return a sentence on the words for a missing value in a column, by how often each occurs."""
    listed = ", ".join(f"{word} {n}" for word, n in words.most_common(5))
    more = ", ..." if len(words) > 5 else ""
    return f"{name}: {words.total()} cells are words for a missing value ({listed}{more})."


def parse_cell(text: str) -> Cell:
    """Take a cell of a value apart.

    Raises
    ------
    ValueError
        It is no single number; the message has a hint where one helps.
    """
    if _SIMPLE.fullmatch(text):
        return Cell("=", text, None)
    match = _CELL.fullmatch(text)
    unit = unit_of(match["unit"]) if match and match["unit"] else None
    if match is None or (unit is not None and unit.kind == "other" and unit.name != "%"):
        raise ValueError(f"{text!r} is no number{_hint(text)}")
    number = match["number"].strip().replace("\N{MINUS SIGN}", "-")
    return Cell(RELATIONS[(match["relation"] or "").lower()], _ungrouped(number, text), unit)


def decimal_mark(numbers: Iterable[str], *, commas_apart: bool, logarithms: bool) -> str:
    """Return the decimal mark of a column, `.` or `,`.

    Parameters
    ----------
    numbers
        Of all cells, as `parse_cell` returns them.
    commas_apart
        Whether commas separate the cells of the file, which then seldom uses decimal commas.
    logarithms
        Whether the column holds p-values, which are never thousands.

    Raises
    ------
    ValueError
        Both marks are used, or `1,234` could be either; its second argument is the number.
    """
    shown: dict[str, str] = {}
    open_commas, integers = "", []
    for number in numbers:
        body = number.lstrip("+-").split("e")[0].split("E")[0]
        mark = _mark_of(body)
        if mark == "?":
            open_commas = open_commas or number
        elif mark:
            shown.setdefault(mark, number)
        elif body.isdigit():
            integers.append(int(body))
    if len(shown) == 2:
        raise ValueError(
            f"{shown[',']!r} has a decimal comma and {shown['.']!r} a decimal point; "
            "use one of them in the whole column",
            shown[","],
        )
    if shown or not open_commas:
        return next(iter(shown), ".")
    if logarithms:
        return ","
    if commas_apart or (integers and max(integers) < 1000):
        return "."
    plain = open_commas.replace(",", "")
    raise ValueError(
        f"{open_commas!r} could mean {plain} or {open_commas.replace(',', '.')}, and no other cell "
        "of the column tells; write one of the two",
        open_commas,
    )


def number_of(text: str, mark: str) -> float:
    """Return a number whose decimal mark is known.

    Raises
    ------
    ValueError
        Its thousands are not set apart by threes, or it has several decimal marks.
    """
    other = "," if mark == "." else "."
    whole, *rest = text.lstrip("+-").split(mark)
    grouped = other not in text or _THOUSANDS[other].fullmatch(whole)
    if not grouped or len(rest) > 1 or any(other in part for part in rest):
        raise ValueError(f"{text!r} is no number; write it without marks between its digits")
    return float(text.replace(other, "").replace(mark, "."))


def _mark_of(body: str) -> str:
    """Return the decimal mark that a number shows; ? for `1,234`, empty where it tells nothing."""
    commas, dots = body.count(","), body.count(".")
    if commas and dots:
        return "," if body.rindex(",") > body.rindex(".") else "."
    if commas > 1 or dots > 1:
        grouped = _THOUSANDS["," if commas else "."].fullmatch(body)
        return "" if grouped is None else "." if commas else ","
    if commas:
        return "?" if _THOUSANDS[","].fullmatch(body) and not body.startswith("0") else ","
    # A point before three digits may set thousands apart where others have decimal commas.
    return "." if dots and not _THOUSANDS["."].fullmatch(body) else ""


def _ungrouped(number: str, text: str) -> str:
    if not any(mark in number for mark in _GROUPING):
        return number
    if not _GROUPED.fullmatch(number.lstrip("+-")):
        raise ValueError(f"{text!r} is no number{_hint(text)}")
    return "".join(letter for letter in number if letter not in _GROUPING)


def _hint(text: str) -> str:
    if re.search(r"\d\s*(?:-|\N{EN DASH}|to|\.\.)\s*\d", text):
        return "; of a range, give one value, or its limit with < or >"
    if re.search(r"\d\s*[;/|]\s*\d", text):
        return "; give each value a row of its own"
    if re.search(r"10\s*\^|[x*\N{MULTIPLICATION SIGN}]\s*10", text):
        return "; write powers of ten as 1.2e3"
    if re.search(r"\d\s*\(", text):
        return "; leave out what stands in brackets"
    return "; leave the cell empty where nothing was measured"
