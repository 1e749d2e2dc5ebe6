"""`pick` as a user meets it: plates of every mode, with controls, from a finished run."""

from __future__ import annotations

import csv
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.same_bytes import same_bytes
from workflows.cli import main


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "plate.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run_of_60(model, assay, samples, make_once) -> Path:
    """60 compounds of BACE-1 that the assay lacks, and one that it has."""

    def screen(path: Path) -> None:
        with (samples / "bace.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        chosen = [row for i, row in enumerate(rows) if i % 12 == 5][:60] + rows[:1]
        library = path.parent / "library.csv"
        with library.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "smiles", "well"])
            writer.writerows([row["CID"], row["mol"], "shelf"] for row in chosen)
        words = ["screen", library, "-m", model, "-o", path, "-n", "1", "--no-report", "-q"]
        assert main([str(word) for word in words]) == 0

    return make_once("run-of-60", screen)


@pytest.fixture
def run_copy(run_of_60, tmp_path) -> Path:
    return Path(shutil.copytree(run_of_60, tmp_path / "run"))


@pytest.mark.parametrize("mode", ["exploit", "balance", "explore", "qpo"])
def test_a_plate_of_every_mode(run, run_copy, mode) -> None:
    words = ("pick", run_copy, "--n", 12, "--mode", mode, "--seed", 4)
    done = run(*words)
    assert done.status == 0, done.err
    rows = rows_of(run_copy)
    assert [row["pick"] for row in rows] == [str(n) for n in range(1, 13)]
    assert len({row["well"] for row in rows}) == 12
    assert not [row for row in rows if row["in_training"] == "True"]
    assert {row["input_well"] for row in rows} == {"shelf"}
    assert f"12 compounds picked from 61 hits ({mode}: " in done.out
    assert all(row["id"] in done.out for row in rows)
    assert "plate.xlsx are written" in done.err
    if mode == "exploit":
        ranks = [int(row["rank"]) for row in rows]
        assert ranks == sorted(ranks)
        assert ranks[-1] <= 13
    before = Path(shutil.copytree(run_copy, run_copy.parent / "before"))
    assert run(*words, "-n", 2).status == 0
    assert all(same_bytes(before / name, run_copy / name) for name in ("plate.csv", "plate.xlsx"))


def test_controls_spare_wells_and_edges(run, run_copy) -> None:
    layout = ("--controls", 5, "--spare", 3, "--empty-edges")
    done = run("pick", run_copy, "--n", 55, *layout)
    assert done.status == 0, done.err
    rows = rows_of(run_copy)
    kinds = [row["kind"] for row in rows if row["plate"] == "1"]
    assert (kinds.count("compound"), kinds.count("active control")) == (52, 3)
    assert kinds.count("inactive control") == 2
    assert [row["kind"] for row in rows if row["plate"] == "2"].count("compound") == 3
    assert not {row["well"] for row in rows} & {"A01", "H12", "C01", "D12"}
    controls = [row for row in rows if row["kind"] != "compound"]
    assert all(row["pick"] == row["rank"] == "" and row["smiles"] for row in controls)
    assert {row["pick_reason"] for row in controls} == {
        "known active compound of the assay",
        "known inactive compound of the assay",
    }
    with zipfile.ZipFile(run_copy / "plate.xlsx") as book:
        sheets = book.read("xl/workbook.xml").decode()
        assert all(f'name="{name}"' in sheets for name in ("Compounds", "Plate 1", "Plate 2"))
    assert (run_copy / "plate.sdf").read_text(encoding="utf-8").count("$$$$\n") == len(rows)


def test_a_budget_goes_the_same_way(run, run_copy) -> None:
    assert run("pick", run_copy, "--n", 6, "--mode", "qpo", "--controls", 2).status == 0
    picked = [(row["id"], row["well"]) for row in rows_of(run_copy)]
    done = run("report", run_copy, "--budget", 6, "--mode", "qpo", "--controls", 2, "-n", 1)
    assert done.status == 0, done.err
    assert [(row["id"], row["well"]) for row in rows_of(run_copy)] == picked
    assert "what most likely holds the best" in (run_copy / "report.html").read_text("utf-8")


def test_fewer_than_asked_for_is_told(run, run_copy) -> None:
    done = run("pick", run_copy, "--n", 61)
    assert done.status == 0
    barred = 61 - len(rows_of(run_copy))
    assert barred
    assert f"warning: {barred} fewer than asked for" in done.err


def test_what_cannot_be_picked_is_told_in_a_sentence(run, run_copy, tmp_path) -> None:
    said = {
        ("pick", tmp_path): "holds no finished run",
        ("pick", run_copy, "--n", 500): "has 61 hits and 500 are to be picked",
        ("pick", run_copy, "--n", 5, "--window", "weight=1:2"): "no column 'weight'",
        ("pick", run_copy, "--n", 5, "--controls", 96): "leave no well",
        ("pick", run_copy, "--n", 5, "-m", tmp_path / "no.ebm"): "no.ebm",
    }
    for words, sentence in said.items():
        done = run(*words)
        assert done.status == 1, words
        assert sentence in done.err
        assert len(done.err.strip().splitlines()) == 1
        assert done.out == ""
    assert run("pick", run_copy, "--mode", "best").status == 2
    assert run("report", run_copy, "--mode", "qpo").status == 2


def test_a_model_that_was_moved_is_told(run, run_copy) -> None:
    info = run_copy / "run.json"
    info.write_text(info.read_text().replace("model.ebm", "elsewhere.ebm"))
    done = run("pick", run_copy, "--n", 5)
    assert done.status == 1
    assert "is not there any more; name it with --model" in done.err
