"""Files are read row for row, whatever they look like; what is no table is told in one sentence."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

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


@pytest.mark.parametrize("blank", ["\n" * 30, "   \n\n"])
def test_blank_lines_above_the_header_are_no_rows(made, blank):
    rows, smiles, ids, *_ = read(made(blank + PLAIN))
    assert (smiles, ids) == (["CCO", "c1ccccc1"], ["a", "b"])
    assert rows[0] == blank.count("\n") + 2


@pytest.mark.parametrize("name", ["l.csv", "l.smi", "l.sdf"])
def test_carriage_returns_end_lines(made, name):
    content = {
        "l.csv": PLAIN,
        "l.smi": "CCO a\nc1ccccc1 b\n",
        "l.sdf": "".join(
            Chem.MolToMolBlock(Chem.MolFromSmiles(s)).replace("\n", f"{n}\n", 1) + "$$$$\n"
            for s, n in (("CCO", "a"), ("c1ccccc1", "b"))
        ),
    }[name]
    _, smiles, ids, *_ = read(made(content.replace("\n", "\r"), name))
    assert (smiles, ids) == (["CCO", "c1ccccc1"], ["a", "b"])


def test_line_ends_of_every_kind_in_one_file(made):
    rows, _, ids, *_ = read(made("smiles,id\rCCO,a\nCCN,b\r\nCCC,c\r\rCCCC,d"))
    assert (rows, ids) == ([2, 3, 4, 6], ["a", "b", "c", "d"])


def test_decimal_commas_stay_in_their_cell(made):
    for head in ("smiles;pIC50", "smiles;IC50, nM"):
        *_, chunks, said = read(made(f"{head}\nCCO;7,5\nCCN;8,1\nc1ccccc1;6,0\n"))
        assert "semicolons" in said[0]
        assert list(chunks[0].extra.values()) == [["7,5", "8,1", "6,0"]]


CHEMBL = (
    '"Molecule ChEMBL ID";"Molecule Name";"Molecule Max Phase";"Smiles";"Standard Type";'
    '"Standard Relation";"Standard Value";"Standard Units";"pChEMBL Value";"Comment";'
    '"Assay ChEMBL ID";"Document ChEMBL ID";"Target ChEMBL ID"\n'
    '"CHEMBL95";"TACRINE";"4.0";"Nc1c2c(nc3ccccc13)CCCC2";"IC50";"\'=\'";"180.0";"nM";"6.74";'
    '"a, b; c";"CHEMBL1";"CHEMBL2";"CHEMBL220"\n'
    '"CHEMBL502";"";"";"COc1cc2c(cc1OC)C(=O)CC2";"IC50";"\'>\'";"10000";"nM";"";"";'
    '"CHEMBL1";"CHEMBL2";"CHEMBL220"\n'
)


def test_an_export_of_chembl(made):
    _, smiles, ids, chunks, said = read(made(CHEMBL))
    assert smiles[0] == "Nc1c2c(nc3ccccc13)CCCC2"
    assert ids == ["CHEMBL95", "CHEMBL502"]
    assert chunks[0].extra["Comment"] == ["a, b; c", ""]
    assert "structures in 'Smiles', names in 'Molecule ChEMBL ID'" in said[0]


@pytest.mark.parametrize(
    "name",
    [
        *("molecule_chembl_id", "compound_chembl_id", "mol_chembl_id", "idnumber", "Catalog ID"),
        *("Enamine ID", "Molport ID", "MCULE-ID", "CAS", "CAS Number", "Catalogue No", "ID"),
    ],
)
def test_names_of_vendors_are_found(made, name):
    *_, ids, _, said = read(made(f"SMILES,{name},MW,Price\nCCO,x1,46,5\nCCN,x2,45,5\n"))
    assert ids == ["x1", "x2"]
    assert repr(name) in said[0]


@pytest.mark.parametrize(
    ("header", "row", "chosen"),
    [
        ("smiles,Compound Name,CAS,Catalog ID", "CCO,ethanol,64-17-5,E1", "E1"),
        ("smiles,Compound Name,CAS,Catalog ID", "CCO,ethanol,64-17-5,", "64-17-5"),
        ("smiles,title,name,chembl_id", "CCO,t,ethanol,", "ethanol"),
    ],
)
def test_of_several_names_the_best_that_is_filled_is_taken(made, header, row, chosen):
    assert read(made(f"{header}\n{row}\n"))[2] == [chosen]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("smiles,price\nCCO ethanol,1\nc1ccccc1,2\nCCN |$a;;$| ethyl amine ,3\n", "l.csv"),
        ("smiles\nCCO ethanol\nc1ccccc1\nCCN |$a;;$| ethyl amine\n", "l.csv"),
        ("structure and name\nCCO ethanol\nc1ccccc1\nCCN |$a;;$| ethyl amine\n", "l.csv"),
        ("X\nCCO ethanol\nc1ccccc1\nCCN |$a;;$| ethyl amine\n", "l.smi"),
    ],
)
def test_a_name_after_the_structure_is_kept(made, content, name):
    _, smiles, ids, *_ = read(made(content, name))
    assert smiles[-3:] == ["CCO", "c1ccccc1", "CCN |$a;;$|"]
    assert ids[-3:] == ["ethanol", "row-3", "ethyl amine"]
    table = read_table(str(made(content, name)))
    assert (table.smiles, table.ids) == (smiles, ids)


def test_beside_a_column_of_names_a_structure_is_left_as_it_is(made):
    _, smiles, ids, *_ = read(made("smiles,id\nCCO x,a\nCCN,b\n"))
    assert (smiles, ids) == (["CCO x", "CCN"], ["a", "b"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_named_pipe_is_read_once_like_stdin(tmp_path, pack):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for reader in (read, lambda path: (None, read_table(str(path)).smiles)):
        writer = threading.Thread(target=pipe.write_bytes, args=(pack(PLAIN.encode()),))
        writer.start()
        assert reader(pipe)[1] == ["CCO", "c1ccccc1"]
        writer.join()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="this system has no /dev/fd")
def test_the_pipe_of_a_process_substitution_is_read(tmp_path):
    buffer = io.BytesIO()
    pd.DataFrame({"smiles": ["CCO", "CCN"]}).to_parquet(buffer)
    for content in (b"smiles\nCCO\nCCN\n", buffer.getvalue()):
        ours, theirs = os.pipe()
        os.write(theirs, content)
        os.close(theirs)
        stream = open_library([f"/dev/fd/{ours}"])
        assert [text for chunk in stream for text in chunk.smiles] == ["CCO", "CCN"]
        assert stream.share_read() is None
        os.close(ours)


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
