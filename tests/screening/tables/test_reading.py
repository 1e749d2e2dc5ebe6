"""Files are read row for row, whatever they look like; what is no table is told in one sentence."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import UserError
from screening.tables import open_library, read_table


def read(path: Path | str, **options):
    said: list[str] = []
    chunks = list(open_library([str(path)], announce=said.append, **options))
    rows = [int(line) for chunk in chunks for line in chunk.rows]
    smiles = [text for chunk in chunks for text in chunk.smiles]
    ids = [name for chunk in chunks for name in chunk.ids]
    return rows, smiles, ids, chunks, said


@pytest.fixture
def made(tmp_path):
    def make(content: str | bytes, name: str = "library.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


PLAIN = "smiles,id,price\nCCO,a,1\nc1ccccc1,b,2\n"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (PLAIN, "l.csv", "commas"),
        (PLAIN.replace(",", "\t"), "l.tsv", "tabs"),
        (PLAIN.replace(",", ";"), "l.csv", "semicolons"),
        (PLAIN.replace("\n", "\r\n"), "l.csv", "commas"),
        (b"\xef\xbb\xbf" + PLAIN.encode(), "l.csv", "UTF-8"),
        (gzip.compress(PLAIN.encode(), mtime=0), "l.csv.gz", "commas"),
        (gzip.compress(PLAIN.encode(), mtime=0), "misnamed.csv", "commas"),
        ("CCO a\nc1ccccc1 b\n", "l.smi", "without a header"),
        ("smiles id\nCCO a\nc1ccccc1 b\n", "l.smi", "with a header"),
        ('"CCO","a"\n"c1ccccc1","b"\n', "l.csv", "without a header"),
    ],
)
def test_dialects_are_recognised_and_announced(made, content, name, said):
    _, smiles, ids, _, announced = read(made(content, name))
    assert smiles == ["CCO", "c1ccccc1"]
    assert ids == ["a", "b"]
    assert len(announced) == 1
    assert said in announced[0]


def test_rows_are_the_lines_on_which_they_begin(made):
    path = made('id,smiles\n"two\nlines",CCO\n\nlast,CCN\n')
    rows, _, ids, *_ = read(path)
    assert rows == [2, 5]
    assert ids == ["two\nlines", "last"]
    assert path.read_text().splitlines()[5 - 1] == "last,CCN"


def test_latin_1_is_read_and_announced(made):
    _, _, ids, _, said = read(made("smiles,id\nCCO,caf\xe9\n".encode("latin-1")))
    assert ids == ["café"]
    assert "latin-1" in said[0]


def test_a_stray_byte_far_into_a_utf_8_file_stops_nothing(made):
    content = "smiles,id\n" + "CCO,ü\n" * 40_000
    _, _, ids, *_ = read(made(content.encode() + b"CCO,\xe9\n"))
    assert ids[-2:] == ["ü", "é"]


def test_short_rows_are_filled_and_long_rows_are_problems(made):
    _, smiles, ids, chunks, _ = read(made("smiles,id,x\nCCO\nCCN,b,1,2,3\nCCC,c,1\n"))
    assert smiles == ["CCO", "CCN", "CCC"]
    assert ids == ["row-2", "b", "c"]
    assert chunks[0].problems == {1: "5 cells in a table of 3 columns"}


def test_columns_of_one_name_are_all_kept(made):
    *_, chunks, _ = read(made("smiles,id,x,x\nCCO,a,1,2\n"))
    assert chunks[0].extra == {"x": ["1"], "x_2": ["2"]}


def test_named_columns_and_their_case(made):
    path = made("Parent,Drawn\nCCO,CCN\nCCCO,CCCN\n")
    assert read(path, smiles_column="drawn")[1] == ["CCN", "CCCN"]
    with pytest.raises(UserError, match=r"several columns.*Parent, Drawn"):
        read(path)
    with pytest.raises(UserError, match=r"no column 'Mol'.*Parent, Drawn"):
        read(path, smiles_column="Mol")


def test_several_files_and_globs_in_order(made, tmp_path):
    made("smiles\nCCO\n", "b.csv")
    made("CCN x\n", "a.smi")
    stream = open_library([str(tmp_path / "*.smi"), str(tmp_path / "b.csv")])
    assert [text for chunk in stream for text in chunk.smiles] == ["CCN", "CCO"]
    assert stream.share_read() == 1.0


def test_a_smiles_file_may_begin_with_a_broken_structure(made):
    _, smiles, ids, *_ = read(made("C1CC( a\nCCO b\n", "l.smi"))
    assert smiles == ["C1CC(", "CCO"]
    assert ids == ["a", "b"]


def test_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PLAIN.encode())))
    assert read("-")[1] == ["CCO", "c1ccccc1"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"PK\x03\x04....", "zip archive"),
        (b"\x89PNG\r\n", "PNG picture"),
        (b"abc\0def", "binary file"),
        (gzip.compress(PLAIN.encode() * 500, mtime=0)[:60], "damaged gzip"),
    ],
)
def test_what_is_no_table_is_told(made, content, words):
    with pytest.raises(UserError, match=words) as error:
        read(made(content))
    assert "library.csv" in str(error.value)


def test_missing_files_folders_and_empty_globs(tmp_path):
    for path, words in (("x.csv", "no such file"), ("", "is a folder"), ("*.csv", "matches no")):
        with pytest.raises(UserError, match=words):
            read(tmp_path / path)


def test_an_assay_keeps_every_cell_as_text(made):
    table = read_table(str(made("id,smiles,IC50\n007,CCO,>10000\n008,CCN,1e3\n")))
    assert table.ids == ["007", "008"]
    assert list(table.cells["IC50"]) == [">10000", "1e3"]
    assert list(table.rows) == [2, 3]


CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" ,;\t\"\n\r'|=@"), max_size=12
)
SMILES = st.sampled_from(["CCO", "c1ccccc1", "", "nonsense", "CC(=O)O", "[Na+].[Cl-]"])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(SMILES, CELL, CELL), min_size=1, max_size=40),
    delimiter=st.sampled_from([",", "\t", ";"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    chunk_size=st.integers(1, 7),
)
def test_no_row_is_lost_or_invented(tmp_path_factory, rows, delimiter, line_end, chunk_size):
    path = tmp_path_factory.mktemp("ugly") / "ugly.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        # Python 3.11 does not quote a lone carriage return by itself.
        writer = csv.writer(
            file, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL
        )
        writer.writerows([("smiles", "name", "note"), *rows])
    stream = open_library(
        [str(path)], smiles_column="smiles", id_column="name", chunk_size=chunk_size
    )
    found = [
        (smiles, name, note)
        for chunk in stream
        for smiles, name, note in zip(chunk.smiles, chunk.ids, chunk.extra["note"], strict=True)
    ]
    expected = [(s, n.strip(), note) for s, n, note in rows]
    assert len(found) == len(expected)
    for (smiles, name, note), (s, n, t) in zip(found, expected, strict=True):
        assert (smiles, note) == (s, t)
        assert name == n or (not n and name.startswith("row-"))
