"""From hits to a plate, and its three files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry.properties import Properties
from screening.hits import Hits, molecule_of
from screening.model import ScreeningModel
from screening.plate.controls import known_controls
from screening.plate.layout import COMPOUND, lay_out
from screening.plate.pick import BY_VALUE, RULES, PlateOptions, pick_plate
from screening.plate.sdf import write_sdf
from screening.plate.spreadsheet import write_xlsx
from screening.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

_ADDED = ("cluster", "active_similarity", *Properties._fields)
_PICK = ("pick", "plate", "well", "kind", "pick_reason")
# Modes that ask each network of the ensemble, not only what all say together.
ASKS_NETWORKS = ("explore", "qpo")


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
    options : PlateOptions
        How it was picked.
    controls : DataFrame or None
        By `known_controls`; None where no well is for controls.
    """

    hits: Hits
    table: pd.DataFrame
    options: PlateOptions = field(default_factory=PlateOptions)
    controls: pd.DataFrame | None = None

    @cached_property
    def wells(self) -> pd.DataFrame:
        """The wells that are filled, by `lay_out`."""
        return lay_out(int((self.table["pick"] > 0).sum()), self.options.layout)

    @property
    def rule(self) -> str:
        """How it was picked, in words."""
        if self.options.mode == "exploit" and self.hits.ranked.by == "value":
            return BY_VALUE
        return RULES[self.options.mode]

    def picked(self) -> pd.DataFrame:
        """Return the picks in the order of picking; what was picked, where it lies and why first.

        Rows keep the number of the hit, from 0.
        """
        chosen = self.table[self.table["pick"] > 0].sort_values("pick")
        own = self.wells[self.wells["kind"] == COMPOUND].set_index("number")
        placed = chosen.assign(
            **{name: own[name].loc[chosen["pick"]].to_numpy() for name in ("plate", "well", "kind")}
        )
        return placed[[*_PICK, *(name for name in chosen.columns if name not in _PICK)]]

    def filled(self) -> tuple[pd.DataFrame, list[Chem.Mol]]:
        """Return a row for every filled well, picks first, and the molecules; see `picked`.

        Of a control there are plate, well, kind, name, structure and a reason; its other cells
        are empty.
        """
        import pandas as pd

        picked = self.picked()
        mols = [self.hits.mols[place] for place in picked.index]
        if self.controls is None:
            return picked, mols
        own = self.wells[self.wells["kind"] != COMPOUND].merge(
            self.controls, on=["kind", "number"], how="left"
        )
        own["pick_reason"] = "known " + own["label"] + " compound of the assay"
        own = own.astype(object).reindex(columns=picked.columns, fill_value="")
        mols += [molecule_of(smiles) for smiles in own["smiles"]]
        return pd.concat([picked.astype(object), own], ignore_index=True), mols


class Networks(NamedTuple):
    """What the networks of a model say of hits.

    Attributes
    ----------
    members : array of shape (n_members, n)
        Log odds of being active by each.
    hidden : array of shape (n_members, n, width)
        States of each one's last hidden layer.
    """

    members: NDArray[np.float64]
    hidden: NDArray[np.float32]


def ask_networks(hits: Hits, model: ScreeningModel) -> Networks:
    """Score hits again, network by network, for the ranked task.

    A hit of which something could not be worked out has zeros; it is never picked.
    """
    missing = hits.described["not_described"].to_pylist()
    places = [place for place, why in enumerate(missing) if not why]
    raw = model.featurise([hits.mols[place] for place in places])
    task = model.tasks.index(hits.ranked.task)
    similarity = hits.described["nearest_similarity"].to_numpy()[places]
    logits = model.logits(raw, similarity)[:, :, task]
    said = model.calibrations[task].log_odds(logits, similarity)
    states = model.ensemble.last_hidden(model.encoder.transform(raw))
    members = np.zeros((len(said), len(hits)))
    hidden = np.zeros((len(states), len(hits), states.shape[2]), dtype=np.float32)
    members[:, places], hidden[:, places] = said, states
    return Networks(members, hidden)


def make_plate(
    hits: Hits, options: PlateOptions | None = None, model: ScreeningModel | None = None
) -> Plate:
    """Pick a plate from the hits of a run.

    Parameters
    ----------
    hits
    options
    model
        That scored the hits; the modes `explore` and `qpo`, and controls, need it.

    Raises
    ------
    UserError
        A window names a column that is not there, or there are too few controls.
    """
    options = options or PlateOptions()
    described = hits.described
    nearest = [known["similarity"] for known in described["nearest_active"].to_pylist()]
    similarity = np.array(nearest, dtype=np.float32)
    table = hits.frame(beside=(*_ADDED, *_PICK))
    for name in (*Properties._fields, "cluster"):
        # Whole numbers stay whole beside a cell that is empty.
        table[name] = described[name].to_pandas(integer_object_nulls=True)
    table["active_similarity"] = similarity.astype(float).round(3)
    asked = None
    if options.mode in ASKS_NETWORKS and len(hits):
        asked = ask_networks(hits, _needed(model))
    table = pick_plate(
        table,
        hits.fingerprints,
        options,
        active_similarity=similarity,
        members=None if asked is None else asked.members,
        hidden=None if asked is None else asked.hidden,
        score=hits.column("score"),
        wanted=hits.ranked.wanted,
        value=None if hits.ranked.by == "score" else hits.ranked.column,
        lowest_first=hits.ranked.lowest_first,
        groups=described["cluster"].to_numpy(),
        not_described=described["not_described"].to_pylist(),
    )
    controls = None
    if options.layout.controls:
        controls = known_controls(_needed(model), hits.ranked.task, options.layout.kinds)
    return Plate(hits, table, options, controls)


def _needed(model: ScreeningModel | None) -> ScreeningModel:
    if model is None:
        raise ValueError("this plate needs the model that scored the hits")
    return model


def write_plate(plate: Plate, folder: Path) -> list[Path]:
    """Write plate.csv, plate.sdf and plate.xlsx into a folder; return their paths."""
    paths = [folder / f"plate.{suffix}" for suffix in ("csv", "sdf", "xlsx")]
    filled, mols = plate.filled()
    write_csv(filled, paths[0])
    write_sdf(filled, mols, paths[1])
    write_xlsx(filled, mols, paths[2], plate.options.layout)
    return paths
