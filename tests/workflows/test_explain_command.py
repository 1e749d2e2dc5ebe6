"""`ebmscreen explain`, as a user types it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from screening.model import load_model, save_model

SVG = "{http://www.w3.org/2000/svg}"
IBUPROFEN = "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O"
HOSTILE = "</text><script>alert(1)</script>\u202e=cmd()"


def test_the_picture_has_a_disc_for_each_atom_and_the_score(run, model, tmp_path) -> None:
    done = run("explain", "-m", model, IBUPROFEN, "-o", tmp_path / "out.svg")
    assert done.status == 0, done.err
    task, score = done.out.split()
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert len(list(root.iter(f"{SVG}circle"))) == 15
    caption = root.findall(f"{SVG}g/{SVG}text")[-1].text
    assert caption == f"{task}: {float(score):.2f}; blue raises it, orange lowers it"
    assert "blue atoms raise the score" in done.err


def test_the_score_is_the_one_of_a_screen(run, model, tmp_path) -> None:
    done = run("explain", IBUPROFEN, "-m", model, "-o", tmp_path / "out.svg", "-q")
    loaded = load_model(model)
    (expected,) = loaded.score_molecules([loaded.prepare(IBUPROFEN)]).score[:, 0]
    assert float(done.out.split()[1]) == expected
    assert done.err == ""


@pytest.mark.parametrize("smiles", ["C1CC", "C(C)(C)(C)(C)C", "", "<b>", "C" * 3000])
def test_a_broken_structure_is_one_sentence_and_no_file(run, model, tmp_path, smiles) -> None:
    done = run("explain", "-m", model, "-o", tmp_path / "out.svg", smiles)
    assert done.status == 1
    assert "cannot be used" in done.err
    assert "Traceback" not in done.err
    assert len(done.err) < 700
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=cmd()", "\u202e", "x" * 10_000])
def test_a_name_after_the_structure_does_no_harm(run, model, tmp_path, name) -> None:
    done = run("explain", f"{IBUPROFEN} {name}", "-m", model, "-o", tmp_path / "out.svg")
    assert done.status == 0, done.err
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert not list(root.iter(f"{SVG}script"))


def test_a_hostile_column_name_is_text_in_the_picture(run, model, tmp_path) -> None:
    plain = load_model(model)
    renamed = replace(plain, tasks=(HOSTILE,), training=replace(plain.training, tasks=(HOSTILE,)))
    save_model(renamed, tmp_path / "hostile.ebm")
    words = ("-m", tmp_path / "hostile.ebm", "-o", tmp_path / "out.svg", "-t", HOSTILE)
    done = run("explain", IBUPROFEN, *words)
    assert done.status == 0, done.err
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert not list(root.iter(f"{SVG}script"))
    caption = root.findall(f"{SVG}g/{SVG}text")[-1].text
    assert caption.startswith("</text><script>alert(1)</script>=cmd(): 0.")


def test_an_unknown_task_is_named_beside_those_there_are(run, model, tmp_path) -> None:
    done = run("explain", IBUPROFEN, "-m", model, "-o", tmp_path / "out.svg", "-t", "pIC50")
    assert done.status == 1
    assert "'pIC50'" in done.err
    assert "hit?" in done.err


@pytest.mark.parametrize("name", ["out.png", "out"])
def test_a_name_that_promises_another_kind_of_file_is_refused(run, model, tmp_path, name) -> None:
    done = run("explain", IBUPROFEN, "-m", model, "-o", tmp_path / name)
    assert done.status == 1
    assert ".svg" in done.err
    assert not (tmp_path / name).exists()


def test_a_model_that_is_not_there_is_one_sentence(run, tmp_path) -> None:
    done = run("explain", IBUPROFEN, "-m", tmp_path / "no.ebm", "-o", tmp_path / "out.svg")
    assert done.status in (1, 2)
    assert "no.ebm" in done.err
    assert "Traceback" not in done.err


ODD = {
    "ferrocene": "[CH-]1C=CC=C1.[CH-]1C=CC=C1.[Fe+2]",
    "an ion without a neutral form": "[K+].F[P-](F)(F)(F)(F)F",
    "a polymer": "*CC*",
    "one atom": "[He]",
    "hydrogen": "[H][H]",
    "200 atoms": "C" * 200,
    "a cage": "C12C3C4C1C5C2C3C45",
    "an extension": "CC* |$;;R1$|",
}


@pytest.mark.parametrize("smiles", ODD.values(), ids=ODD)
def test_an_odd_structure_is_a_picture(run, model, tmp_path, smiles) -> None:
    done = run("explain", smiles, "-m", model, "-o", tmp_path / "out.svg", "-q")
    assert (done.status, done.err) == (0, "")
    ElementTree.parse(tmp_path / "out.svg")
