"""Hits described once: against plain oracles, in any order, and the same after reading."""

from __future__ import annotations

import copy
import csv
import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screening.chemistry import Standardiser, alerts, canonical_smiles, murcko_scaffold
from screening.chemistry.properties import Properties, properties
from screening.errors import UserError
from screening.hits import (
    Ranked,
    about_hits,
    columns_for,
    describe,
    describe_hits,
    make_hits,
    read_hits,
    score_columns,
    write_hits,
)


@pytest.fixture(scope="module")
def mols(samples, small_model) -> list[Chem.Mol]:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        smiles = [row[0] for row in csv.reader(file)][::250]
    return [small_model.prepare(text) for text in [*smiles, "CC(=O)[O-].[Na+]", "[2H]C(F)(F)Cl"]]


@pytest.fixture(scope="module")
def rows(mols, small_model) -> pa.Table:
    """As `scores/` has them, in the order of the input."""
    n = len(mols)
    about = {
        "rank": range(1, n + 1),
        "id": [f"c{i}" for i in range(n)],
        "smiles": [Chem.MolToSmiles(mol) for mol in mols],
        "source": ["f.csv"] * n,
        "row": range(2, n + 2),
        "duplicate_of": [""] * n,
        "in_training": [False] * n,
        "same_skeleton": [False] * n,
        "structure_key": range(n),
    }
    scores = score_columns(small_model.score_molecules(mols), small_model.tasks)
    return pa.table({**{name: list(values) for name, values in about.items()}, **scores})


@pytest.fixture(scope="module")
def described(rows, mols, small_model) -> pa.Table:
    return describe_hits(rows, about_hits(mols, small_model, "Class"), small_model)


def test_every_column_is_there_with_its_type(described, small_model) -> None:
    columns = columns_for(small_model.tasks)
    assert described.column_names == list(columns)
    assert described.schema.types == [column.type for column in columns.values()]
    assert described.num_rows > 40


def test_what_is_told_of_each_is_what_the_parts_tell(described, mols, small_model) -> None:
    known = np.unpackbits(small_model.training.fingerprints, axis=1).astype(bool)
    labels = small_model.training.labels[:, 0]
    for mol, row in zip(mols, described.to_pylist(), strict=True):
        assert row["structure"] == canonical_smiles(mol)
        assert row["scaffold"] == murcko_scaffold(mol)
        assert Properties(**{name: row[name] for name in Properties._fields}) == properties(mol)
        drawn = Chem.MolFromSmiles(row["structure"])
        found = [(a["catalog"], a["name"], tuple(a["atoms"])) for a in row["alerts"]]
        assert found == [(a.catalog, a.name, a.atoms) for a in alerts(drawn)]
        own = np.unpackbits(small_model.fingerprints([mol])[0]).astype(bool)
        assert row["fingerprint"] == small_model.fingerprints([mol])[0].tobytes()
        tanimoto = (known & own).sum(axis=1) / (known | own).sum(axis=1)
        for name, label in (("nearest_active", 1), ("nearest_inactive", 0)):
            near = row[name]
            assert near["similarity"] == pytest.approx(tanimoto[labels == label].max(), abs=1e-6)
            assert labels[near["position"]] == label
            assert near["id"] == small_model.training.ids[near["position"]]
            neighbour = Chem.MolFromSmiles(small_model.training.smiles[near["position"]])
            assert set(near["atoms"]) <= set(range(drawn.GetNumAtoms()))
            assert set(near["known_atoms"]) <= set(range(neighbour.GetNumAtoms()))
        assert row["nearest_similarity"] == pytest.approx(tanimoto.max(), abs=6e-5)
        # By the similarity itself, before it is rounded for the file.
        inside = np.float32(tanimoto.max()) >= small_model.domain.similarity_limit
        assert row["in_domain"] == inside


def test_a_row_does_not_depend_on_the_others(rows, mols, small_model) -> None:
    whole = describe(rows, mols, small_model)
    order = np.random.default_rng(1).permutation(len(mols))[:20]
    part = describe(rows.take(order), [mols[i] for i in order], small_model)
    assert part.equals(whole.take(order))
    assert "cluster" not in part.column_names


