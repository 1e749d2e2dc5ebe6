"""Rows of an SDF file: the structure as SMILES, the title, and one column a data item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from rdkit import Chem, rdBase

from screening.errors import UserError
from screening.tables.records import Lines, Record

SMILES, TITLE = "smiles", "title"
_VERSION = re.compile(r"V[23]000\s*$")
_ITEM = re.compile(r">.*<(.+)>")
_END_OF_RECORD = "$$$$"
_LONGEST_RECORD = 1 << 24
# Blocks longer than this hold a thousand atoms; their size is judged before they are understood.
_LONG_BLOCK = 80_000


def is_sdf(head: str) -> bool:
    """Tell an SDF file by its fourth line, which ends in V2000 or V3000."""
    lines = head.splitlines()
    return len(lines) > 3 and _VERSION.search(lines[3]) is not None


def sdf_records(source: str, text: TextIO, names: list[str]) -> Iterator[Record]:
    """Yield every record, numbered from 1.

    Parameters
    ----------
    source
        Name of the file, for messages.
    text
        With its line ends as they are.
    names
        Names of the columns. Grows as records bring data items that were not seen before; cells
        of a row never exceed the names known when it is yielded.

    Raises
    ------
    UserError
        A record never ends.
    """
    places: dict[str, int] = {}
    for number, lines in enumerate(_split(source, Lines(source, text)), start=1):
        end = next((i + 1 for i, line in enumerate(lines) if line.startswith("M  END")), None)
        smiles, problem = (
            _smiles(lines[:end]) if end else ("", "the structure has no 'M  END' line")
        )
        cells = [smiles, lines[0].strip(), *[""] * (len(names) - 2)]
        for item, value in _items(lines[end or 0 :]):
            if item not in places:
                places[item] = len(names)
                names.append(_free(item, names))
                cells.append("")
            cells[places[item]] = value
        yield number, cells, problem


def _free(item: str, names: list[str]) -> str:
    name, copy = item, 2
    while name in names:
        name, copy = f"{item}_{copy}", copy + 1
    return name


def _split(source: str, text: Iterable[str]) -> Iterator[list[str]]:
    lines: list[str] = []
    size = number = 0
    for line in text:
        if line.startswith(_END_OF_RECORD):
            yield lines or [""]
            lines, size, number = [], 0, number + 1
            continue
        lines.append(line.rstrip("\r\n"))
        size += len(line)
        if size > _LONGEST_RECORD:
            raise UserError(
                f"{source}, record {number + 1}: no '$$$$' line ends it within "
                f"{_LONGEST_RECORD >> 20} MiB; is this an SDF file?"
            )
    if any(line.strip() for line in lines):
        yield lines


def _items(lines: list[str]) -> Iterator[tuple[str, str]]:
    rest = iter(lines)
    for line in rest:
        if found := _ITEM.match(line):
            value: list[str] = []
            for cell in rest:
                if not cell.strip():
                    break
                value.append(cell)
            yield found[1], "\n".join(value)


def _smiles(lines: list[str]) -> tuple[str, str]:
    """Return a mol block as SMILES and no problem, or nothing and the problem.

    A structure that RDKit reads but does not accept is written as it stands, so that whoever reads
    the SMILES meets the same objection and can say what it is.
    """
    block = "\n".join(lines) + "\n"
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(block) if len(block) < _LONG_BLOCK else None
        if mol is not None:
            return str(Chem.MolToSmiles(mol)), ""
        raw = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        if raw is None:
            return "", "RDKit cannot read the mol block"
        return str(Chem.MolToSmiles(raw, canonical=False)), ""
