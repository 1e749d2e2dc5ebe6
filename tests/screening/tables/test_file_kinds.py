"""SDF and Parquet are read like any table; odd encodings, headers and pipes lose no row."""

from __future__ import annotations

import gzip
import io
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from screening.errors import UserError
from screening.tables import open_library, read_table

CHIRAL = "C[C@H](N)C(=O)O"


@pytest.fixture
def made(tmp_path):
    def make(content: str | bytes, name: str = "library.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


def read(path: str, **options):
    said: list[str] = []
    (chunk,) = open_library([path], announce=said.append, **options)
    return chunk, said


def block(smiles: str, title: str, items: dict[str, str], *, force_v3000: bool = False) -> str:
    mol = Chem.MolFromSmiles(smiles)
    mol.SetProp("_Name", title)
    Chem.rdDepictor.Compute2DCoords(mol)
    text = Chem.MolToMolBlock(mol, forceV3000=force_v3000)
    return text + "".join(f">  <{k}>\n{v}\n\n" for k, v in items.items()) + "$$$$\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("v3000", [False, True])
def test_sdf(made, pack, line_end, v3000):
    text = block("CCO", "ethanol", {"price": "1"}, force_v3000=v3000)
    text += block(CHIRAL, "alanine", {"note": "two\nlines", "price": "2"}, force_v3000=v3000)
    path = made(pack(text.replace("\n", line_end).encode()), "l.sdf")
    chunk, said = read(path)
    assert chunk.smiles == ["CCO", CHIRAL]
    assert chunk.ids == ["ethanol", "alanine"]
    assert chunk.extra == {"price": ["1", "2"], "note": ["", "two\nlines"]}
    assert list(chunk.rows) == [1, 2]
    assert "SDF" in said[0]


def test_data_items_of_an_sdf_may_come_late(made):
    text = "".join(block("CCO", str(i), {"early": str(i)}) for i in range(60))
    text += block("CCN", "last", {"late": "x", "title": "a clash"})
    chunks = list(open_library([made(text, "l.sdf")], chunk_size=55))
    assert set(chunks[0].extra) == {"early"}
    assert chunks[1].extra["late"] == [""] * 5 + ["x"]
    assert chunks[1].extra["title_2"][-1] == "a clash"
    assert chunks[1].extra["early"] == [*map(str, range(55, 60)), ""]


def test_bad_records_of_an_sdf_are_kept_as_rows(made):
    good = block("CCO", "good", {})
    pentavalent = good.replace("good", "valence").replace("  1  2  1  0", "  1  2  3  0")
    text = good + pentavalent + "no\nmol\nblock\n$$$$\n" + good
    chunk, _ = read(made(text, "l.sdf"))
    assert chunk.ids == ["good", "valence", "no", "good"]
    assert chunk.smiles[0] == chunk.smiles[3] == "CCO"
    assert chunk.problems == {2: "the structure has no 'M  END' line"}
    # Written as it stands: reading it as SMILES tells what is wrong.
    assert chunk.smiles[1]
    raw = Chem.MolFromSmiles(chunk.smiles[1], sanitize=False)
    assert raw.GetNumAtoms() == 3


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_parquet(made, pack):
    table = pd.DataFrame(
        {
            "smiles": ["CCO", None, "CCN"],
            "id": ["a", "b", None],
            "price": [1.5, None, 2.0],
            "stock": [1, 2, 3],
            "bits": [b"\0", b"\1", b"\2"],
            "tags": [["x"], [], ["y"]],
        }
    )
    buffer = io.BytesIO()
    table.to_parquet(buffer, row_group_size=2)
    path = made(pack(buffer.getvalue()), "l.parquet")
    chunk, said = read(path)
    assert chunk.smiles == ["CCO", "", "CCN"]
    assert chunk.ids == ["a", "b", "row-3"]
    assert chunk.extra == {"price": ["1.5", "", "2.0"], "stock": ["1", "2", "3"]}
    assert "Parquet file (without bits, tags)" in said[0]
    assert list(read_table(path).cells["price"]) == ["1.5", "", "2.0"]


def test_parquet_from_a_pipe_and_damaged(made, monkeypatch):
    buffer = io.BytesIO()
    pd.DataFrame({"smiles": ["CCO"] * 3}).to_parquet(buffer)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(buffer.getvalue())))
    assert read("-")[0].smiles == ["CCO"] * 3
    with pytest.raises(UserError, match=r"l.parquet is a damaged Parquet file"):
        read(made(buffer.getvalue()[:-40], "l.parquet"))


def test_bytes_read_reach_the_size_of_the_file(made):
    buffer = io.BytesIO()
    pd.DataFrame({"smiles": ["CCO"] * 10_000}).to_parquet(buffer)
    stream = open_library([made(buffer.getvalue(), "l.parquet")])
    shares = [stream.share_read() for _ in stream]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 1
    assert stream.share_read() == 1.0


def test_utf_16_is_read(made):
    chunk, said = read(made("smiles\tid\nCCO\tbücher\n".encode("utf-16"), "excel.txt"))
    assert (chunk.smiles, chunk.ids) == (["CCO"], ["bücher"])
    assert "UTF-16" in said[0]


