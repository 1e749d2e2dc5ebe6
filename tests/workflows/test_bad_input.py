"""Wrong files: one clear sentence on stderr, the right status, nothing half-written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TRAIN = ["--ensemble-size", "1", "--epochs", "1", "-n", "1"]


def one_sentence(done, *words: str) -> None:
    assert done.status == 1, done.err
    assert done.out == ""
    said = [line for line in done.err.splitlines() if line.startswith("ebmscreen: ")]
    assert len(said) == 1, done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in said[0]


@pytest.fixture
def made(tmp_path):
    def make(content: str | bytes, name: str = "assay.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def train(run, path, tmp_path, *words):
    done = run("train", path, "-o", tmp_path / "out" / "m.ebm", *words, *TRAIN)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").is_dir() else True
    return done


def test_empty_assay(run, made, tmp_path):
    one_sentence(train(run, made(""), tmp_path), "assay.csv", "empty")


def test_assay_with_a_header_only(run, made, tmp_path):
    one_sentence(train(run, made("smiles,active\n"), tmp_path), "no rows")


def test_missing_assay(run, tmp_path):
    one_sentence(train(run, tmp_path / "nowhere.csv", tmp_path), "nowhere.csv", "no such file")


def test_assay_is_a_folder(run, tmp_path):
    one_sentence(train(run, tmp_path, tmp_path), "is a folder")


def test_picture_instead_of_a_table(run, made, tmp_path):
    path = made(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "assay.png")
    one_sentence(train(run, path, tmp_path), "PNG picture")


def test_prose_instead_of_a_table(run, made, tmp_path):
    path = made("Dear colleague,\nplease find the data attached.\n", "mail.txt")
    one_sentence(train(run, path, tmp_path), "--smiles-column")


def test_missing_columns_list_those_that_are_there(run, assay, tmp_path):
    done = train(run, assay, tmp_path, "-s", "SMILES")
    one_sentence(done, "'SMILES'", "Drawn structure", "pIC50")
    one_sentence(train(run, assay, tmp_path, "-t", "IC50"), "'IC50'", "--target-column", "hit?")


def test_one_class_only(run, made, tmp_path):
    path = made("smiles,active\nCCO,1\nCCCN,1\nCCCCO,1\n")
    one_sentence(train(run, path, tmp_path, "-t", "active"), "3 active and 0 inactive")


def test_a_cell_that_is_no_label_is_named_by_line(run, made, tmp_path):
    path = made("smiles,active\nCCO,1\nCCCN,maybe\n")
    one_sentence(train(run, path, tmp_path, "-t", "active"), "line 3", "'active'", "'maybe'")


def test_two_thresholds(run, assay, tmp_path):
    done = train(run, assay, tmp_path, "-t", "pIC50", "--active-above", "7", "--active-below", "5")
    one_sentence(done, "active_above", "--active-above and --active-below")


def test_unknown_feature(run, assay, tmp_path):
    one_sentence(train(run, assay, tmp_path, "-t", "hit?", "--features", "magic"), "magic")


def test_unwritable_place(run, assay, model, library, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    done = run("train", assay, "-o", blocker / "m.ebm", "-t", "hit?", *TRAIN)
    one_sentence(done, str(blocker))
    one_sentence(run("screen", library, "-m", model, "-o", blocker / "run"), str(blocker))


@pytest.mark.parametrize("kept", [0, 10, 5_000, -100])
def test_model_cut_short(run, model, library, tmp_path, kept):
    cut = tmp_path / "cut.ebm"
    cut.write_bytes(model.read_bytes()[:kept])
    done = run("screen", library, "-m", cut, "-o", tmp_path / "run", "-n", "1")
    one_sentence(done, "cut.ebm")
    assert not list((tmp_path / "run").iterdir())


def test_library_instead_of_a_model(run, library, tmp_path):
    done = run("screen", library, "-m", library, "-o", tmp_path / "run", "-n", "1")
    one_sentence(done, "library.csv", "not a whole model file")


def test_model_instead_of_a_library(run, model, tmp_path):
    done = run("screen", model, "-m", model, "-o", tmp_path / "run", "-n", "1")
    one_sentence(done, "model.ebm", "not a table")


def test_folder_with_other_files(run, model, library, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.docx").write_text("precious")
    done = run("screen", library, "-m", model, "-o", tmp_path / "run", "-n", "1")
    one_sentence(done, "is not empty and holds no run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.docx"]


def test_report_of_no_run(run, tmp_path):
    one_sentence(run("report", tmp_path), "holds no finished run")


def test_config_with_an_unknown_key(run, assay, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("epochz = 3\n")
    done = run("train", assay, "-o", tmp_path / "m.ebm", "--config", config)
    one_sentence(done, "'epochz'", "epochs")


def test_config_that_is_no_toml(run, assay, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("epochs: 3\n")
    done = run("train", assay, "-o", tmp_path / "m.ebm", "--config", config)
    one_sentence(done, "not a readable TOML file")


def test_config_with_a_value_of_the_wrong_kind(run, assay, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('epochs = "many"\n')
    done = run("train", assay, "-o", tmp_path / "m.ebm", "--config", config)
    assert done.status == 2
    assert "epochs" in done.err


def test_demo_never_removes_what_is_not_its_own(run, tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    done = run("demo", "-o", tmp_path, "--force")
    one_sentence(done, "thesis.docx")
    assert (tmp_path / "thesis.docx").read_text() == "precious"


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
@pytest.mark.parametrize(
    "words",
    [
        ("screen", "{odd}.csv", "-m", "{model}", "-o", "{folder}/run"),
        ("screen", "{folder}/*.csv", "-m", "{model}", "-o", "{folder}/run"),
        ("screen", "{library}", "-m", "{model}", "-o", "{odd}"),
        ("prepare", "{odd}.csv", "-o", "{folder}/prepared"),
        ("predict", "{odd}.csv", "-m", "{model}", "-o", "{folder}/out.csv"),
        ("explain", "CCO", "-m", "{model}", "-o", "{odd}.svg"),
    ],
)
def test_a_name_that_is_no_text(run, model, library, tmp_path, words):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    Path(f"{odd}.csv").write_bytes(library.read_bytes())
    library.unlink()
    places = {"odd": odd, "model": model, "folder": tmp_path, "library": library}
    done = run(*(word.format(**places) for word in words), "-n", "1")
    one_sentence(done, r"\udcff", "is not UTF-8", "rename the file")
