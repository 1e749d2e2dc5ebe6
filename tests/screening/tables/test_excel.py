"""Excel sheets are read as a person sees them; what is none is told in one sentence."""

from __future__ import annotations

import datetime
import gzip
import io
import random
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from rdkit import Chem

from screening.errors import UserError
from screening.plate import write_xlsx
from screening.tables import open_library, read_table

HEAD = ["Catalog ID", "SMILES", "value"]


def book(path, **sheets):
    made = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    made.close()
    return str(path)


def read(path: str, **options):
    said: list[str] = []
    (chunk,) = open_library([path], announce=said.append, **options)
    return chunk, said


@pytest.fixture
def two_sheets(tmp_path):
    first = [HEAD, ["a", "CCO", 5], [], ["b", "CCN", 7.1], ["c", "CC(=O)O"]]
    return book(tmp_path / "l.xlsx", Compounds=first, Other=[HEAD, ["x", "CCCC", 1]])


def test_the_first_sheet_is_read_or_the_one_that_is_named(two_sheets):
    chunk, said = read(two_sheets)
    assert chunk.ids == ["a", "b", "c"]
    assert chunk.smiles == ["CCO", "CCN", "CC(=O)O"]
    assert chunk.extra == {"value": ["5", "7.1", ""]}
    assert chunk.rows.tolist() == [2, 4, 5]
    assert "Excel sheet 'Compounds' (others: Other), with a header" in said[0]
    assert read(two_sheets, sheet="Other")[0].smiles == ["CCCC"]
    assert read_table(two_sheets, sheet="Other").ids == ["x"]
    with pytest.raises(UserError, match=r"no sheet 'Nope' .*--sheet.*Compounds, Other"):
        read(two_sheets, sheet="Nope")


def test_a_sheet_of_a_text_file_is_refused(tmp_path):
    (tmp_path / "l.csv").write_text("smiles\nCCO\n")
    with pytest.raises(UserError, match=r"l.csv is no Excel file: it has no sheet 'A'"):
        read_table(str(tmp_path / "l.csv"), sheet="A")


def test_cells_are_what_a_person_sees(tmp_path):
    path = tmp_path / "l.xlsx"
    made = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    sheet = made.add_worksheet()
    cells = {
        "whole": (5.0, None, "5"),
        "binary": (7.1 + 1e-15, None, "7.1"),
        "small": (1e-9, None, "1e-09"),
        "percent": (0.576, "0.0%", "57.6%"),
        "number": (42, "00000", "00042"),
        "day": (datetime.datetime(2026, 1, 31), "yyyy-mm-dd", "2026-01-31"),
        "time": (datetime.datetime(2026, 1, 31, 9, 30), "yyyy-mm-dd hh:mm", "2026-01-31 09:30:00"),
        "true": (True, None, "TRUE"),
        "text": ("=1+1 & <b>", None, "=1+1 & <b>"),
        "lines": ("a\nb\rc", None, "a\nb\rc"),
        "like a number": ("007", None, "007"),
    }
    sheet.write_row(0, 0, ["smiles", *cells, "sum", "error", "never computed"])
    sheet.write_string(1, 0, "CCO")
    for place, (value, shown_as, _) in enumerate(cells.values(), start=1):
        sheet.write(1, place, value, made.add_format({"num_format": shown_as or "General"}))
    last = len(cells) + 1
    sheet.write_formula(1, last, "=1+1", None, 2)
    sheet.write_formula(1, last + 1, "=NA()", None, "#N/A")
    sheet.write_formula(1, last + 2, "=A1", None, "")
    made.close()
    chunk, _ = read(str(path))
    expected = {name: [seen] for name, (_, _, seen) in cells.items()}
    assert chunk.extra == {**expected, "sum": ["2"], "error": [""], "never computed": [""]}


@pytest.mark.parametrize(
    ("rows", "smiles", "extra"),
    [
        ([["Vendor list"], [], ["made 2026", 1], HEAD, ["a", "CCO", 1]], ["CCO"], {"value": ["1"]}),
        ([["a", "CCO", 1], ["b", "CCN", 2]], ["CCO", "CCN"], {"column_1": ["a", "b"]}),
        ([HEAD, ["a", "CCO", 1, "note"]], ["CCO"], {"value": ["1"], "column_4": ["note"]}),
        ([[], [], HEAD, ["a", "CCO", 1]], ["CCO"], {"value": ["1"]}),
    ],
)
def test_titles_missing_headers_and_notes_to_the_right(tmp_path, rows, smiles, extra):
    chunk, _ = read(book(tmp_path / "l.xlsx", A=rows))
    assert chunk.smiles == smiles
    assert extra.items() <= chunk.extra.items()
    assert not chunk.problems


def test_what_the_plate_writes_is_read_with_every_name_and_value(tmp_path):
    smiles = ["CCO", "c1ccccc1O", "CC(=O)O"]
    names = ["=1+1", "a\rb", "_x0041_ é"]
    table = pd.DataFrame({"id": names, "smiles": smiles, "score": [0.1, 0.25, 1.0]})
    write_xlsx(table, [Chem.MolFromSmiles(text) for text in smiles], tmp_path / "plate.xlsx")
    chunk, said = read(str(tmp_path / "plate.xlsx"))
    assert (chunk.smiles, chunk.ids) == (smiles, names)
    assert chunk.extra["score"] == ["0.1", "0.25", "1"]
    assert "structures in 'smiles', names in 'id'" in said[0]


def test_from_a_pipe_and_packed(two_sheets, tmp_path, monkeypatch):
    content = Path(two_sheets).read_bytes()
    (tmp_path / "l.xlsx.gz").write_bytes(gzip.compress(content))
    assert read(str(tmp_path / "l.xlsx.gz"))[0].ids == ["a", "b", "c"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert read("-")[0].ids == ["a", "b", "c"]


def test_the_share_read_grows_to_one(tmp_path):
    rows = [HEAD, *([f"n{i}", "CCO", i] for i in range(5000))]
    stream = open_library([book(tmp_path / "l.xlsx", A=rows)], chunk_size=500)
    shares = [stream.share_read() for _ in stream]
    assert shares == sorted(shares)
    assert stream.share_read() == 1.0


def zipped(**parts: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"old kind \(.xls\), or under a pass"),
        (zipped(notes_txt="x"), "is a zip archive, not a table"),
        (zipped(model_json="{}"), "is a model file, not a table"),
        (zipped(xl__workbook_bin="x"), "binary Excel file"),
        (zipped(xl__workbook_xml="<x"), "damaged Excel file"),
        (b"PK\x03\x04 cut", "damaged Excel file"),
    ],
)
def test_what_is_no_workbook_is_told_in_one_sentence(tmp_path, content, words):
    (tmp_path / "l.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=words) as error:
        read(str(tmp_path / "l.xlsx"))
    assert str(error.value).startswith(str(tmp_path / "l.xlsx"))
    assert "\n" not in str(error.value)


def test_empty_sheets_are_told(tmp_path):
    with pytest.raises(UserError, match="the sheet 'A' is empty"):
        read(book(tmp_path / "l.xlsx", A=[]))


def test_a_damaged_workbook_is_read_or_refused(two_sheets, tmp_path):
    content = Path(two_sheets).read_bytes()
    draw = random.Random(0)
    refused = 0
    for _ in range(150):
        bad = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            bad[draw.randrange(4, len(bad))] = draw.randrange(256)
        (tmp_path / "bad.xlsx").write_bytes(bytes(bad))
        try:
            list(open_library([str(tmp_path / "bad.xlsx")]))
        except UserError:
            refused += 1
    assert refused > 20
