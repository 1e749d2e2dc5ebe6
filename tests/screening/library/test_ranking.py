"""The bounded heap gives what sorting everything gives, however the rows were cut."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.library.ranking import best_rows, duplicates_of


def parts_of(folder, scores, cut):
    parts = []
    for number, start in enumerate(range(0, len(scores), cut)):
        part = scores[start : start + cut]
        rows = list(range(start, start + len(part)))
        table = pa.table(
            {
                "source": ["f"] * len(part),
                "row": rows,
                "id": [f"c{row}" for row in rows],
                "score": part,
                "structure_key": [row % 5 for row in rows],
            }
        )
        parts.append(folder / f"{number:03d}.parquet")
        pq.write_table(table, parts[-1])
    return parts


def score_of(table):
    return table["score"].to_numpy()


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5, 0.9, 1.0]), min_size=1, max_size=60),
    cut=st.integers(1, 20),
    top=st.integers(1, 25),
)
def test_equals_a_stable_sort_of_everything(tmp_path_factory, scores, cut, top):
    parts = parts_of(tmp_path_factory.mktemp("parts"), scores, cut)
    expected = sorted(range(len(scores)), key=lambda row: (-scores[row], row))[:top]
    assert [row["row"] for row in best_rows(parts, score_of, top)] == expected


def test_a_repeated_structure_is_called_by_its_first_row(tmp_path):
    parts = parts_of(tmp_path, [0.5] * 17, 4)
    rows = pa.concat_tables([pq.read_table(part) for part in parts]).to_pylist()
    expected = [""] * 5 + [f"c{number % 5}" for number in range(5, 17)]
    assert duplicates_of(parts, rows) == expected
    assert duplicates_of(parts, rows[8:10]) == ["c3", "c4"]
    assert duplicates_of(parts, []) == []
