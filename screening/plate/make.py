"""From hits to a plate, and its three files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from screening.chemistry.properties import Properties
from screening.hits import Hits
from screening.plate.pick import PlateOptions, pick_plate
from screening.plate.sdf import write_sdf
from screening.plate.spreadsheet import write_xlsx
from screening.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

_ADDED = ("cluster", "active_similarity", *Properties._fields)
_PICK = ("pick", "pick_reason")


@dataclass(frozen=True)
class Plate:
    """A plate picked from hits.

    Attributes
    ----------
    hits : Hits
    table : DataFrame
        Every hit, best first: the columns of hits.csv, `cluster`, `active_similarity` (to the
        nearest known active), the properties, and `pick` (1, 2, ...; 0 when not picked) with
        `pick_reason`. A column of the library that has one of these names is `input_<name>`.
    """

    hits: Hits
    table: pd.DataFrame

    def picked(self) -> pd.DataFrame:
        """Return the picks in the order of picking, what was picked and why in front."""
        chosen = self.table[self.table["pick"] > 0].sort_values("pick")
        return chosen[[*_PICK, *(name for name in chosen.columns if name not in _PICK)]]


def make_plate(hits: Hits, options: PlateOptions | None = None) -> Plate:
    """Pick a plate from the hits of a run.

    Raises
    ------
    UserError
        A window names a column that is not there.
    """
    described = hits.described
    nearest = [known["similarity"] for known in described["nearest_active"].to_pylist()]
    similarity = np.array(nearest, dtype=np.float32)
    table = hits.frame(beside=(*_ADDED, *_PICK))
    for name in (*Properties._fields, "cluster"):
        # Whole numbers stay whole beside a cell that is empty.
        table[name] = described[name].to_pandas(integer_object_nulls=True)
    table["active_similarity"] = similarity.astype(float).round(3)
    table = pick_plate(
        table,
        hits.fingerprints,
        options,
        active_similarity=similarity,
        score=hits.column("score"),
        wanted=hits.ranked.wanted,
        groups=described["cluster"].to_numpy(),
        not_described=described["not_described"].to_pylist(),
    )
    return Plate(hits, table)


def write_plate(plate: Plate, folder: Path) -> list[Path]:
    """Write plate.csv, plate.sdf and plate.xlsx into a folder; return their paths."""
    paths = [folder / f"plate.{suffix}" for suffix in ("csv", "sdf", "xlsx")]
    picked = plate.picked()
    mols = [plate.hits.mols[place] for place in picked.index]
    write_csv(picked, paths[0])
    write_sdf(picked, mols, paths[1])
    write_xlsx(picked, mols, paths[2])
    return paths
