"""The main job through the command line: train, screen, inspect."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

from tests.same_bytes import same_bytes
from tests.workflows.conftest import CHEAP, QUICK


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_train_prints_our_figures_beside_the_baselines(run, assay, tmp_path):
    done = run("train", assay, "-o", tmp_path / "m.ebm", "-t", "hit?", *QUICK)
    assert done.status == 0, done.err
    for name in ("DBN ensemble", "Random forest", "Logistic regression", "1-nearest neighbour"):
        assert name in done.out
    assert "structures in 'Drawn structure'" in done.err
    with zipfile.ZipFile(tmp_path / "m.ebm") as archive:
        assert set(archive.namelist()) == {
            "model.json",
            "weights.safetensors",
            "training.parquet",
            "canary.json",
        }


def test_train_binarises_values_and_repeats_from_its_config(run, assay, tmp_path):
    words = ("-t", "pIC50", "--active-above", "7", *CHEAP)
    first = run("train", assay, "-o", tmp_path / "a.ebm", *words)
    assert first.status == 0, first.err
    assert "active when above 7" in first.err
    again = run("train", assay, "-o", tmp_path / "b.ebm", "--config", tmp_path / "a.toml")
    assert again.status == 0, again.err
    assert again.out == first.out
    assert same_bytes(tmp_path / "a.ebm", tmp_path / "b.ebm")


def test_train_says_what_is_graded_and_takes_other_units(run, assay, tmp_path):
    words = ("train", assay, "-t", "pIC50", "--active-above", "7", *CHEAP)
    graded = run(*words, "-o", tmp_path / "a.ebm")
    hard = run(*words, "-o", tmp_path / "b.ebm", "--labels", "hard", "--units", "sigmoid")
    assert (graded.status, hard.status) == (0, 0), graded.err + hard.err
    assert "labels of pIC50 are graded by their distance to the threshold" in graded.err
    assert "are graded" not in hard.err
    assert graded.out != hard.out
    with zipfile.ZipFile(tmp_path / "b.ebm") as archive:
        stored = json.loads(archive.read("model.json"))["options"]
    assert (stored["labels"], stored["units"]) == ("hard", "sigmoid")


def test_train_guesses_the_target_only_when_it_is_clear(run, assay, tmp_path):
    done = run("train", assay, "-o", tmp_path / "m.ebm", *CHEAP)
    assert done.status == 0, done.err
    assert "the target is 'hit?'" in done.err


def test_screen_accounts_for_every_row(run, model, library, tmp_path):
    done = run("screen", library, "-m", model, "-o", tmp_path / "run", "-n", "1", "--no-report")
    assert done.status == 0, done.err
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["counts"] == {"read": 6, "scored": 4, "rejected": 2, "passed_over": 0}
    rejects = rows_of(tmp_path / "run" / "rejects.csv")
    assert [(r["row"], r["id"], r["reason"]) for r in rejects] == [
        ("3", "A-2", "parse"),
        ("7", "A-5", "empty"),
    ]
    hits = rows_of(tmp_path / "run" / "hits.csv")
    assert [hit["rank"] for hit in hits] == ["1", "2", "3", "4"]
    scores = [float(hit["score"]) for hit in hits]
    assert scores == sorted(scores, reverse=True)
    by_id = {hit["id"]: hit for hit in hits}
    assert by_id["A-1"]["price"] == "1,50"
    assert by_id["two\nlines"]["input_score"] == "'=cmd()"
    assert by_id["two\nlines"]["row"] == "5"
    assert "<script>alert(1)</script>" in by_id
    for hit in hits:
        assert 0 <= float(hit["nearest_similarity"]) <= 1
        assert hit["nearest_label"] in ("active", "inactive")
        assert hit["nearest_id"].startswith("BACE_")


def test_screen_twice_gives_the_same_bytes_and_refuses_other_options(run, model, library, tmp_path):
    words = ("screen", library, "-m", model, "-n", "1", "--no-report")
    assert run(*words, "-o", tmp_path / "a").status == 0
    assert run(*words, "-o", tmp_path / "b", "--shard-size", "2").status == 0
    first = (tmp_path / "a" / "hits.csv").read_bytes()
    assert same_bytes(tmp_path / "b" / "hits.csv", first)
    assert run(*words, "-o", tmp_path / "a").status == 0
    assert same_bytes(tmp_path / "a" / "hits.csv", first)
    refused = run(*words, "-o", tmp_path / "a", "--max-atoms", "20")
    assert refused.status == 1
    assert "begun with max_atoms (--max-atoms) 200, and this command's is 20" in refused.err


def test_strict_makes_a_reject_fail_the_command(run, model, library, tmp_path):
    done = run(
        "screen", library, "-m", model, "-o", tmp_path / "r", "-n", "1", "--no-report", "--strict"
    )
    assert done.status == 1
    assert "2 rows were rejected" in done.err
    assert (tmp_path / "r" / "hits.csv").is_file()


def test_prevalence_restates_the_score_and_keeps_the_order(run, model, library, tmp_path):
    words = ("screen", library, "-m", model, "-n", "1", "--no-report")
    run(*words, "-o", tmp_path / "a")
    run(*words, "-o", tmp_path / "b", "--prevalence", "0.01")
    plain, rare = rows_of(tmp_path / "a" / "hits.csv"), rows_of(tmp_path / "b" / "hits.csv")
    assert [hit["id"] for hit in plain] == [hit["id"] for hit in rare]
    assert all(float(b["score"]) < float(a["score"]) for a, b in zip(plain, rare, strict=True))


def test_inspect_tells_what_is_in_a_model_and_a_run(run, model, library, tmp_path):
    done = run("inspect", model)
    assert done.status == 0
    assert "compounds kept" in done.out
    assert "Random forest" in done.out
    everything = json.loads(run("inspect", model, "--json").out)
    assert everything["tasks"] == ["hit?"]
    run("screen", library, "-m", model, "-o", tmp_path / "r", "-n", "1", "--no-report")
    assert "6 rows read = 4 scored + 2 rejected" in run("inspect", tmp_path / "r").out
