"""Hits whose description fails, hangs or crashes: empty cells and a sentence, from the run on."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screening.chemistry import Limits
from screening.chemistry.properties import Properties
from screening.hits import Ranked, describe, describe_hits, make_hits, read_hits, write_hits
from screening.hits.schema import score_columns
from screening.library.describing import describe_molecules
from screening.tables import read_table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import faulty_describers as faulty  # noqa: E402 - workers find it on the same path
import pyarrow as pa  # noqa: E402

from screening.plate import PlateOptions, make_plate, write_plate  # noqa: E402
from workflows.cli import main  # noqa: E402

# Ions without a neutral form that could be written and read again.
IONS = {
    "ferrocene": "[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]",
    "tropylium": "[Br-].c1ccc[cH+]cc1",
    "hexafluorophosphate": "[K+].F[P-](F)(F)(F)(F)F",
}


@pytest.fixture(scope="module")
def smiles(samples) -> list[str]:
    return read_table(str(samples / "wehi.csv.gz")).smiles[:60]


def test_workers_do_not_matter(smiles, small_model):
    one, three = (describe_molecules(smiles, small_model, "Class", Limits(), n) for n in (1, 3))
    for left, right in zip(one, three, strict=True):
        assert left.about.fingerprint.tolist() == right.about.fingerprint.tolist()
        assert left.about[1:] == right.about[1:]
        assert left[1:] == right[1:]
    assert not any(hit.about.missing for hit in one)
    assert describe_molecules([], small_model, "Class", Limits(), 2) == []


@pytest.fixture(scope="module")
def hits(smiles, small_model):
    """Five hits, of which three misbehave."""
    texts = [smiles[0], faulty.HANGS, faulty.CRASHES, faulty.RAISES, smiles[1]]
    limits = Limits(timeout_seconds=1.0)
    found = describe_molecules(texts, small_model, "Class", limits, 1, faulty.make)
    mols = [small_model.prepare(text) for text in texts]
    scores = score_columns(small_model.score_molecules(mols), small_model.tasks)
    about = {
        "rank": range(1, 6),
        "id": [f"c{i}" for i in range(5)],
        "smiles": texts,
        "source": ["f.csv"] * 5,
        "row": range(2, 7),
        "duplicate_of": [""] * 5,
        "in_training": [False] * 5,
        "same_skeleton": [False] * 5,
    }
    rows = pa.table({**{name: list(v) for name, v in about.items()}, **scores})
    described = describe_hits(rows, found, small_model)
    return make_hits(described, ["{}"] * 5, Ranked(("Class",), "Class", 0.1, 0.4, None))


def test_each_failure_costs_its_own_cells(hits, smiles, small_model):
    good, hung, crashed, raised, last = hits.described.to_pylist()
    assert hung["not_described"].startswith("everything (took longer than 1 s, also alone")
    assert crashed["not_described"].startswith("everything (the process that read it ended with")
    assert raised["not_described"] == "alerts (RuntimeError: no rings)"
    for row in (hung, crashed):
        assert [row[name] for name in Properties._fields] == [None] * len(Properties._fields)
        assert (row["structure"], row["scaffold"], row["nearest_id"], row["alerts"]) == (
            "",
        ) * 3 + ([],)
        assert row["nearest_similarity"] > 0
    assert raised["alerts"] == []
    assert raised["mw"] == pytest.approx(98.14, abs=0.1)
    mols = [small_model.prepare(text) for text in (smiles[0], smiles[1])]
    scores = score_columns(small_model.score_molecules(mols), small_model.tasks)
    alone = describe(pa.table(scores), mols, small_model).to_pylist()
    for row, expected in zip((good, last), alone, strict=True):
        assert row["not_described"] == ""
        told = {name: value for name, value in expected.items() if not name.startswith("score")}
        assert {name: row[name] for name in told} == told


def test_they_are_kept_and_make_a_plate(hits, tmp_path):
    write_hits(hits, tmp_path)
    again = read_hits(tmp_path)
    assert again.described.equals(hits.described)
    plate = make_plate(again, PlateOptions(barred_alerts=()))
    reasons = plate.table["pick_reason"].tolist()
    assert sorted(plate.picked()["id"]) == ["c0", "c4"]
    assert all(r.startswith("not picked: it could not be described") for r in reasons[1:4])
    assert plate.picked()["hbd"].tolist() == [int(n) for n in plate.picked()["hbd"]]
    write_plate(plate, tmp_path)
    assert (tmp_path / "plate.csv").read_text().count("\n") == 3


def test_ions_are_screened_described_and_reported(samples, model_file, tmp_path, capsys):
    rows = "".join(f"{text},{name}\n" for name, text in IONS.items())
    library, run = tmp_path / "library.csv", tmp_path / "run"
    library.write_text(f"smiles,id\n{rows}CCOc1ccccc1N,plain\n")
    words = ["screen", str(library), "-m", str(model_file), "-o", str(run), "--budget", "4"]
    assert main([*words, "-n", "1", "-q"]) == 0
    assert "Traceback" not in capsys.readouterr().err
    found = {row["id"]: row for row in pq.read_table(run / "hits.parquet").to_pylist()}
    assert {name: found[name]["structure"] for name in IONS} == {
        "ferrocene": "c1cc[cH-]c1",
        "tropylium": "c1ccc[cH+]cc1",
        "hexafluorophosphate": "F[P-](F)(F)(F)(F)F",
    }
    assert all(Chem.MolFromSmiles(row["structure"]) is not None for row in found.values())
    assert {row["not_described"] for row in found.values()} == {""}
    for name in ("report.html", "plate.sdf", "plate.xlsx", "plate.csv"):
        assert (run / name).stat().st_size > 100
