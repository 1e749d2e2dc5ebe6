"""From hits to a plate with a model: real compounds, their properties, limits and clusters."""

from __future__ import annotations

import csv
import gzip
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from screening.chemistry import alert_names
from screening.chemistry.properties import Properties, properties
from screening.model import ScreeningModel
from screening.plate import PlateOptions, make_plate, write_plate


@pytest.fixture(scope="module")
def hits(samples, small_model: ScreeningModel) -> pd.DataFrame:
    """The columns of hits.csv that matter here, for 60 molecules of the library."""
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[:400]
    # Some with alerts, so that there is something to bar.
    prepared = [(small_model.prepare(smiles), name) for smiles, name in rows]
    alarming = [pair for pair in prepared if any("PAINS" in a for a in alert_names([pair[0]])[0])]
    chosen = [*alarming[:6], *prepared[:54]]
    mols = [mol for mol, _ in chosen]
    scores = small_model.score_molecules(mols)
    table = pd.DataFrame(
        {
            "id": [name for _, name in chosen],
            "smiles": [Chem.MolToSmiles(mol) for mol in mols],
            "score": scores.score[:, 0],
            "in_domain": [place % 3 > 0 for place in range(len(mols))],
            "alerts": ["; ".join(names) for names in alert_names(mols)],
            "duplicate_of": "",
            "in_training": False,
        }
    )
    table = table.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)
    table.insert(0, "rank", range(1, len(table) + 1))
    return table


def test_the_plate_holds_as_many_as_asked_for(hits, small_model) -> None:
    plate = make_plate(hits, small_model, PlateOptions(budget=24))
    assert plate.table["pick"].tolist() == list(range(1, 25))
    assert len(plate.mols) == 24
    assert not plate.table["id"].duplicated().any()
    assert set(plate.table["id"]) <= set(hits["id"])
    for mol, smiles in zip(plate.mols, plate.table["smiles"], strict=True):
        assert Chem.MolToSmiles(mol) == smiles


def test_a_budget_beyond_the_hits_takes_all_that_may_be_taken(hits, small_model) -> None:
    plate = make_plate(hits, small_model, PlateOptions(budget=1000))
    eligible = hits[~hits["alerts"].str.contains("PAINS")]
    assert 0 < len(eligible) < len(hits)
    assert set(plate.table["id"]) == set(eligible["id"])
    assert len(plate.table) == len(eligible)


def test_limits_on_properties_alerts_and_domain_hold(hits, small_model) -> None:
    windows: dict[str, tuple[float | None, float | None]] = {"mw": (200, 350), "logp": (None, 4.0)}
    options = PlateOptions(
        budget=1000, barred_alerts=("PAINS", "BRENK", "NIH"), in_domain_only=True, windows=windows
    )
    plate = make_plate(hits, small_model, options)
    # The same, from the structures alone.
    expected = []
    for row in hits.itertuples():
        found = properties(Chem.MolFromSmiles(row.smiles))
        inside = 200 <= found.mw <= 350 and found.logp <= 4.0
        if inside and row.in_domain and not alert_names([Chem.MolFromSmiles(row.smiles)])[0]:
            expected.append(row.id)
    assert 3 < len(expected) < len(hits) / 2
    assert set(plate.table["id"]) == set(expected)


def test_no_cluster_gives_more_than_its_share(hits, small_model) -> None:
    free = make_plate(hits, small_model, PlateOptions(budget=40, diversity=0.0))
    limited = make_plate(hits, small_model, PlateOptions(budget=40, diversity=0.0, per_cluster=1))
    assert free.table["cluster"].value_counts().max() > 1
    assert limited.table["cluster"].value_counts().max() == 1


def test_diversity_spreads_the_plate(hits, small_model) -> None:
    def mean_nearest(diversity: float) -> float:
        mols = make_plate(hits, small_model, PlateOptions(budget=12, diversity=diversity)).mols
        table = small_model.fingerprints(mols, small_model.featurise(mols))
        bits = np.unpackbits(table, axis=1).astype(float)
        shared = bits @ bits.T
        on = bits.sum(axis=1)
        similarity = shared / (on[:, None] + on[None] - shared) - 2 * np.eye(len(on))
        return float(similarity.max(axis=1).mean())

    assert mean_nearest(10.0) < mean_nearest(0.0) - 0.05


def test_the_table_tells_what_each_compound_is_like(hits, small_model) -> None:
    plate = make_plate(hits, small_model, PlateOptions(budget=10))
    assert list(plate.table.columns[:2]) == ["pick", "pick_reason"]
    table = small_model.training
    actives = table.fingerprints[table.labels[:, 0] == 1]
    for mol, row in zip(plate.mols, plate.table.to_dict("records"), strict=True):
        assert Properties(**{name: row[name] for name in Properties._fields}) == properties(mol)
        bits = set(
            np.flatnonzero(
                np.unpackbits(small_model.fingerprints([mol], small_model.featurise([mol]))[0])
            )
        )
        known = [set(np.flatnonzero(np.unpackbits(active))) for active in actives]
        nearest = max(len(bits & other) / len(bits | other) for other in known)
        assert row["active_similarity"] == pytest.approx(nearest, abs=5.1e-4)
        assert len(str(row["active_similarity"])) <= 5


def test_columns_of_the_library_keep_their_values_beside_the_plates_own(hits, small_model) -> None:
    names = ("mw", "cluster", "pick", "pick_reason", "qed", "input_mw", "price")
    given = hits.assign(**{name: [f"{name} {i}" for i in hits["id"]] for name in names})
    plate = make_plate(given, small_model, PlateOptions(budget=5))
    assert not plate.table.columns.duplicated().any()
    for row in plate.table.to_dict("records"):
        assert row["input_input_mw"] == f"mw {row['id']}"
        assert row["input_mw"] == f"input_mw {row['id']}"
        assert row["input_pick"] == f"pick {row['id']}"
        assert row["input_pick_reason"] == f"pick_reason {row['id']}"
        assert row["input_cluster"] == f"cluster {row['id']}"
        assert row["price"] == f"price {row['id']}"
        assert isinstance(row["mw"], float)


def test_the_same_hits_give_the_same_plate(hits, small_model, tmp_path) -> None:
    def files(name: str) -> list[Any]:
        plate = make_plate(hits, small_model, PlateOptions(budget=8))
        return [path.read_bytes() for path in write_plate(plate, tmp_path / name)]

    assert files("one") == files("two")


def test_hits_without_a_compound_give_an_empty_plate(hits, small_model, tmp_path) -> None:
    plate = make_plate(hits.iloc[:0], small_model)
    assert len(plate.table) == len(plate.mols) == 0
    for path in write_plate(plate, tmp_path):
        assert path.is_file()


def test_all_three_files_list_the_same_compounds(
    hits, small_model, tmp_path, read_workbook
) -> None:
    plate = make_plate(hits, small_model, PlateOptions(budget=7))
    as_csv, as_sdf, as_xlsx = write_plate(plate, tmp_path)
    ids = plate.table["id"].tolist()
    assert pd.read_csv(as_csv)["id"].tolist() == ids
    assert [record.GetProp("id") for record in Chem.SDMolSupplier(str(as_sdf))] == ids
    book = read_workbook(as_xlsx)
    column = book.row(0, 40).index("id")
    assert [book.cells[row, column] for row in range(1, 8)] == ids
    assert book.row(0, len(plate.table.columns) + 1)[1:] == list(plate.table.columns)
