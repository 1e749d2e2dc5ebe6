"""Structures that somebody thought of and kept, with their scores: a CSV that is a library too."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from screening.errors import UserError
from screening.hits import molecule_of
from screening.plate import write_sdf
from screening.tables import read_csv, write_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "smiles", "score", "score_std", "tag", "task", "model")
_WRITING = threading.Lock()


def read_kept(path: Path) -> pd.DataFrame:
    """Read what was kept, every cell as text; without rows where there is no file.

    Raises
    ------
    UserError
        The file is another table, or damaged.
    """
    if not path.is_file():
        import pandas as pd

        return pd.DataFrame(columns=COLUMNS, dtype=object)
    try:
        table = read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path.name} cannot be read ({error}).") from error
    if tuple(table.columns) != COLUMNS:
        raise UserError(
            f"{path.name} is another table (its columns are not {', '.join(COLUMNS)}); give it "
            "another name, and what is drawn can be kept under this one."
        )
    return table


def keep(path: Path, rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Add structures to the file, and return what is in it now.

    Parameters
    ----------
    path
    rows
        The columns of the file. Without an `id` a structure is called `idea-1`, `idea-2`, ...

    Raises
    ------
    UserError
        See `read_kept`.
    """
    with _WRITING:
        table = read_kept(path)
        for row in rows:
            named = {**row, "id": row.get("id") or _free_name(set(table["id"]))}
            table.loc[len(table)] = [str(named[column]) for column in COLUMNS]
        write_csv(table, path)
    return table


def _free_name(taken: set[str]) -> str:
    number = len(taken) + 1
    while f"idea-{number}" in taken:
        number += 1
    return f"idea-{number}"


def forget(path: Path, name: str, smiles: str) -> pd.DataFrame:
    """Take one structure out of the file, and return what is left.

    Raises
    ------
    UserError
        See `read_kept`.
    """
    with _WRITING:
        table = read_kept(path)
        places = table.index[(table["id"] == name) & (table["smiles"] == smiles)]
        if len(places):
            table = table.drop(index=places[0]).reset_index(drop=True)
            write_csv(table, path)
    return table


def write_kept_sdf(table: pd.DataFrame, path: Path) -> None:
    """Write what was kept as an SD file, drawn."""
    write_sdf(table, [molecule_of(smiles) for smiles in table["smiles"]], path)
