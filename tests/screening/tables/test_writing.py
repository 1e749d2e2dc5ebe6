"""CSV written and read back: every cell where it was."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.tables import guard_formula, read_csv, write_csv, write_csv_parts

cells = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("'=+-@\t\r\n ")
)


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_any_text_comes_back(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    table = pd.DataFrame(
        {"id": [a for a, _ in rows], "n": range(len(rows)), "note": [b for _, b in rows]}
    )
    write_csv(table, path)
    found = read_csv(path)
    assert found["id"].tolist() == [a for a, _ in rows]
    assert found["note"].tolist() == [b for _, b in rows]
    assert found["n"].tolist() == [str(i) for i in range(len(rows))]


def test_quotes_stand_where_they_are_needed_only(tmp_path) -> None:
    write_csv(pd.DataFrame({"id": ["a", "b,c"], "x": [1.5, 2]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b'id,x\na,1.5\n"b,c",2.0\n'


def test_a_carriage_return_in_a_heads_name_is_kept(tmp_path) -> None:
    write_csv(pd.DataFrame({"two\rlines": ["a"]}), tmp_path / "t.csv")
    assert list(pd.read_csv(tmp_path / "t.csv").columns) == ["two\rlines"]


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(OSError, match=r"t\.csv"):
        write_csv(pd.DataFrame({"x": [1]}), tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@given(st.lists(cells, min_size=1, max_size=4, unique=True))
def test_names_of_columns_come_back(tmp_path_factory, names) -> None:
    path = tmp_path_factory.getbasetemp() / "names.csv"
    names = [f"{name}x" for name in names]
    write_csv(pd.DataFrame([names], columns=names), path)
    found = read_csv(path)
    assert found.columns.tolist() == found.iloc[0].tolist() == names


def test_parts_are_one_table_under_one_head(tmp_path) -> None:
    parts = [pd.DataFrame({"a": cells}) for cells in ([], ["x"], ["lone\rreturn"], ["=1"])]
    write_csv_parts(parts, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b'a\nx\n"lone\rreturn"\n\'=1\n'
    assert read_csv(tmp_path / "t.csv")["a"].tolist() == ["x", "lone\rreturn", "=1"]


def test_a_file_for_people_holds_no_nul(tmp_path) -> None:
    write_csv(pd.DataFrame({"a\0": ["b\0c", "\0=1"]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "a\ufffd\nb\ufffdc\n'\ufffd=1\n"


FORMULAS = (
    "=1",
    "+x",
    "-x",
    "@x",
    "\t1",
    "\r1",
    "\n1",
    " =1",
    "\u200b=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    "'=1",
    "-CF3",
    "+1-2",
    "-2+3",
)
TEXTS = (*"1 -1 +1 -1.5e-3 .5 -7,5 1-2 a=b CCO [O-]C é '1 - +".split(), "", "x\n=1")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text) -> None:
    assert guard_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_and_plain_text_stay_as_they_are(text) -> None:
    assert guard_formula(text) == text
