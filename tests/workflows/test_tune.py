"""`train --tune` as a user types it: searched, continued, refused, and told in words."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.workflows.conftest import CHEAP


@pytest.fixture
def words(assay, tmp_path):
    return ("train", assay, "-t", "hit?", "-o", tmp_path / "m.ebm", "--pretrain", "none", *CHEAP)


def test_a_search_from_start_to_refusal(run, words, tmp_path):
    done = run(*words, "--tune", "2", "-v")
    assert done.status == 0, done.err
    assert done.err.startswith("--tune is experimental")
    assert "trial 1: " in done.err
    assert done.out.startswith("tuning, 2 trials: ")
    assert "trials: 2 of 2" in done.err
    for trial in (1, 2):
        assert f"trial {trial} of 2: networks: 3 of 3" in done.err
    assert (tmp_path / "m.tune.sqlite").is_file()
    assert "tune = 2" in (tmp_path / "m.toml").read_text()

    told = json.loads(run("inspect", tmp_path / "m.ebm", "--json").out)
    stored = told["provenance"]["tuning"]
    assert [trial["number"] for trial in stored["trials"]] == [0, 1]
    # What was named on the command line is what it is.
    assert not {"features", "epochs"} & set(stored["trials"][1]["settings"])
    assert (told["options"]["features"], told["options"]["epochs"]) == (["morgan_counts"], 4)
    chosen = stored["trials"][stored["best"] if stored["changed"] else 0]["settings"]
    assert told["options"]["learning_rate"] == chosen["learning_rate"]
    assert ("which flatters" in done.out) == stored["changed"]
    assert done.out.splitlines()[0] in run("inspect", tmp_path / "m.ebm").out

    again = run(*words, "--tune", "2", "--force")
    assert again.out == done.out
    assert "trial 1 of 2" not in again.err

    refused = run(*words, "--tune", "3", "--seed", "1", "--force")
    assert refused.status == 1
    assert "options.seed was 0 and is 1" in refused.err
    assert refused.out == ""

    (tmp_path / "m.tune.sqlite").write_text("nothing of the kind")
    damaged = run(*words, "--tune", "3", "--force")
    assert damaged.status == 1
    assert "m.tune.sqlite" in damaged.err
    assert "move it away" in damaged.err


def test_without_the_package_a_sentence_says_what_to_install(run, words, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run(*words, "--tune", "2")
    assert done.status == 1
    assert "pip install optuna" in done.err
    assert list(tmp_path.iterdir()) == []
    assert run(*words, "--tune", "0").status == 2


def test_help_does_not_wait_for_the_package():
    code = (
        "import sys; from workflows.cli import main; main(['train', '--help']); "
        "sys.exit('optuna' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--tune N" in done.stdout


TRIALS = [
    {"settings": {"epochs": 30, "hidden": "256-128"}, "score": 0.8},
    {"settings": {"epochs": 12, "hidden": "512"}, "score": 0.8511},
]
CHECK = {"default": [0.8] * 5, "chosen": [0.81] * 5, "gain": 0.01, "standard_error": 0.004}


def test_the_outcome_in_words():
    from screening.evaluation import tuning_text

    kept = {"trials": TRIALS[:1], "best": 0, "changed": False, "confirmed": None, "unseen": None}
    assert tuning_text(kept).startswith("tuning, 1 trial: none beats the default settings (0.800")
    noise = {**kept, "trials": TRIALS, "best": 1, "confirmed": {**CHECK, "gain": 0.003}}
    assert "gains +0.003 (standard error 0.004)" in tuning_text(noise)
    assert tuning_text(noise).endswith("within noise: the default settings are kept")
    unseen = {"n": 42, "default": 0.7, "chosen": 0.71}
    better = tuning_text({**noise, "confirmed": CHECK, "changed": True, "unseen": unseen})
    assert "number 1 with 0.851 mean ROC-AUC on the inner folds" in better
    assert "another cut into 5 folds it gains +0.010" in better
    assert "epochs          12 (30)" in better
    assert "42 compounds that took no part in the search: 0.710 with the chosen" in better
    assert "within noise" not in better
