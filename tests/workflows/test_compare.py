"""`ebmscreen compare` through the command line: what a user reads, and what mistakes are told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.workflows.conftest import SAMPLES


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Compounds of BACE-1 under other names, of which every second one taught the model."""
    path = tmp_path_factory.mktemp("results") / "results.csv"
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[::6]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["structure", "name", "hit?"])
        writer.writerows((row["mol"], row["CID"], row["Class"]) for row in rows)
        writer.writerow(["C1CC(", "broken", "1"])
    return path


def test_two_models_on_results(run, model, results, tmp_path):
    words = ("--results", results, "-o", tmp_path / "out", "-n", "1")
    done = run("compare", model, model, *words)
    assert done.status == 0, done.err
    assert done.out.startswith(f"A: {model}\nB: {model}\n\nA and B rank these compounds alike")
    assert "A and B are the same model" in done.out
    assert "in the training set of both" in done.out
    assert "1 row rejected" in done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html",
        "compare.toml",
        "figures.csv",
        "compounds.csv",
    }
    page = tmp_path / "page.html"
    again = run("compare", model, model, "--results", results, "-o", page, "-n", "1", "-q")
    assert again.out == done.out
    assert page.read_text(encoding="utf-8") == (tmp_path / "out" / "report.html").read_text(
        encoding="utf-8"
    )


def test_two_models_trained_again_on_the_same_splits(run, model, assay):
    words = ("--assay", assay, "-t", "hit?", "--splits", "1", "--split", "random", "-n", "1")
    done = run("compare", model, model, *words)
    assert done.status == 0, done.err
    assert "Cannot tell which ranks better from one split" in done.out
    assert "what is judged is how they are made" in done.out


def test_mistakes_get_one_sentence(run, model, assay, results, tmp_path):
    foreign, folder = tmp_path / "foreign.ebm", tmp_path / "folder"
    foreign.write_text("no model")
    folder.mkdir()
    one_class = tmp_path / "one_class.csv"
    one_class.write_text("smiles,hit?\n" + "".join(f"{'C' * n}O,1\n" for n in range(3, 9)))
    cases = {
        (model, folder): "B is a run and A is a model",
        (folder, folder): "holds no finished run",
        (model, foreign): "is not a whole model file",
        (model, tmp_path / "nowhere.ebm"): "there is no such model file",
        (model, model, "--results", assay): "is new to both models",
        (model, model, "--results", tmp_path / "nowhere.csv"): "nowhere.csv",
        (model, model, "--results", one_class): "class",
        (model, model, "--results", results, "-t", "missing"): "missing",
    }
    for words, expected in cases.items():
        done = run("compare", *words, "-n", "1", "-q")
        assert done.status == 1, words
        told = [line for line in done.err.splitlines() if line.startswith("ebmscreen: ")]
        assert len(told) == 1
        assert expected in told[0], told
        assert "Traceback" not in done.err
    usage = {
        ("--results", results, "--assay", results): "exclude each other",
        ("-t", "hit?"): "give one of them",
    }
    for words, expected in usage.items():
        done = run("compare", model, model, *words)
        assert done.status == 2
        assert expected in done.err
