"""`--budget`: the plate's files after a screen, from libraries as they come."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from rdkit import Chem

from workflows.cli import main

CAFFEINE = "Cn1c(=O)c2c(ncn2C)n(C)c1=O"
# More heavy atoms than a model's own limit.
LARGE = "N" + "CC(=O)N" * 60
ROWS = (
    "00123,CC(=O)Oc1ccccc1C(=O)O,heavy,yes,1.50",
    "1e5,CC(C)Cc1ccc(cc1)C(C)C(=O)O,light,no,007",
    f"=cmd(),{CAFFEINE},\u202e,@x,NA",
    f"again,{CAFFEINE},,,",
    '"carriage\rreturn",CCOc1ccccc1N,,,',
    f"large,{LARGE},,,",
)


@pytest.fixture(scope="module")
def finished(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a plate; whoever changes it must copy it first."""
    folder = tmp_path_factory.mktemp("budget")
    library = folder / "library.csv"
    # A column that holds nothing but digits is the one that a reader would make numbers of.
    rows = [f"{row},{place:04}" for place, row in enumerate(ROWS)]
    text = "\n".join(["id,smiles,mw,pick,_price,shelf", *rows]) + "\n"
    library.write_text(text, encoding="utf-8", newline="\n")
    words = ["-m", str(model), "-o", str(folder / "run"), "-n", "1", "-q"]
    assert main(["screen", str(library), *words, "--max-atoms", "400", "--budget", "50"]) == 0
    return folder / "run"


@pytest.fixture
def run_copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def plate_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "plate.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_vendor_codes_and_own_columns_reach_the_plate_as_they_were(finished) -> None:
    rows = {row["id"]: row for row in plate_of(finished)}
    mine = {
        name: [row[column] for column in ("input_mw", "input_pick", "_price")]
        for name, row in rows.items()
    }
    assert mine == {
        "00123": ["heavy", "yes", "1.50"],
        "1e5": ["light", "no", "007"],
        "'=cmd()": ["\u202e", "'@x", "NA"],
        "large": ["", "", ""],
        "carriage\rreturn": ["", "", ""],
    }
    assert [rows[name]["shelf"] for name in ("00123", "1e5", "'=cmd()")] == ["0000", "0001", "0002"]
    assert float(rows["00123"]["mw"]) == 180.16


def test_the_sd_file_holds_the_same(finished) -> None:
    found = list(Chem.SDMolSupplier(str(finished / "plate.sdf")))
    rows = plate_of(finished)
    names = [row["id"].lstrip("'").replace("\r", " ") for row in rows]
    assert [record.GetProp("id") for record in found] == names
    for record, row in zip(found, rows, strict=True):
        assert Chem.MolToSmiles(record) == Chem.CanonSmiles(row["smiles"])
        assert {name: record.GetProp(name) for name in ("_price", "mw", "score", "pick")} == {
            name: row[name] for name in ("_price", "mw", "score", "pick")
        }


def test_a_molecule_beyond_the_models_limit_is_on_the_plate_if_the_run_let_it_in(finished) -> None:
    assert Chem.MolFromSmiles(LARGE).GetNumHeavyAtoms() > 200
    assert "large" in [row["id"] for row in plate_of(finished)]


def test_each_structure_is_bought_once(finished) -> None:
    smiles = [Chem.CanonSmiles(row["smiles"]) for row in plate_of(finished)]
    assert sorted(smiles) == sorted({Chem.CanonSmiles(row.split(",")[1]) for row in ROWS})


def test_another_budget_needs_no_new_screen_and_the_report_follows(run, run_copy) -> None:
    done = run("report", run_copy, "--budget", "2")
    assert done.status == 0, done.err
    page = (run_copy / "report.html").read_text(encoding="utf-8")
    (island,) = re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)
    hits = json.loads(island)["hits"]
    picks = {hit["pick"]: hit["rank"] for hit in hits if hit["pick"]}
    assert picks == {int(row["pick"]): int(row["rank"]) for row in plate_of(run_copy)}
    assert sorted(picks) == [1, 2]
    # The library's own column of that name stays the library's.
    assert {hit["id"]: hit["inputs"] for hit in hits}["00123"] == ["heavy", "yes", "1.50", "0000"]


def test_a_budget_of_nothing_is_wrong_usage(run, finished) -> None:
    done = run("report", finished, "--budget", "0")
    assert done.status == 2
    assert "--budget" in done.err


def test_limits_hold_for_files_and_report(run_copy: Path) -> None:
    words = ["--budget", "50", "--window", "mw=150:200", "--per-cluster", "1", "-q"]
    assert main(["report", str(run_copy), *words]) == 0
    rows = plate_of(run_copy)
    assert [row["id"].lstrip("'") for row in rows] != []
    assert all(150 <= float(row["mw"]) <= 200 for row in rows)
    assert len({row["cluster"] for row in rows}) == len(rows)
    page = (run_copy / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    picked = sorted(hit["rank"] for hit in data["hits"] if hit["pick"])
    assert picked == sorted(int(row["rank"]) for row in rows)
    assert any("mw" in hit["reason"] for hit in data["hits"] if not hit["pick"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--window", "mw=1:2"], "add --budget N"),
        (["--in-domain-only"], "add --budget N"),
        (["--budget", "5", "--window", "mw=x:2"], "NAME=LOW:HIGH"),
        (["--budget", "5", "--window", "mw"], "NAME=LOW:HIGH"),
        (["--budget", "5", "--bar-alerts", "PAINS,XYZ"], "the catalogs are PAINS, BRENK, NIH"),
    ],
)
def test_limits_that_cannot_be_read_are_wrong_usage(run_copy, words, said, capsys) -> None:
    assert main(["report", str(run_copy), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_window_of_a_column_that_is_not_there_is_told(run_copy, capsys) -> None:
    words = ["--budget", "5", "--window", "weight=1:2"]
    assert main(["report", str(run_copy), *words]) == 1
    assert "weight" in capsys.readouterr().err
