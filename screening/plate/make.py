"""From a run's hits to the plate's three files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rdkit import Chem

from screening.chemistry.properties import Properties, properties
from screening.library.columns import named
from screening.model import ScreeningModel
from screening.plate.clusters import clusters
from screening.plate.pick import PlateOptions, pick_plate
from screening.plate.sdf import write_sdf
from screening.plate.spreadsheet import write_xlsx
from screening.plate.text import write_guarded_csv

_ADDED = ("pick", "pick_reason", "cluster", "active_similarity", *Properties._fields)


@dataclass
class Plate:
    """A plate and the molecules on it.

    Attributes
    ----------
    table : DataFrame
        The picked hits in the order of picking, with `pick`, `pick_reason`, `cluster` and the
        properties.
    mols : list of Mol
        Their standardised molecules.
    """

    table: pd.DataFrame
    mols: list[Chem.Mol]


def make_plate(
    hits: pd.DataFrame,
    model: ScreeningModel,
    options: PlateOptions | None = None,
    *,
    task: str | None = None,
) -> Plate:
    """Pick a plate from the hits of a run.

    Parameters
    ----------
    hits
        Rows of hits.csv. A column of the library that has the name of one of the plate's is
        called `input_<name>` there.
    model
        The model that the run was made with, with its limits.
    options
    task
        Task that is ranked by; the model's first when None.

    Raises
    ------
    UserError
        A window names a column that is not there.
    """
    task = task or model.tasks[0]
    mols = [model.prepare(smiles) for smiles in hits["smiles"]]
    molecules = [mol for mol in mols if isinstance(mol, Chem.Mol)]
    # A hit was scored, so it can be read; anything else is a run of another model.
    assert len(molecules) == len(mols), "a hit's structure cannot be read by this model"
    fingerprints = model.fingerprints(molecules)
    _, similarity = model.training.nearest_labelled(fingerprints, model.tasks.index(task), 1)
    described = describe_for_plate(hits, molecules)
    described["cluster"] = clusters(fingerprints)
    described["active_similarity"] = similarity.astype(float).round(3)
    table = pick_plate(
        described,
        fingerprints,
        options,
        active_similarity=similarity,
        score=named("score", task, model.tasks),
    )
    picked = table[table["pick"] > 0].sort_values("pick")
    front = ["pick", "pick_reason"]
    ordered = picked[[*front, *(c for c in picked.columns if c not in front)]]
    return Plate(ordered.reset_index(drop=True), [molecules[i] for i in picked.index])


def describe_for_plate(hits: pd.DataFrame, mols: list[Chem.Mol]) -> pd.DataFrame:
    """Return the hits with the property columns that windows may name.

    A column of the library that has the name of one of the plate's is called `input_<name>`.
    """
    return pd.concat([_with_room(hits.reset_index(drop=True)), _properties(mols)], axis=1)


def _with_room(hits: pd.DataFrame) -> pd.DataFrame:
    """Rename the library's own columns where the plate has one of that name, as hits.csv does."""
    names: dict[str, str] = {}
    for name in hits.columns:
        free = name
        while free in _ADDED or (free != name and free in hits.columns):
            free = f"input_{free}"
        names[name] = free
    return hits.rename(columns=names)


def _properties(mols: list[Chem.Mol]) -> pd.DataFrame:
    return pd.DataFrame([properties(mol)._asdict() for mol in mols], columns=Properties._fields)


def write_plate(plate: Plate, folder: Path) -> list[Path]:
    """Write plate.csv, plate.sdf and plate.xlsx into a folder; return their paths."""
    paths = [folder / f"plate.{suffix}" for suffix in ("csv", "sdf", "xlsx")]
    write_guarded_csv(plate.table, paths[0])
    write_sdf(plate.table, plate.mols, paths[1])
    write_xlsx(plate.table, plate.mols, paths[2])
    return paths
