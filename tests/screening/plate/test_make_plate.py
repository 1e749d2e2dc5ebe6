"""From hits to a plate with a model: real compounds, their properties, limits and clusters."""

from __future__ import annotations

import csv
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from rdkit import Chem

from screening.chemistry import alerts
from screening.chemistry.properties import Properties, properties
from screening.hits import Hits, Ranked, about_hits, describe_hits, make_hits, score_columns
from screening.model import ScreeningModel
from screening.plate import PlateOptions, make_plate, write_plate


@pytest.fixture(scope="module")
def hits(samples, small_model: ScreeningModel) -> Hits:
    """60 molecules of the library, ranked and described; a third of them outside the domain."""
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[:400]
    # Some with alerts, so that there is something to bar.
    prepared = [(small_model.prepare(smiles), name) for smiles, name in rows]
    alarming = [pair for pair in prepared if any(a.catalog == "PAINS" for a in alerts(pair[0]))]
    chosen = [*alarming[:6], *prepared[:54]]
    return hits_of(small_model, [mol for mol, _ in chosen], [name for _, name in chosen])


def hits_of(model: ScreeningModel, mols: list[Chem.Mol], names: list[str], **inputs: Any) -> Hits:
    scores = model.score_molecules(mols)
    order = np.argsort(-scores.score[:, 0], kind="stable")
    n = len(mols)
    rows = pa.table(
        {
            "id": names,
            "smiles": [Chem.MolToSmiles(mol) for mol in mols],
            **score_columns(scores, model.tasks),
            "source": ["library.csv"] * n,
            "row": list(range(2, n + 2)),
            "duplicate_of": [""] * n,
            "in_training": [False] * n,
        }
    ).take(order)
    rows = rows.append_column("rank", pa.array(range(1, n + 1)))
    described = describe_hits(
        rows, about_hits([mols[i] for i in order], model, model.tasks[0]), model
    )
    inside = pa.array([place % 3 > 0 for place in range(n)])
    position = described.column_names.index("in_domain")
    described = described.set_column(position, "in_domain", inside)
    own = [json.dumps({name: f"{name} {id_}" for name in inputs}) for id_ in rows["id"].to_pylist()]
    return make_hits(described, own, Ranked(model.tasks, model.tasks[0], 0.1, 0.5, None))


def picked(hits: Hits, **options: Any) -> pd.DataFrame:
    return make_plate(hits, PlateOptions(**options)).picked()


def test_the_plate_holds_as_many_as_asked_for(hits) -> None:
    plate = make_plate(hits, PlateOptions(budget=24))
    found = plate.picked()
    assert found["pick"].tolist() == list(range(1, 25))
    assert not found["id"].duplicated().any()
    assert len(plate.table) == len(hits)
    assert set(found["id"]) <= set(plate.table["id"])


def test_a_budget_beyond_the_hits_takes_all_that_may_be_taken(hits) -> None:
    table = hits.frame()
    eligible = table[~table["alerts"].str.contains("PAINS")]
    assert 0 < len(eligible) < len(table)
    assert sorted(picked(hits, budget=1000)["id"]) == sorted(eligible["id"])


def test_limits_on_properties_alerts_and_domain_hold(hits) -> None:
    windows: dict[str, tuple[float | None, float | None]] = {"mw": (200, 350), "logp": (None, 4.0)}
    barred = ("PAINS", "BRENK", "NIH")
    found = picked(hits, budget=1000, barred_alerts=barred, in_domain_only=True, windows=windows)
    # The same, from the structures alone.
    expected = []
    for row in hits.frame().itertuples():
        mol = Chem.MolFromSmiles(row.smiles)
        own = properties(mol)
        inside = 200 <= own.mw <= 350 and own.logp <= 4.0
        if inside and row.in_domain and not alerts(mol):
            expected.append(row.id)
    assert 3 < len(expected) < len(hits) / 2
    assert set(found["id"]) == set(expected)


def test_no_cluster_gives_more_than_its_share(hits) -> None:
    free = picked(hits, budget=40, diversity=0.0)
    limited = picked(hits, budget=40, diversity=0.0, per_cluster=1)
    assert free["cluster"].value_counts().max() > 1
    assert limited["cluster"].value_counts().max() == 1