def test_a_stray_byte_after_the_first_look_is_announced_once(made):
    content = ("smiles,id\n" + "CCO,a\n" * 20_000).encode() + b"CCO,\xe9\nCCO,\xe8\n"
    said: list[str] = []
    chunks = list(open_library([made(content)], announce=said.append))
    assert chunks[-1].ids[-2:] == ["é", "è"]
    assert ["latin-1" in sentence for sentence in said] == [False, True]


@pytest.mark.parametrize("line", [2, 3000])
def test_a_quotation_mark_that_is_never_closed_swallows_nothing(made, line):
    rows = ["smiles,id", *["CCO,a"] * 5000]
    rows[line - 1] = 'CCO,"a'
    with pytest.raises(UserError, match=rf"line {line}: a quotation mark"):
        list(open_library([made("\n".join(rows))]))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_last_row_needs_no_line_end(made, end):
    chunk, _ = read(made('smiles,id\nCCO,a\nCCN,"b"' + end))
    assert (chunk.smiles, chunk.ids) == (["CCO", "CCN"], ["a", "b"])


@pytest.mark.parametrize(
    ("content", "name", "smiles"),
    [
        ("C methane\nCCO ethanol\n", "l.smi", ["C", "CCO"]),
        ("C1CC broken\nCCO ethanol\n", "l.smi", ["C1CC", "CCO"]),
        ("C,methane\nCCO,ethanol\nCCCO,x\n", "l.csv", ["C", "CCO", "CCCO"]),
        ("C(,broken\nCCO,ethanol\nCCCO,x\n", "l.csv", ["C(", "CCO", "CCCO"]),
        ("CCO,ethanol\nCCCO,x\n", "l.smi", ["CCO", "CCCO"]),
        ("CCO\nCCCO\n", "l.txt", ["CCO", "CCCO"]),
        ("Structure,N,P\nCCO,1,2\nCCCO,1,2\n", "l.csv", ["CCO", "CCCO"]),
        ("drawn,N,P\nCCO,1,2\nCCCO,1,2\n", "l.csv", ["CCO", "CCCO"]),
    ],
)
def test_the_first_row_is_a_header_only_when_it_is_one(made, content, name, smiles):
    assert read(made(content, name))[0].smiles == smiles


def test_tabs_in_a_smiles_file_separate_cells(made):
    chunk, _ = read(made("CCO\ta b\t1\nCCN\tc\t2\n", "l.smi"), smiles_column="column_1")
    assert chunk.extra == {"column_2": ["a b", "c"], "column_3": ["1", "2"]}
    chunk, _ = read(made("smiles\tid\tprice\nCCO\ta b\t1\n", "h.smi"))
    assert (chunk.ids, chunk.extra) == (["a b"], {"price": ["1"]})


def test_an_identifier_is_preferred_to_a_name(made):
    assert read(made("smiles,Compound Name,Compound ID\nCCO,ethanol,7\n"))[0].ids == ["7"]


class SlowPipe(io.RawIOBase):
    """Gives a few bytes at a time, as a pipe from a slow program does."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        time.sleep(0.001)
        part, self._rest = self._rest[:3], self._rest[3:]
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_slow_pipe_is_recognised_like_a_file(monkeypatch, pack):
    pipe = io.BufferedReader(SlowPipe(pack(b"smiles;id\nCCO;a\nCCN;b\n")))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
    assert read("-")[0].ids == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!doctype html><p>Not found</p>", "a web page"),
        (b"BZh91AY&SY", "packed with bzip2; unpack"),
        (b"\xfd7zXZ\x00", "packed with xz"),
    ],
)
def test_what_was_fetched_or_packed_wrongly_is_told(made, content, words):
    with pytest.raises(UserError, match=words):
        read(made(content))


def test_a_gzip_file_cut_short_is_told(made):
    lines = "".join(f"CCO,name-{i * 7919 % 10007}\n" for i in range(60_000))
    packed = gzip.compress(("smiles,id\n" + lines).encode())
    with pytest.raises(UserError, match=r"l.csv.gz is damaged or cut short"):
        list(open_library([made(packed[: len(packed) // 2], "l.csv.gz")]))


def test_an_assay_row_with_too_many_cells_has_no_values(made):
    table = read_table(made("id,smiles,active\na,CCO,1\nb,extra,CCN,0\n"))
    assert table.problems == {1: "4 cells in a table of 3 columns"}
    assert list(table.cells["active"]) == ["1", ""]


def test_an_assay_is_one_file(made, tmp_path):
    made("smiles\nCCO\n", "a.csv")
    made("smiles\nCCO\n", "b.csv")
    with pytest.raises(UserError, match="means 2 files"):
        read_table(str(tmp_path / "*.csv"))


def test_every_shared_table_is_read_whole(shared_data):
    """Row counts of the data's own README, columns guessed."""
    expected = {
        "lib_wehi/wehi_mols.csv.gz": 10_000,
        "lib_nci5k/first_5K.smi": 4999,
        "lib_walters/zinc_10K.smi.gz": 9999,
        "tox21/tox21.csv.gz": 7831,
        "bbbp/BBBP.csv": 2050,
        "b3db/B3DB_classification.tsv.gz": 7807,
        "sider/sider.csv": 1427,
        "esol/delaney-processed.csv": 1128,
    }
    for name, rows in expected.items():
        chunks = list(open_library([str(Path(shared_data) / name)]))
        assert sum(map(len, chunks)) == rows, name
        assert not any(chunk.problems for chunk in chunks), name
