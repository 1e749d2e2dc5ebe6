"""`ebmscreen predict`: every row back, in its order, in every format, as a screen scores it."""

from __future__ import annotations

import csv
import gzip
import io
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from screening.predictions import rows as predictions
from screening.tables import read_table
from tests.same_bytes import same_bytes
from tests.workflows.conftest import CHEAP

IDS = ["A-1", "A-2", "<script>alert(1)</script>", "two\nlines", "A-5", "A-6"]
REASONS = ["", "parse", "", "", "empty", ""]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SMILES = ["CCO", "C1CC", "CC(=O)Oc1ccccc1C(=O)O"]


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def read(path: Path) -> list[dict[str, str]]:
    return rows_of(path.read_bytes().decode())


def value_of(cell: ElementTree.Element) -> str | float:
    if cell.attrib.get("t", "n") == "n":
        return float(cell.findtext(f"{MAIN}v"))
    assert cell.attrib["t"] == "inlineStr"
    return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Real compounds, some twice, bad rows, awkward cells, names that are taken or there twice."""
    smiles = read_table(str(Path(__file__).parents[2] / "data/samples/wehi.csv.gz")).smiles[:60]
    smiles[7], smiles[20], smiles[59], smiles[40] = "C1CC", "", "C" * 300, smiles[3]
    path = tmp_path_factory.mktemp("many") / "many.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["price", "smiles", "score", "note", "note", "name"])
        for place, text in enumerate(smiles):
            name = f"c{place}" if place % 5 else " "
            writer.writerow([place, text, "mine", 'a "b",\r\n c', "x\ry", name])
        writer.writerow([1, "CCO", "mine", "", "", "long", "too", "many"])
    return path


@pytest.fixture
def few_together(monkeypatch):
    monkeypatch.setattr(predictions, "TOGETHER", 7)


@pytest.mark.usefixtures("few_together")
def test_every_row_comes_back_with_the_scores_of_a_screen(run, model, many, tmp_path):
    words = ("predict", many, "-m", model)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    done = run(*words, "-o", one, "-n", "1")
    assert done.status == 0, done.err
    assert done.out == f"{one}\n"
    assert "61 rows read: 57 scored, 4 with a reason why not" in done.err
    assert run(*words, "-o", two, "-n", "2", "-q").err == ""
    assert same_bytes(one, two)
    found = read(one)
    with many.open(encoding="utf-8", newline="") as file:
        given = list(csv.reader(file))
    columns = ["price", "smiles", "input_score", "note", "note_2", "name"]
    assert list(found[0])[:8] == [*columns, "score", "score_std"]
    assert [[row[name] for name in columns] for row in found] == [row[:6] for row in given[1:]]
    assert {i: row["reason"] for i, row in enumerate(found) if row["reason"]} == {
        7: "parse",
        20: "empty",
        59: "too_large",
        60: "parse",
    }
    assert found[60]["message"] == "8 cells in a table of 6 columns"
    assert [i for i, row in enumerate(found) if row["duplicate_of"]] == [40]
    assert found[40]["duplicate_of"] == "c3"
    run("screen", many, "-m", model, "-o", tmp_path / "run", "-n", "1", "--no-report", "-q")
    scores = ds.dataset(tmp_path / "run" / "scores").to_table().to_pandas()
    ours = [row for row in found if not row["reason"]]
    for name in ("score", "score_std", "p_active", "p_inactive", "novelty_percentile"):
        assert [float(row[name]) for row in ours] == scores[name].tolist()
    hits = read(tmp_path / "run" / "hits.csv")
    by_place = {hit["price"]: hit for hit in hits}
    same = [name for name in found[0] if name in hits[0] and name != "smiles"]
    assert {"duplicate_of", "in_training", "same_skeleton", "nearest_label"} < set(same)
    for row in ours:
        assert {n: row[n] for n in same} == {n: by_place[row["price"]][n] for n in same}


def test_every_format_holds_the_same(run, model, library, tmp_path):
    names = ("x.csv", "x.tsv", "x.csv.gz", "x.parquet", "x.xlsx", "x.sdf")
    for name in names:
        done = run("predict", library, "-m", model, "-o", tmp_path / name, "-n", "1", "-q")
        assert done.status == 0, done.err
    plain = read(tmp_path / "x.csv")
    assert [row["name"] for row in plain] == IDS
    assert [row["reason"] for row in plain] == REASONS
    # A spreadsheet would compute it.
    assert plain[3]["input_score"] == "'=cmd()"
    assert plain[1]["score"] == plain[1]["in_domain"] == ""
    assert rows_of((tmp_path / "x.tsv").read_bytes().decode(), "\t") == plain
    packed = gzip.decompress((tmp_path / "x.csv.gz").read_bytes())
    assert packed == (tmp_path / "x.csv").read_bytes()
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.column_names == list(plain[0])
    assert table["name"].to_pylist() == IDS
    assert table["input_score"].to_pylist()[3] == "=cmd()"
    assert table["score"].to_pylist() == [float(r["score"]) if r["score"] else None for r in plain]
    assert table["in_domain"].type == "bool"
    record = (tmp_path / "x.sdf").read_text(encoding="utf-8")
    assert record.count("$$$$\n") == 6
    back = read_table(str(tmp_path / "x.sdf"), smiles_column="smiles_2")
    assert back.cells["reason"].tolist() == REASONS
    assert back.cells["name"].tolist() == [" ".join(name.split()) for name in IDS]
    assert back.cells["score"].tolist() == [row["score"] for row in plain]


def test_an_excel_sheet_holds_text_as_text(run, model, library, tmp_path):
    for name in ("x.xlsx", "x.csv"):
        run("predict", library, "-m", model, "-o", tmp_path / name, "-n", "1", "-q")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as zipped:
        sheet = ElementTree.fromstring(zipped.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{MAIN}f"))
    assert not list(sheet.iter(f"{MAIN}hyperlink"))
    # By column; a cell that is empty is not there.
    head, *found = (
        {re.sub(r"\d", "", cell.attrib["r"]): value_of(cell) for cell in row}
        for row in sheet.iter(f"{MAIN}row")
    )
    found = [{head[column]: value for column, value in row.items()} for row in found]
    for row, plain in zip(found, read(tmp_path / "x.csv"), strict=True):
        assert list(row) == [name for name in plain if name in row]
        for name, text in plain.items():
            value = row.get(name, "")
            if isinstance(value, float):
                assert value == float(text)
            else:
                yes_or_no = {"True": "yes", "False": "no", "'=cmd()": "=cmd()"}
                assert value == yes_or_no.get(text, text)
    assert isinstance(found[0]["score"], float)
    assert isinstance(found[0]["price"], str)


def test_the_most_important_columns_go_to_stdout(run, model, library):
    done = run("predict", library, "-m", model, "-n", "1")
    found = rows_of(done.out)
    assert list(found[0]) == [
        *("id", "smiles", "score", "score_std", "prediction_set", "in_domain"),
        *("nearest_id", "nearest_similarity", "nearest_label", "reason"),
    ]
    assert [row["id"] for row in found] == IDS
    assert [row["reason"] for row in found] == REASONS


def test_stdin_and_several_files_are_one_table(run, model, library, tmp_path, monkeypatch):
    other = tmp_path / "other.smi"
    other.write_text("CCN amine\nCCO alcohol\n")
    out = tmp_path / "both.csv"
    done = run("predict", library, other, "-m", model, "-o", out, "-n", "1", "--describe")
    assert done.status == 0, done.err
    found = read(out)
    assert [row["source"] for row in found] == [str(library)] * 6 + [str(other)] * 2
    assert [row["name"] for row in found[:6]] == IDS
    assert [row["id"] for row in found] == [""] * 6 + ["amine", "alcohol"]
    assert found[6]["smiles"] == "CCN"
    assert (found[2]["scaffold"], found[6]["scaffold"]) == ("O=c1[nH]c(=O)c2[nH]cnc2[nH]1", "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(other.read_bytes())))
    done = run("predict", "-", "-m", model, "-n", "1")
    assert [row["id"] for row in rows_of(done.out)] == ["amine", "alcohol"]


def test_structures_are_answered_by_a_table_to_read(run, model, assay, monkeypatch, tmp_path):
    known = read_table(str(assay), smiles_column="Drawn structure", id_column="Compound Code")
    words = ("predict", *SMILES, known.smiles[0], "-m", model)
    found = rows_of(run(*words).out)
    assert [row["smiles"] for row in found] == [*SMILES, known.smiles[0]]
    monkeypatch.setattr("workflows.commands.predict.sys.stdout.isatty", lambda: True, raising=False)
    done = run(*words)
    head, *lines = done.out.splitlines()
    assert head.split() == "structure score prediction nearest known compound in domain".split()
    assert lines[1].split()[:3] == ["C1CC", "-", "parse:"]
    score = f"{float(found[0]['score']):.2f}"
    assert lines[0].split()[:2] == ["CCO", score]
    assert known.ids[0] in lines[3]
    assert "(the same)" in lines[3]
    rare = rows_of(run(*words, "-o", tmp_path / "x.csv", "--prevalence", "0.01").out)
    assert not rare
    assert float(read(tmp_path / "x.csv")[0]["score"]) < float(found[0]["score"])


def test_what_is_missing_or_there_already_is_said(run, model, library, tmp_path):
    assert "aspirin.csv: there is no such file" in run("predict", "aspirin.csv", "-m", model).err
    mixed = run("predict", library, "CCO", "-m", model)
    assert mixed.status == 2
    assert "one kind at a time" in mixed.err
    out = tmp_path / "x.csv"
    out.write_text("mine")
    refused = run("predict", "CCO", "-m", model, "-o", out)
    assert (refused.status, out.read_text()) == (1, "mine")
    assert f"{out} is there already; --force overwrites it" in refused.err
    assert run("predict", "CCO", "-m", model, "-o", out, "--force").status == 0
    assert read(out)[0]["smiles"] == "CCO"
    assert "ends in .csv" in run("predict", "CCO", "-m", model, "-o", tmp_path / "x.doc").err


def test_a_table_without_rows_keeps_its_header(run, model, tmp_path):
    path, out = tmp_path / "empty.csv", tmp_path / "x.csv"
    path.write_text("smiles,price\n")
    assert run("predict", path, "-m", model, "-o", out, "-n", "1").status == 0
    assert out.read_text().startswith("smiles,price,score,score_std,")
    assert not read(out)


def test_a_model_of_several_tasks_has_a_block_a_task(run, assay, library, tmp_path):
    table = pd.read_csv(assay)
    table["low"] = 1 - table["hit?"]
    table.to_csv(tmp_path / "two.csv", index=False)
    words = (tmp_path / "two.csv", "-t", "hit?", "-t", "low", *CHEAP)
    assert run("train", *words, "-o", tmp_path / "m.ebm").status == 0
    out = tmp_path / "x.csv"
    assert run("predict", library, "-m", tmp_path / "m.ebm", "-o", out, "-n", "1").status == 0
    block = ("score", "score_std", "p_active", "p_inactive", "prediction_set")
    assert list(read(out)[0])[4:14] == [
        f"{name}_{task}" for task in ("hit?", "low") for name in block
    ]


@pytest.mark.parametrize("command", ["predict", "screen", "prepare"])
def test_a_named_column_may_be_in_another_sheet(run, model, tmp_path, command):
    with xlsxwriter.Workbook(tmp_path / "two.xlsx") as book:
        book.add_worksheet("first").write_row(0, 0, ("what", "CCO"))
        second = book.add_worksheet("second")
        second.write_row(0, 0, ("drawn", "code"))
        second.write_row(1, 0, ("CCO", "a"))
    words = ("-s", "drawn", "--id-column", "code", "--sheet", "second", "-n", "1")
    words += ("-m", model, "-o", tmp_path / ("out.csv" if command == "predict" else "out"))
    done = run(command, tmp_path / "two.xlsx", *words)
    assert done.status == 0, done.err


def test_a_signal_leaves_nothing_behind(model, samples, tmp_path):
    words = ["predict", str(samples / "wehi.csv.gz"), "-m", str(model), "-n", "1"]
    words += ["-o", str(tmp_path / "out.csv")]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", "workflows", *words], stderr=pipe, stdout=pipe, text=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".predict.*/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "ebmscreen: interrupted" in said
    assert not list(tmp_path.iterdir())
