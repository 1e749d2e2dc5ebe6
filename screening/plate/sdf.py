"""Picked compounds as an SD file, for a vendor's order form or a docking program.

RDKit writes the structures; the data items are written here, because RDKit leaves out those whose
names it uses itself (a name that begins with an underscore, `numArom`, ...).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdkit import Chem

from screening.drawing import laid_out
from screening.tables import write_atomically

if TYPE_CHECKING:
    import pandas as pd

# The format's limit for the first line of a record; the whole name is a data item.
_TITLE = 80
_END = "$$$$"
# Signs that are neither seen nor a blank.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")


def write_sdf(table: pd.DataFrame, mols: Sequence[Chem.Mol], path: Path) -> None:
    """Write one record a row: drawn structure, name, and every column as a data item.

    A structure that RDKit cannot draw leaves a record without atoms, and a comment that says so.
    Line ends in names and values become blanks, and a text that reads `$$$$` is moved by one, so
    that no text can end a record. Names that would be the same get a number.

    References
    ----------
    CTfile Formats, BIOVIA 2020, chapter 6.
    """
    names = item_names([str(column) for column in table.columns])
    with (
        write_atomically(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for mol, values in zip(mols, table.itertuples(index=False, name=None), strict=True):
            row = dict(zip(names, values, strict=True))
            file.write(sdf_record(mol, row.get("id", ""), row))


def sdf_record(mol: Chem.Mol, title: Any, items: Mapping[str, Any]) -> str:
    """Return one record: the structure drawn, its title, and data items named by `item_names`."""
    values = "".join(f">  <{name}>\n{_text(value)}\n\n" for name, value in items.items())
    return f"{_structure(mol, _text(title)[:_TITLE])}{values}{_END}\n"


def _structure(mol: Chem.Mol, title: str) -> str:
    try:
        record = laid_out(mol)
        record.SetProp("_Name", title)
        return str(Chem.MolToMolBlock(record))
    except Exception:  # RDKit raises what it likes; the data items have the structure as text
        lines = str(Chem.MolToMolBlock(Chem.Mol())).split("\n")
        lines[0], lines[2] = title, "RDKit cannot draw this structure"
        return "\n".join(lines)


def _text(value: Any) -> str:
    text = one_line(str(value))
    return f" {text}" if text.startswith(_END) else text


def item_names(columns: Sequence[str]) -> list[str]:
    """Return the columns' names without the signs that end an item's name, each of them once."""
    taken: dict[str, None] = {}
    for column in columns:
        plain = one_line(column.replace("<", "(").replace(">", ")")) or "column"
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken[name] = None
    return list(taken)


def one_line(text: str) -> str:
    """Return the text without control signs, every run of blanks and line ends as one blank."""
    return " ".join(_CONTROL.sub("", text).split())
