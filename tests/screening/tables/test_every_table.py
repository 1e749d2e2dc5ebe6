"""Tables of any dialect: every row that was written is read, on its line, or is a problem."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import UserError
from screening.tables import open_library, read_table
from screening.tables.dialect import Dialect
from screening.tables.records import records

CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from(" ,;\t|\"'\n\r=@éÀ\u2028\x85\x0b"),
    max_size=8,
)
# Some letters of latin-1 side by side are the bytes of another letter in UTF-8: no reader can tell.
NOT_IN_LATIN_1 = re.compile("[^\\x00-\x7eÀ-ÿ]")
STRUCTURE = st.sampled_from(
    ["CCO", "c1ccccc1", "CC(=O)Nc1ccccc1", "[Na+].[Cl-]", "N[C@@H](C)C(=O)O", "nonsense(", ""]
)
NAMES = ("smiles", "name", "note", "n")


@dataclass(frozen=True)
class Form:
    """How a table is written."""

    delimiter: str
    line_end: str
    encoding: str
    always_quoted: bool
    packed: bool
    last_line_ends: bool


FORMS = st.builds(
    Form,
    delimiter=st.sampled_from(",\t;|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    always_quoted=st.booleans(),
    packed=st.booleans(),
    last_line_ends=st.booleans(),
)
# A row of any number of cells from one to six, after any number of blank lines.
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.tuples(STRUCTURE, CELL, CELL, CELL, CELL, CELL), st.integers(1, 6)
    ),
    min_size=1,
    max_size=25,
)


def quoted(cell: str, form: Form) -> str:
    if form.always_quoted or re.search(r'[\r\n"]', cell) or form.delimiter in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def line_count(text: str) -> int:
    return len(re.findall("\r\n|\r|\n", text))


def written(rows, form: Form) -> tuple[bytes, list[tuple[int, list[str]]]]:
    """Return the bytes of a table, and line and cells of each row."""
    text = form.delimiter.join(quoted(name, form) for name in NAMES) + form.line_end
    truth = []
    for blanks, cells, width in rows:
        text += blanks * form.line_end
        row = list(cells[:width])
        if form.encoding == "latin-1":
            row = [NOT_IN_LATIN_1.sub("?", cell) for cell in row]
        if width == 1 and not form.always_quoted and not row[0]:
            row = ["", ""]
        truth.append((line_count(text) + 1, row))
        text += form.delimiter.join(quoted(cell, form) for cell in row) + form.line_end
    if not form.last_line_ends:
        text = text.removesuffix(form.line_end)
    content = text.encode(form.encoding)
    return gzip.compress(content, mtime=0) if form.packed else content, truth


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, form=FORMS, chunk_size=st.integers(1, 9))
def test_every_row_is_read_or_is_a_problem(tmp_path_factory, rows, form, chunk_size):
    content, truth = written(rows, form)
    truth = [(line, cells) for line, cells in truth if len(cells) > 1 or cells[0]]
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    found = []
    try:
        stream = open_library(
            [str(path)], smiles_column="smiles", id_column="name", chunk_size=chunk_size
        )
        for chunk in stream:
            others = [chunk.extra["note"], chunk.extra["n"]]
            cells = zip(chunk.smiles, chunk.ids, *others, strict=True)
            found += [
                (int(line), row, place in chunk.problems)
                for place, (line, row) in enumerate(zip(chunk.rows, cells, strict=True))
            ]
    except UserError as error:
        pytest.fail(str(error))
    assert [line for line, _, _ in found] == [line for line, _ in truth]
    for (line, row, problem), (_, cells) in zip(found, truth, strict=True):
        smiles, name, *rest = [*cells[:4], *[""] * (4 - len(cells))]
        assert row == (smiles, name.strip() or f"row-{line}", *rest)
        assert problem == (len(cells) > 4)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, form=FORMS)
def test_an_assay_is_read_like_a_library(tmp_path_factory, rows, form):
    content, truth = written(rows, form)
    path = tmp_path_factory.getbasetemp() / "assay.csv"
    path.write_bytes(content)
    truth = [(line, cells) for line, cells in truth if len(cells) > 1 or cells[0]]
    if not truth:
        return
    table = read_table(str(path), smiles_column="smiles", id_column="name")
    assert list(table.rows) == [line for line, _ in truth]
    assert sorted(table.problems) == [i for i, (_, cells) in enumerate(truth) if len(cells) > 4]
    assert table.smiles == [cells[0] for _, cells in truth]


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.sampled_from('ab ,"\n\r\0\t;'), max_size=40),
    delimiter=st.sampled_from(",;\t"),
)
def test_nonsense_is_read_or_refused_in_one_sentence(tmp_path_factory, text, delimiter):
    """Whatever the file, its lines are all accounted for, or a sentence says what is wrong."""
    path = tmp_path_factory.getbasetemp() / "nonsense.csv"
    path.write_bytes(text.encode())
    dialect = Dialect("csv", delimiter, None, "UTF-8")
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        try:
            rows += records("nonsense.csv", file, dialect)
        except UserError:
            # The only thing that is wrong with a text is a quotation mark that is never closed.
            assert '"' in text
            return
    lines = [line for line, _, _ in rows]
    assert lines == sorted(set(lines))
    assert all(1 <= line <= line_count(text) + 1 for line in lines)
    if '"' not in text:
        expected = [
            (number, line.split(delimiter))
            for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1)
            if delimiter in line or line.strip()
        ]
        assert [(line, cells) for line, cells, _ in rows] == expected


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("name", ["l.csv", "l.smi"])
def test_blank_lines_by_the_hundred_thousand_are_passed_over(tmp_path, line_end, blank, name):
    rows = [" CCO a".replace(" ", "," if name == "l.csv" else " ").strip(",")]
    head = ["smiles,id"] if name == "l.csv" else ["CCC c"]
    mark = "," if name == "l.csv" else " "
    lines = [*head, *rows, *[blank] * 400_000, f"CCN{mark}b", *[blank] * 200_000, f"CCCN{mark}d"]
    path = tmp_path / name
    path.write_bytes(line_end.join(lines).encode())
    (chunk,) = open_library([str(path)])
    found = dict(zip(chunk.ids, chunk.rows.tolist(), strict=True))
    assert (found["a"], found["b"], found["d"]) == (2, 400_003, 600_004)


def test_blank_lines_within_a_cell_are_kept(tmp_path):
    cell = "a" + "\n" * 300_000 + "b"
    path = tmp_path / "l.csv"
    path.write_text(f'smiles,id,note\nCCO,x,"{cell}"\nCCN,y,z\n')
    (chunk,) = open_library([str(path)])
    assert chunk.extra["note"] == [cell, "z"]
    assert chunk.rows.tolist() == [2, 300_003]


def test_no_text_ends_a_file(tmp_path):
    path = tmp_path / "l.csv"
    rows = [f"CCO,n{i}" for i in range(9000)]
    rows[8000:8000] = ["\0end of file\0", "CCO,\0", '"\x1a",\x04', "\0end of file\0,x"]
    path.write_text("smiles,id\n" + "\n".join(rows) + "\n")
    chunks = list(open_library([str(path)]))
    assert sum(map(len, chunks)) == len(rows)
    assert chunks[-1].ids[-1] == "n8999"


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "l.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"smiles,id\nCCO,a\n")
        for _ in range(20):
            file.write(b"C" * (1 << 20))
    with pytest.raises(UserError, match=r"l.csv.gz, line 3 has more than 16 million"):
        list(open_library([str(path)]))
