"""The plate's files read back: every compound, every field, whatever the names hold."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rdkit import Chem

from screening.drawing import draw_png
from screening.plate import spreadsheet, write_sdf, write_xlsx
from screening.tables import guard_formula, write_csv
from tests.same_bytes import same_bytes

SMILES = ("N[C@@H](C)C(=O)O", "F/C=C/F", "[O-][N+](=O)c1ccccc1", "C", "[13CH3][2H]", "CCO.CCN")
HOSTILE = (
    "=cmd|'/c calc'!A0",
    "@SUM(1+1)",
    "+1+cmd()",
    "-2+3",
    "\t=1",
    " =1",
    "\u200b=1",
    "＝1+1",
    "\x00=1",
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "M  END",
    "$$$$",
    "$$$$ more",
    "> <id>",
    "two\n\nlines\r\n$$$$\r\n",
    "x" * 10_000,
    "",
    "00123",
    "1e5",
    "_x0041_",
    "\ufffe\uffff\x0b\x1b",
    'quote " and, comma',
    "carriage\rreturn",
    "http://example.org",
    "naïve Ω 分子",
)
COLUMNS = ("_price", "numArom", "_Name", "a<b>", "a(b)", "a(b)_2", "$$$$", "", "=x()", "two\nlines")


def plate(names: tuple[str, ...], **columns: Any) -> tuple[pd.DataFrame, list[Any]]:
    mols = [Chem.MolFromSmiles(SMILES[i % len(SMILES)]) for i in range(len(names))]
    return pd.DataFrame({"pick": range(1, len(names) + 1), "id": list(names), **columns}), mols


def one_line(text: str) -> str:
    """What a data item can hold of a text."""
    plain = " ".join("".join(c for c in text if c.isspace() or (c >= " " and c != "\x7f")).split())
    return f" {plain}" if plain.startswith("$$$$") else plain


def records(path: Path) -> list[Any]:
    return list(Chem.SDMolSupplier(str(path)))


def test_sdf_holds_every_compound_and_field_in_order(tmp_path) -> None:
    table, mols = plate(HOSTILE, score=[i / 7 for i in range(len(HOSTILE))], note=list(HOSTILE))
    write_sdf(table, mols, tmp_path / "plate.sdf")
    found = records(tmp_path / "plate.sdf")
    assert len(found) == len(table)
    for record, mol, row in zip(found, mols, table.to_dict("records"), strict=True):
        assert Chem.MolToSmiles(record) == Chem.MolToSmiles(mol)
        assert record.GetNumConformers() == 1
        assert record.GetProp("_Name") == one_line(row["id"])[:80]
        assert {name: record.GetProp(name) for name in row} == {
            name: one_line(str(value)) for name, value in row.items()
        }


def test_sdf_records_end_where_they_should_for_the_simplest_reader(tmp_path) -> None:
    """Many programs split at lines that begin with four dollars, and nothing else."""
    table, mols = plate(HOSTILE, note=list(HOSTILE))
    write_sdf(table, mols, tmp_path / "plate.sdf")
    lines = (tmp_path / "plate.sdf").read_bytes().decode("utf-8").split("\n")
    assert sum(line.startswith("$$$$") for line in lines) == len(table)
    assert not [line for line in lines if "\r" in line or "\0" in line]


def test_sdf_keeps_columns_whatever_they_are_called(tmp_path) -> None:
    values = {name: [f"{name} value"] for name in COLUMNS}
    table, mols = plate(("c1",), **values)
    write_sdf(table, mols, tmp_path / "plate.sdf")
    text = (tmp_path / "plate.sdf").read_text(encoding="utf-8")
    items = [line[4:-1] for line in text.split("\n") if line.startswith(">  <")]
    expected = "_price numArom _Name a(b) a(b)_2 a(b)_2_2 $$$$ column =x()".split()
    assert items == ["pick", "id", *expected, "two lines"]
    (record,) = records(tmp_path / "plate.sdf")
    assert [record.GetProp(name) for name in items if name != "_Name"] == [
        "1",
        "c1",
        *(one_line(f"{name} value") for name in COLUMNS if name != "_Name"),
    ]


def test_sdf_title_is_the_name_even_where_a_column_is_called_so(tmp_path) -> None:
    table, mols = plate(("c1",), smiles=["C"])
    mols[0].SetProp("_Name", "from elsewhere")
    mols[0].SetProp("leftover", "from elsewhere")
    write_sdf(table, mols, tmp_path / "plate.sdf")
    text = (tmp_path / "plate.sdf").read_text(encoding="utf-8")
    assert text.split("\n")[0] == "c1"
    assert "elsewhere" not in text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_name_is_one_sdf_record_and_one_csv_row(tmp_path_factory, names) -> None:
    folder = tmp_path_factory.getbasetemp()
    table, mols = plate(tuple(names), note=names)
    write_sdf(table, mols, folder / "any.sdf")
    found = records(folder / "any.sdf")
    assert [record.GetProp("note") for record in found] == [one_line(name) for name in names]
    write_csv(table, folder / "any.csv")
    with (folder / "any.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == [guard_formula(name) for name in names]


def test_xlsx_holds_every_compound_and_field_in_order(tmp_path, read_workbook) -> None:
    table, mols = plate(HOSTILE, score=[i / 7 for i in range(len(HOSTILE))], note=list(HOSTILE))
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    book = read_workbook(tmp_path / "plate.xlsx")
    assert book.row(0, 5) == ["structure", "pick", "id", "score", "note"]
    for number, row in enumerate(table.itertuples(index=False), start=1):
        assert book.cells[number, 1] == number
        assert book.cells[number, 3] == pytest.approx(row.score, abs=1e-12)
        assert [book.cells.get((number, c), "") for c in (2, 4)] == [row.id, row.id]


def test_xlsx_computes_nothing_and_links_nowhere(tmp_path, read_workbook) -> None:
    table, mols = plate(HOSTILE, **{"=cmd()": list(HOSTILE)})
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    book = read_workbook(tmp_path / "plate.xlsx")
    assert book.formulas == 0
    assert book.cells[0, 3] == "=cmd()"
    assert book.links == 0


def test_xlsx_has_the_structure_in_each_row(tmp_path, read_workbook) -> None:
    table, mols = plate(tuple("abcdef"))
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    pictures = read_workbook(tmp_path / "plate.xlsx").pictures
    assert sorted(pictures) == [1, 2, 3, 4, 5, 6]
    assert len(set(pictures.values())) == 6
    for data in pictures.values():
        assert Image.open(io.BytesIO(data)).size == (460, 300)


def test_xlsx_says_truth_in_words_and_leaves_what_is_unknown_empty(tmp_path, read_workbook) -> None:
    table, mols = plate(("a", "b"), inside=[True, False], value=[float("nan"), float("inf")])
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    book = read_workbook(tmp_path / "plate.xlsx")
    assert [book.row(n, 5)[3:] for n in (1, 2)] == [["yes", ""], ["no", ""]]


def test_xlsx_cells_end_where_excel_ends(tmp_path, read_workbook) -> None:
    table, mols = plate(("x" * 40_000, "y" * 32_767))
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    book = read_workbook(tmp_path / "plate.xlsx")
    assert book.cells[1, 2] == "x" * 32_766 + "…"
    assert book.cells[2, 2] == "y" * 32_767


def test_the_same_plate_is_the_same_files(tmp_path) -> None:
    table, mols = plate(HOSTILE)
    for write, suffix in ((write_sdf, "sdf"), (write_xlsx, "xlsx")):
        paths = [tmp_path / folder / f"plate.{suffix}" for folder in ("one", "two")]
        for path in paths:
            write(table, mols, path)
        assert same_bytes(paths[0], paths[1])


def test_a_plate_of_nothing_is_a_head(tmp_path, read_workbook) -> None:
    table, mols = plate(())
    write_sdf(table, mols, tmp_path / "plate.sdf")
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    write_csv(table, tmp_path / "plate.csv")
    assert (tmp_path / "plate.sdf").read_bytes() == b""
    book = read_workbook(tmp_path / "plate.xlsx")
    assert book.cells == {(0, 0): "structure", (0, 1): "pick", (0, 2): "id"}
    assert (tmp_path / "plate.csv").read_text() == "pick,id\n"


def test_a_failed_write_leaves_the_old_file(tmp_path) -> None:
    table, mols = plate(("a", "b"))
    for write, suffix in ((write_sdf, "sdf"), (write_xlsx, "xlsx")):
        path = tmp_path / f"plate.{suffix}"
        path.write_bytes(b"old")
        with pytest.raises(ValueError, match="zip"):
            write(table, mols[:1], path)
        assert [p.name for p in tmp_path.iterdir()] == [path.name]
        assert path.read_bytes() == b"old"
        path.unlink()


def test_csv_guards_cells_and_heads_and_leaves_numbers(tmp_path) -> None:
    table, _ = plate(HOSTILE, number=-1.5, **{"=x": list(HOSTILE)})
    write_csv(table, tmp_path / "plate.csv")
    csv.field_size_limit(1 << 20)
    with (tmp_path / "plate.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head == ["pick", "id", "number", "'=x"]
    assert [row[2] for row in rows] == ["-1.5"] * len(HOSTILE)
    for row, name in zip(rows, HOSTILE, strict=True):
        assert row[1] == row[3] == guard_formula(name)
        assert row[1].lstrip()[:1] not in list("=@")


def test_a_structure_that_cannot_be_drawn_leaves_its_place_empty(
    tmp_path, read_workbook, monkeypatch
) -> None:
    table, mols = plate(("good", "odd", "last"))
    mols[1] = Chem.MolFromSmiles("c1cccc1", sanitize=False)
    write_sdf(table, mols, tmp_path / "plate.sdf")
    assert [name for name, _ in items_of(tmp_path / "plate.sdf")] == ["good", "odd", "last"]
    atoms = [mol.GetNumAtoms() for mol in Chem.SDMolSupplier(str(tmp_path / "plate.sdf"))]
    assert atoms == [mols[0].GetNumAtoms(), 0, mols[2].GetNumAtoms()]
    assert "RDKit cannot draw this structure" in (tmp_path / "plate.sdf").read_text()

    def refuse(mol, *size: int) -> bytes:
        Chem.Kekulize(Chem.Mol(mol))
        return draw_png(mol, *size)

    monkeypatch.setattr(spreadsheet, "draw_png", refuse)
    write_xlsx(table, mols, tmp_path / "plate.xlsx")
    book = read_workbook(tmp_path / "plate.xlsx")
    assert sorted(book.pictures) == [1, 3]
    assert book.row(2, 3) == ["RDKit cannot draw this structure", 2, "odd"]


def items_of(path: Path) -> list[tuple[str, int]]:
    records = path.read_text(encoding="utf-8").split("$$$$\n")[:-1]
    return [(record.split("\n", 1)[0], len(record)) for record in records]
