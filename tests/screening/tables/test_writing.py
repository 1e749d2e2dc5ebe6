"""CSV written and read back: every cell where it was."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.tables import write_csv

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_any_text_comes_back(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    table = pd.DataFrame(
        {"id": [a for a, _ in rows], "n": range(len(rows)), "note": [b for _, b in rows]}
    )
    write_csv(table, path)
    found = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
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
