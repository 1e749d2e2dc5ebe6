"""What a user opens after a screen, made through the command line."""

from __future__ import annotations

import csv
from xml.etree import ElementTree

from tests.workflows.conftest import CHEAP


def screened(run, model, library, folder, *words):
    done = run("screen", library, "-m", model, "-o", folder, "-n", "1", *words)
    assert done.status == 0, done.err
    return done


def test_screen_ends_with_the_report_and_escapes_hostile_names(run, model, library, tmp_path):
    done = screened(run, model, library, tmp_path / "run")
    path = tmp_path / "run" / "report.html"
    assert done.out.splitlines()[-1] == str(path)
    page = path.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "A-2" in page  # the reject
    # Names of XML dialects look like addresses, and are none that anything is fetched from.
    names = ("http://www.w3.org", "http://schemas.openxmlformats.org")
    for name in names:
        page = page.replace(name, "")
    assert "http://" not in page
    assert 'src="' not in page


def test_budget_picks_a_plate_with_reasons(run, model, library, tmp_path):
    screened(run, model, library, tmp_path / "run", "--budget", "2")
    folder = tmp_path / "run"
    with (folder / "plate.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert all(row["pick_reason"] for row in rows)
    assert (folder / "plate.sdf").read_text(encoding="utf-8").count("$$$$") == 2
    assert (folder / "plate.xlsx").read_bytes().startswith(b"PK")


def test_report_again_with_qmrf(run, model, library, tmp_path):
    screened(run, model, library, tmp_path / "run", "--no-report")
    done = run("report", tmp_path / "run", "--qmrf", tmp_path / "qmrf.html")
    assert done.status == 0, done.err
    assert "applicability" in (tmp_path / "qmrf.html").read_text(encoding="utf-8").lower()


def test_report_refuses_another_model(run, model, library, assay, tmp_path):
    screened(run, model, library, tmp_path / "run", "--no-report")
    other = tmp_path / "other.ebm"
    assert run("train", assay, "-o", other, "-t", "hit?", "--seed", "5", *CHEAP).status == 0
    done = run("report", tmp_path / "run", "-m", other)
    assert done.status == 1
    assert "is not the model" in done.err


def test_explain_draws_one_molecule(run, model, tmp_path):
    picture = tmp_path / "out.svg"
    done = run("explain", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "-m", model, "-o", picture)
    assert done.status == 0, done.err
    task, score = done.out.split()
    assert task == "hit?"
    assert 0 < float(score) < 1
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_explain_refuses_what_is_no_molecule(run, model, tmp_path):
    done = run("explain", "no molecule", "-m", model, "-o", tmp_path / "out.svg")
    assert done.status == 1
    assert "cannot be used" in done.err
    assert not (tmp_path / "out.svg").exists()
