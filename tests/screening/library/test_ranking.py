"""Rows by rank are what sorting everything gives, however they were cut into files."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.library import ranking as library_ranking
from screening.library.ranking import Ranking, duplicates_of


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
                "score": pa.array(part, pa.float64()),
                "structure_key": [row % 5 for row in rows],
            }
        )
        parts.append(folder / f"{number:03d}.parquet")
        pq.write_table(table, parts[-1])
    return parts


def in_order(scores, lowest_first):
    sign = 1 if lowest_first else -1
    return sorted(range(len(scores)), key=lambda row: (sign * scores[row], row))


rows_of_scores = st.lists(
    st.one_of(st.sampled_from([-7.5, 0.1, 0.5, 0.5, 12.0]), st.floats(-30, 30)), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(
    scores=rows_of_scores,
    cut=st.integers(1, 20),
    top=st.integers(1, 25),
    lowest_first=st.booleans(),
    collected=st.sampled_from([0, 5, 2**16]),
)
def test_equals_a_stable_sort_of_everything(
    tmp_path_factory, scores, cut, top, lowest_first, collected
):
    parts = parts_of(tmp_path_factory.mktemp("parts"), scores, cut)
    expected = in_order(scores, lowest_first)
    ranking = Ranking(parts, "score", lowest_first=lowest_first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library_ranking, "_COLLECTED", collected)
        best = ranking.best(top)
        assert [row["row"] for row in ranking.rows(best.numbers)] == expected[:top]
        if len(best):
            following = ranking.best(top, best).numbers.tolist()
            assert following == expected[top : 2 * top]


@settings(max_examples=60, deadline=None)
@given(
    scores=rows_of_scores,
    cut=st.integers(1, 20),
    top=st.integers(1, 25),
    lowest_first=st.booleans(),
    refused=st.sets(st.integers(0, 59)),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 70)),
)
def test_of_rows_that_are_taken_the_best_are_found_and_none_below_them_is_asked_about(
    tmp_path_factory, scores, cut, top, lowest_first, refused, sizes
):
    parts = parts_of(tmp_path_factory.mktemp("parts"), scores, cut)
    order = in_order(scores, lowest_first)
    expected = [row for row in order if row not in refused][:top]
    asked = []

    def takes(row):
        asked.append(row["row"])
        return row["row"] not in refused

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library_ranking, "_FIRST", sizes[0])
        patch.setattr(library_ranking, "_MOST", sizes[1])
        best = Ranking(parts, "score", lowest_first=lowest_first).best_of(top, takes, ["row"])
    assert best.numbers.tolist() == expected
    last = order.index(expected[-1]) + 1 if len(expected) == top else len(order)
    assert asked == order[:last]


def test_no_parts_have_no_rows():
    ranking = Ranking([], "score")
    assert ranking.rows(ranking.best(3).numbers) == []


def test_a_repeated_structure_is_called_by_its_first_row(tmp_path):
    parts = parts_of(tmp_path, [0.5] * 17, 4)
    rows = pa.concat_tables([pq.read_table(part) for part in parts]).to_pylist()
    expected = [""] * 5 + [f"c{number % 5}" for number in range(5, 17)]
    assert duplicates_of(parts, rows) == expected
    assert duplicates_of(parts, rows[8:10]) == ["c3", "c4"]
    assert duplicates_of(parts, []) == []
