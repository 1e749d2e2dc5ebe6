"""Picked compounds as an SD file, for a vendor's order form or a docking program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rdkit import Chem
from rdkit.Chem import rdDepictor

from screening.plate.text import one_line
from screening.tables import write_atomically


def write_sdf(table: pd.DataFrame, mols: Sequence[Chem.Mol], path: Path) -> None:
    """Write one record a row: drawn structure, name, and every column as a data item.

    Line ends in names and values become blanks, so that no text can end a record.
    """
    with write_atomically(path) as temporary:
        writer = Chem.SDWriter(str(temporary))
        names = {column: _item_name(str(column)) for column in table.columns}
        for mol, row in zip(mols, table.to_dict("records"), strict=True):
            record = Chem.Mol(mol)
            for name in list(record.GetPropNames()):
                record.ClearProp(name)
            rdDepictor.Compute2DCoords(record, canonOrient=True)
            record.SetProp("_Name", one_line(str(row.get("id", ""))))
            for column, name in names.items():
                record.SetProp(name, one_line(str(row[column])))
            writer.write(record)
        writer.close()


def _item_name(column: str) -> str:
    """Return the column's name without the signs that end a data item's name."""
    return one_line(column.replace("<", "(").replace(">", ")")) or "column"