def test_rows_without_a_rank_or_a_file_are_described_too(rows, mols, small_model) -> None:
    about = ["rank", "source", "row", "duplicate_of", "in_training", "same_skeleton"]
    bare = rows.drop_columns(about)
    found = describe(bare, mols, small_model)
    whole = describe(rows, mols, small_model)
    assert found.equals(whole.select(found.column_names))
    assert set(whole.column_names) - set(found.column_names) == set(about)
    assert describe(bare.slice(0, 0), [], small_model).num_rows == 0


def test_risk_and_prevalence_are_those_asked_for(rows, mols, small_model) -> None:
    before = copy.deepcopy(small_model.options)
    plain = describe(rows, mols, small_model, risk=0.1)
    rare = describe(rows, mols, small_model, risk=0.4, prevalence=0.01)
    base_rate = small_model.calibrations[0].base_rate
    for row, other in zip(plain.to_pylist(), rare.to_pylist(), strict=True):
        odds = row["score"] / (1 - row["score"]) * 0.01 / 0.99 * (1 - base_rate) / base_rate
        assert other["score"] == pytest.approx(odds / (1 + odds), abs=1e-6)
        active, inactive = (row[p] > 0.4 for p in ("p_active", "p_inactive"))
        assert (
            other["prediction_set"]
            == {
                (True, False): "active",
                (False, True): "inactive",
                (True, True): "either",
                (False, False): "neither",
            }[active, inactive]
        )
        assert other["score_std"] == row["score_std"]
    assert small_model.options == before


def test_what_is_read_is_what_was_written(described, small_model, tmp_path) -> None:
    cells = [
        json.dumps({"price": "007", "mw": "heavy\r", "score": "=x"} if i % 2 else {"note": "NA"})
        for i in range(described.num_rows)
    ]
    ranked = Ranked(small_model.tasks, "Class", 0.1, 0.4, None)
    hits = make_hits(described, cells, ranked)
    write_hits(hits, tmp_path)
    again = read_hits(tmp_path)
    assert again.described.equals(hits.described)
    assert again.ranked == ranked
    assert again.frame().equals(hits.frame())
    assert again.frame()["in_domain"].dtype == bool
    assert list(again.frame().columns[-4:]) == ["note", "price", "mw", "input_score"]
    others = pq.read_table(tmp_path / "hits.parquet")
    assert others["input_mw"].to_pylist() == again.inputs["mw"].tolist()
    assert others.schema.field("in_training").type == pa.bool_()
    with (tmp_path / "hits.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert first["alerts"] == "; ".join(
        f"{a['catalog']}: {a['name']}" for a in described["alerts"][0].as_py()
    )
    for mol, structure in zip(again.mols, described["structure"].to_pylist(), strict=True):
        order = (
            [int(i) for i in mol.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]
            if Chem.MolToSmiles(mol) == structure
            else []
        )
        assert order == list(range(mol.GetNumAtoms()))


@pytest.mark.parametrize("content", [None, b"", b"PAR1"])
def test_missing_or_damaged_hits_are_told_in_one_sentence(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "hits.parquet").write_bytes(content)
    with pytest.raises(UserError, match="no row is scored again"):
        read_hits(tmp_path)


def test_hits_of_other_columns_are_damaged(tmp_path) -> None:
    pq.write_table(pa.table({"rank": [1]}), tmp_path / "hits.parquet")
    with pytest.raises(UserError, match="is damaged"):
        read_hits(tmp_path)


def test_fingerprints_of_rebuilt_structures_are_those_of_the_scored(samples, small_model) -> None:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        smiles = [row[0] for row in csv.reader(file)][::20]
    standardiser = Standardiser(small_model.options.standardize)
    scored = [standardiser(Chem.MolFromSmiles(text)) for text in smiles]
    rebuilt = [Chem.MolFromSmiles(canonical_smiles(mol)) for mol in scored]
    assert np.array_equal(small_model.fingerprints(scored), small_model.fingerprints(rebuilt))
