"""`pretrain`, then `train --pretrained` and `evaluate --pretrained`, as a user types them."""

import csv
import json

import pytest

from tests.workflows.conftest import QUICK, SAMPLES

WEHI = SAMPLES / "wehi.csv.gz"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    from workflows.cli import main

    path = tmp_path_factory.mktemp("stack") / "wehi.ebm"
    words = ["pretrain", WEHI, "-o", path, "--rows", "300", "--epochs", "2", "-q"]
    assert main([str(word) for word in words]) == 0
    return path


def test_from_a_library_to_hits(run, stack, assay, library, tmp_path):
    about = run("inspect", stack)
    assert about.status == 0, about.err
    assert "pretrained stack of" in about.out
    assert "300 drawn" in about.out

    model = tmp_path / "m.ebm"
    trained = run("train", assay, "-t", "hit?", "-o", model, "--pretrained", stack, *QUICK)
    assert trained.status == 0, trained.err
    assert trained.err.startswith("Pretraining on a library is experimental")
    assert "too rare in the pretraining library" in trained.err
    assert "ROC-AUC" in trained.out
    told = run("inspect", model)
    assert f"of {WEHI}" in told.out
    stored = json.loads(run("inspect", model, "--json").out)["provenance"]["pretrained"]
    assert stored["sha256"] == json.loads(run("inspect", stack, "--json").out)["sha256"]

    done = run("screen", library, "-m", model, "-o", tmp_path / "run", "-n", "1", "--no-report")
    assert done.status == 0, done.err
    with (tmp_path / "run" / "hits.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_pretraining_on_the_way_is_pretraining_before(run, assay, tmp_path):
    rows = ("--pretrain-rows", "50")
    words = ("train", assay, "-t", "hit?", "--blend", "none", *QUICK)
    direct = run(*words, "-o", tmp_path / "a.ebm", "--pretrain-on", WEHI, *rows)
    assert direct.status == 0, direct.err
    assert "50 rows drawn" in direct.err
    begun = run("pretrain", WEHI, "-o", tmp_path / "s.ebm", "--rows", "50")
    assert begun.status == 0
    for said in (direct.err, begun.err):
        assert said.startswith("Pretraining on a library is experimental")
    before = run(*words, "-o", tmp_path / "b.ebm", "--pretrained", tmp_path / "s.ebm")
    assert before.out == direct.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pretrained", "STACK", "--pretrain-on", "x.csv"), "exclude each other"),
        (("--pretrained", "STACK", "--pretrain", "none"), "leaves nothing to pretrain"),
        (("--pretrained", "STACK", "--features", "maccs"), "leave --features out"),
        (("--pretrained", "STACK", "--standardize", "none"), "leave --standardize out"),
        (("--pretrained", "MODEL"), "is a trained model"),
        (("--pretrain-on", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_refused(run, stack, model, assay, tmp_path, words, said):
    places = {"STACK": stack, "MODEL": model}
    given = [places.get(word, word) for word in words]
    done = run("train", assay, "-t", "hit?", "-o", tmp_path / "m.ebm", *given, *QUICK)
    assert done.status != 0
    assert said in done.err
    assert not (tmp_path / "m.ebm").exists()


def test_a_study_of_pretraining_on_a_library(run, stack, assay, tmp_path):
    words = ("evaluate", assay, "-t", "hit?", "-o", tmp_path / "s", "--splits", "2", *QUICK)
    words = (*words, "--calibration", "validation")
    chosen = ("--models", "dbn-unpretrained,dbn-library")
    done = run(*words, *chosen, "--pretrained", stack)
    assert done.status == 0, done.err
    assert "DBN, pretrained on a library less DBN, not pretrained" in done.out
    assert done.err.startswith("Pretraining on a library is experimental")
    refused = run(*words, *chosen)
    assert refused.status == 2
    assert "need each other" in refused.err
