"""Excel files, pipes and hostile cells through the command line, and what is written of them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from screening.hits import read_hits
from screening.runs import Run
from screening.tables import read_csv
from tests.workflows.conftest import CHEAP

CR = "lone\rreturn"


@pytest.fixture
def workbook(tmp_path):
    def make(name: str, rows: list[list[str]], sheet: str) -> Path:
        book = openpyxl.Workbook()
        book.active.title = "About"
        book.active.append(["nothing here"])
        table = book.create_sheet(sheet)
        for row in rows:
            table.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return make


def plain_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_an_assay_in_a_sheet_is_the_assay_in_the_text(run, assay, workbook, tmp_path):
    with assay.open(encoding="utf-8", newline="") as file:
        sheet = workbook("assay.xlsx", list(csv.reader(file)), "Results")
    words = ("-t", "hit?", "--id-column", "Compound Code", *CHEAP)
    done = run("train", sheet, "--sheet", "Results", "-o", tmp_path / "a.ebm", *words)
    assert done.status == 0, done.err
    assert "Excel sheet 'Results' (others: About)" in done.err
    assert (
        run("train", assay, "-o", tmp_path / "b.ebm", *words).out.splitlines()[1:]
        == (done.out.splitlines()[1:])
    )
    wrong = run("train", sheet, "--sheet", "Result", "-o", tmp_path / "c.ebm", *words)
    assert wrong.status == 1
    assert "no sheet 'Result'" in wrong.err


def test_hostile_cells_stay_cells_in_what_is_written(run, model, tmp_path):
    library = tmp_path / "l.csv"
    rows = [
        ["smiles", "id", "=head()", "+note"],
        ["CC(=O)Oc1ccccc1C(=O)O", "=cmd|'/c calc'!A1", CR, "-5.2"],
        ["[O-]C(=O)c1ccccc1", "-CF3", "'=quoted", "@x"],
        ["=nonsense", CR, "x", "y"],
        ["*" * 2000, "stars", "x", "y"],
        ["\0end of file\0" * 5000, "+1+1", "x", "y"],
        ["CCO", "last", "x", "y"],
    ]
    with library.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    # Of the first bytes a NUL would tell a binary file.
    library.write_bytes(
        library.read_bytes().replace(b'"=nonsense"', b'"=nonsense' + b"(" * 66_000 + b'"')
    )
    done = run("screen", library, "-m", model, "-o", tmp_path / "run", "-n", "1", "--no-report")
    assert done.status == 0, done.err
    hits = plain_rows(tmp_path / "run" / "hits.csv")
    assert hits[0][-2:] == ["'=head()", "'+note"]
    assert {len(row) for row in hits} == {len(hits[0])}
    by_id = {row[1]: row for row in hits[1:]}
    assert by_id.keys() == {"'=cmd|'/c calc'!A1", "'-CF3", "last"}
    assert by_id["'-CF3"][2] == "[O-]C(=O)c1ccccc1"
    assert by_id["'-CF3"][-2:] == ["''=quoted", "'@x"]
    assert by_id["'=cmd|'/c calc'!A1"][-2:] == [CR, "-5.2"]
    rejects = plain_rows(tmp_path / "run" / "rejects.csv")
    assert [(row[2], row[4]) for row in rejects[1:]] == [
        (CR, "parse"),
        ("stars", "too_large"),
        ("'+1+1", "parse"),
    ]
    assert rejects[1][3].startswith("'=nonsense")
    assert not any("\0" in cell for row in rejects for cell in row)
    # What reads our own files has the cells as they were.
    raw = read_hits(tmp_path / "run")
    assert set(raw.inputs["=head()"]) == {CR, "'=quoted", "x"}
    assert read_csv(tmp_path / "run" / "hits.csv")["id"].tolist() == raw.described["id"].to_pylist()
    found = Run(tmp_path / "run", None, None, raw, {}).rejects
    assert found["id"].tolist() == [CR, "stars", "+1+1"]
    # A carriage return in a cell begins a line, as at the end of a row.
    assert found["row"].tolist() == [5, 7, 8]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_library_from_a_pipe_with_a_name(run, model, library, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    copy = "import sys; open(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read())"
    with subprocess.Popen([sys.executable, "-c", copy, str(library), str(pipe)]):
        done = run("screen", pipe, "-m", model, "-o", tmp_path / "a", "-n", "1", "--no-report")
    assert done.status == 0, done.err
    same = run("screen", library, "-m", model, "-o", tmp_path / "b", "-n", "1", "--no-report")
    assert same.status == 0
    both = [read_csv(tmp_path / name / "hits.csv").drop(columns="source") for name in "ab"]
    assert both[0].equals(both[1])


def test_a_sheet_is_predicted(run, model, workbook):
    book = workbook("l.xlsx", [["smiles", "id"], ["CCO", "a"], ["CCN", "b"]], "Stock")
    done = run("predict", book, "--sheet", "Stock", "-m", model, "-n", "1")
    assert done.status == 0, done.err
    assert [line.split(",")[0] for line in done.out.splitlines()] == ["id", "a", "b"]


def test_a_sheet_is_part_of_what_a_run_is(run, model, workbook, tmp_path):
    rows = [["smiles", "id"], ["CCO", "a"], ["CCN", "b"]]
    words = ("-m", model, "-o", tmp_path / "run", "-n", "1", "--no-report")
    book = workbook("l.xlsx", rows, "Stock")
    assert run("screen", book, "--sheet", "Stock", *words).status == 0
    again = run("screen", book, "--sheet", "About", "-s", "nothing here", *words)
    assert again.status == 1
    assert "begun with the sheet 'Stock' (--sheet), and this command reads the sheet" in again.err