def test_diversity_spreads_the_plate(hits) -> None:
    def mean_nearest(diversity: float) -> float:
        places = picked(hits, budget=12, mode="balance", diversity=diversity).index
        bits = np.unpackbits(hits.fingerprints[places], axis=1).astype(float)
        shared = bits @ bits.T
        on = bits.sum(axis=1)
        similarity = shared / (on[:, None] + on[None] - shared) - 2 * np.eye(len(on))
        return float(similarity.max(axis=1).mean())

    assert mean_nearest(10.0) < mean_nearest(0.0) - 0.04


def test_the_table_tells_what_each_compound_is_like(hits, small_model) -> None:
    found = picked(hits, budget=10)
    assert list(found.columns[:5]) == ["pick", "plate", "well", "kind", "pick_reason"]
    table = small_model.training
    actives = table.fingerprints[table.labels[:, 0] == 1]
    known = [set(np.flatnonzero(np.unpackbits(active))) for active in actives]
    for row in found.to_dict("records"):
        mol = small_model.prepare(row["smiles"])
        assert Properties(**{name: row[name] for name in Properties._fields}) == properties(mol)
        raw = small_model.featurise([mol])
        bits = set(np.flatnonzero(np.unpackbits(small_model.fingerprints([mol], raw)[0])))
        nearest = max(len(bits & other) / len(bits | other) for other in known)
        assert row["active_similarity"] == pytest.approx(nearest, abs=5.1e-4)
        assert len(str(row["active_similarity"])) <= 5


def test_columns_of_the_library_keep_their_values_beside_the_plates_own(small_model) -> None:
    mols = [Chem.MolFromSmiles(smiles) for smiles in ("CCO", "c1ccccc1O", "CC(=O)Nc1ccccc1")]
    names = ("mw", "cluster", "pick", "pick_reason", "qed", "score", "price")
    hits = hits_of(small_model, mols, ["a", "b", "c"], **dict.fromkeys(names))
    found = picked(hits, budget=3)
    assert not found.columns.duplicated().any()
    for row in found.to_dict("records"):
        for name in ("mw", "cluster", "pick", "pick_reason", "qed", "score"):
            assert row[f"input_{name}"] == f"{name} {row['id']}"
        assert row["price"] == f"price {row['id']}"
        assert isinstance(row["mw"], float)
    # In hits.csv only what it has itself is in the way.
    assert [n for n in hits.frame().columns if n in names or n.startswith("input_")] == [
        "score",
        "mw",
        "cluster",
        "pick",
        "pick_reason",
        "qed",
        "input_score",
        "price",
    ]


def test_the_same_hits_give_the_same_plate(hits, tmp_path) -> None:
    def files(name: str) -> list[Any]:
        plate = make_plate(hits, PlateOptions(budget=8))
        return [path.read_bytes() for path in write_plate(plate, tmp_path / name)]

    assert files("one") == files("two")


def test_hits_without_a_compound_give_an_empty_plate(small_model, tmp_path) -> None:
    plate = make_plate(hits_of(small_model, [], []))
    assert len(plate.table) == len(plate.picked()) == 0
    for path in write_plate(plate, tmp_path):
        assert path.is_file()


def test_all_three_files_list_the_same_compounds(hits, tmp_path, read_workbook) -> None:
    plate = make_plate(hits, PlateOptions(budget=7))
    as_csv, as_sdf, as_xlsx = write_plate(plate, tmp_path)
    found = plate.picked()
    ids = found["id"].tolist()
    assert pd.read_csv(as_csv)["id"].tolist() == ids
    records = list(Chem.SDMolSupplier(str(as_sdf)))
    assert [record.GetProp("id") for record in records] == ids
    for record, smiles in zip(records, found["smiles"], strict=True):
        assert Chem.MolToSmiles(record) == smiles
    book = read_workbook(as_xlsx)
    column = book.row(0, 40).index("id")
    assert [book.cells[row, column] for row in range(1, 8)] == ids
    assert book.row(0, len(found.columns) + 1)[1:] == list(found.columns)
