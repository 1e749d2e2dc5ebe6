"""The wheel through the command line, twice: train, screen, pick, results, learn, screen, pick."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from screening.model import load_model
from screening.model.archive import as_json, describe_model
from tests.workflows.conftest import CHEAP, SAMPLES

VALUES = ["-t", "pIC50", "--active-above", "7"]


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    """120 compounds of BACE-1: what is known at first, and what the laboratory will find."""
    table = pd.read_csv(SAMPLES / "bace.csv", dtype=str).sample(120, random_state=7)
    return table[["CID", "mol", "pIC50"]].set_axis(["id", "smiles", "pIC50"], axis=1)


def bought(run: Path, measured: pd.DataFrame) -> list[tuple[str, str]]:
    """Measure what was picked, which nobody has measured before."""
    found = dict(zip(measured["id"], measured["pIC50"], strict=True))
    with (run / "plate.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [row for row in rows if row["in_training"] == "True"]
    return [(row["id"], found[row["id"]]) for row in rows]


def write(path: Path, header: str, rows: list[tuple[str, str]]) -> None:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")


def test_twice_round(run, measured, tmp_path):
    measured[:70].to_csv(tmp_path / "assay.csv", index=False)
    measured[70:][["id", "smiles"]].to_csv(tmp_path / "library.csv", index=False)
    model = tmp_path / "model-0.ebm"
    assert run("train", tmp_path / "assay.csv", "-o", model, *VALUES, *CHEAP, "-q").status == 0
    ledger: list[dict[str, object]] = []
    for turn in (1, 2):
        folder, results = tmp_path / f"run-{turn}", tmp_path / f"results-{turn}.csv"
        words = ["-m", model, "-o", folder, "-n", 1, "--no-report"]
        screened = run("screen", tmp_path / "library.csv", *words)
        assert screened.status == 0
        assert "similarity of" in screened.err
        drift = json.loads((folder / "run.json").read_text())["drift"]
        assert drift["new"] == 50
        mode = "balance" if turn == 1 else "exploit"
        assert run("pick", folder, "--n", 16, "--mode", mode).status == 0
        # The laboratory sends names and values, and no structures.
        write(results, "Compound ID,pIC50", bought(folder, measured))
        new = tmp_path / f"model-{turn}.ebm"
        learned = run(
            *("learn", model, results, "--run", folder, "-o", new, "-n", 1),
            *("--date", f"2026-11-0{turn}"),
        )
        assert learned.status == 0, learned.err
        # Judged on what is new to it; the compounds of the first turn are known in the second.
        assert f"judged on {results} before it was learned" in learned.out
        assert "of 16 new compounds are active" in learned.out
        assert f"16 of them new and 0 measured again; turn {turn}" in learned.err
        stored = describe_model(new)["turns"]
        assert as_json(stored[:-1]) == as_json(ledger)
        assert (stored[-1]["number"], stored[-1]["date"]) == (turn, f"2026-11-0{turn}")
        assert stored[-1]["judged_model"] == load_model(model).model_hash
        ledger, model = stored, new
    told = run("inspect", model).out
    assert "turn 1, results-1.csv of 2026-11-01, pIC50: promised " in told
    assert "turn 2, results-2.csv of 2026-11-02, pIC50: promised " in told
    page = (tmp_path / "model-2.report.html").read_text(encoding="utf-8")
    assert "What results said" in page
    assert page.count("2026-11-01") == 1


@pytest.mark.parametrize(
    ("table", "words", "sentence"),
    [
        ("smiles,potency\nCCCCO,7\n", (), "holds no results of this model's assay"),
        ("name,hit?\nA-1,1\n", (), "give one with smiles_column"),
        ("", (), "empty"),
        ("smiles,hit?\nCCCCO,maybe\n", (), "'maybe' is no label"),
    ],
)
def test_bad_results_get_one_sentence(run, model, tmp_path, table, words, sentence):
    results = tmp_path / "results.csv"
    results.write_text(table)
    done = run("learn", model, results, "-o", tmp_path / "new.ebm", "-n", 1, *words)
    assert done.status == 1
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "new.ebm").exists()


def test_names_that_the_run_does_not_have_are_told(run, model, library, tmp_path):
    words = ["-m", model, "-o", tmp_path / "run", "-n", 1, "--no-report", "-q"]
    assert run("screen", library, *words).status == 0
    results = tmp_path / "results.csv"
    results.write_text("name,hit?\nB-7,1\nB-8,0\n")
    done = run("learn", model, results, "--run", tmp_path / "run", "-o", tmp_path / "new.ebm")
    assert done.status == 1
    assert "none of its 2 names (B-7, B-8) is one of a compound of" in done.err
    # The judged model is never replaced.
    done = run("learn", model, results, "-o", model, "--force")
    assert done.status == 2
    assert "would replace the one that is judged" in done.err
