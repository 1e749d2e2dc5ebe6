"""A workbook read by the letter: what a spreadsheet would show, from the XML in the zip."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Workbook(NamedTuple):
    """The first sheet.

    Attributes
    ----------
    cells : dict
        (row, column), from 0 -> text or number.
    formulas, links : int
    pictures : dict
        Row -> PNG bytes.
    """

    cells: dict[tuple[int, int], str | float]
    formulas: int
    links: int
    pictures: dict[int, bytes]

    def row(self, number: int, width: int) -> list[str | float]:
        return [self.cells.get((number, column), "") for column in range(width)]


@pytest.fixture
def read_workbook() -> Callable[[Path], Workbook]:
    return _read


def _read(path: Path) -> Workbook:
    with zipfile.ZipFile(path) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    for name, data in parts.items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(data)
    strings = []
    if "xl/sharedStrings.xml" in parts:
        table = ElementTree.fromstring(parts["xl/sharedStrings.xml"])
        strings = [_text("".join(t.text or "" for t in si.iter(f"{MAIN}t"))) for si in table]
    sheet = ElementTree.fromstring(parts["xl/worksheets/sheet1.xml"])
    cells = {}
    for cell in sheet.iter(f"{MAIN}c"):
        value = cell.find(f"{MAIN}v")
        if value is not None and value.text is not None:
            kind = cell.attrib.get("t", "n")
            assert kind in ("s", "n")
            cells[_place(cell.attrib["r"])] = (
                strings[int(value.text)] if kind == "s" else float(value.text)
            )
    formulas = len(list(sheet.iter(f"{MAIN}f")))
    links = sum(data.count(b'="External"') for data in parts.values())
    return Workbook(cells, formulas, links, _pictures(parts))


def _text(stored: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), stored)


def _place(name: str) -> tuple[int, int]:
    letters, digits = re.fullmatch("([A-Z]+)([0-9]+)", name).groups()
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return int(digits) - 1, column - 1


def _pictures(parts: dict[str, bytes]) -> dict[int, bytes]:
    if "xl/drawings/drawing1.xml" not in parts:
        return {}
    links = ElementTree.fromstring(parts["xl/drawings/_rels/drawing1.xml.rels"])
    targets = {link.attrib["Id"]: link.attrib["Target"].replace("..", "xl") for link in links}
    found = {}
    for anchor in ElementTree.fromstring(parts["xl/drawings/drawing1.xml"]):
        row = int(anchor.find(f"{DRAWING}from/{DRAWING}row").text)
        (link,) = [
            value
            for element in anchor.iter()
            for name, value in element.attrib.items()
            if name.endswith("embed")
        ]
        found[row] = parts[targets[link]]
    return found
