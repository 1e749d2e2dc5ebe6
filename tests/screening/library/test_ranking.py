"""Rows by rank are what sorting everything gives, however they were cut into files."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.library import ranking as library_ranking
from screening.library import shards as library_shards
from screening.library.ranking import Ranking, duplicates_among, extremes_of
from screening.library.shards import Clock, ShardFiles


def shards_of(folder, scores, cut, *, kept=True):
    """Write scores as shards, each with its record; where none is kept, as earlier runs did."""
    files = ShardFiles.of_run(folder)
    starts = range(0, len(scores), cut)
    for number, start in enumerate(starts):
        part = scores[start : start + cut]
        rows = list(range(start, start + len(part)))
        table = pa.table({"row": rows, "score": pa.array(part, pa.float64())})
        extremes = extremes_of(table, ["score"]) if kept else {}
        files.write(number, "", table, [], Clock(), extremes=extremes)
    return files, len(starts)


def few_kept(patch, at_least):
    patch.setattr(library_ranking, "_AT_LEAST", at_least)
    patch.setattr(library_ranking, "_ONE_OF", 7)
    patch.setattr(library_shards, "_TOGETHER", 3)


def in_order(scores, lowest_first):
    sign = 1 if lowest_first else -1
    ranked = [row for row, score in enumerate(scores) if score is not None]
    return sorted(ranked, key=lambda row: (sign * scores[row], row))


rows_of_scores = st.lists(
    st.one_of(
        st.sampled_from([-7.5, 0.1, 0.5, 0.5, 12.0, -0.0, float("inf"), -float("inf"), None]),
        st.floats(-30, 30),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(
    scores=rows_of_scores,
    cut=st.integers(1, 20),
    top=st.integers(1, 25),
    lowest_first=st.booleans(),
    collected=st.sampled_from([0, 5, 2**16]),
    at_least=st.sampled_from([0, 1, 3, 64, None]),
)
def test_equals_a_stable_sort_of_everything(
    tmp_path_factory, scores, cut, top, lowest_first, collected, at_least
):
    folder, expected = tmp_path_factory.mktemp("run"), in_order(scores, lowest_first)
    with pytest.MonkeyPatch.context() as patch:
        few_kept(patch, at_least)
        files, shards = shards_of(folder, scores, cut, kept=at_least is not None)
        ranking = Ranking(files, shards, "score", lowest_first=lowest_first)
        patch.setattr(library_ranking, "_COLLECTED", collected)
        best = ranking.best(top)
        assert [row["row"] for row in ranking.rows(best.numbers)] == expected[:top]
        if len(best):
            following = ranking.rows(ranking.best(top, best).numbers)
            assert [row["row"] for row in following] == expected[top : 2 * top]


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
    order = in_order(scores, lowest_first)
    expected = [row for row in order if row not in refused][:top]
    asked = []

    def takes(row):
        asked.append(row["row"])
        return row["row"] not in refused

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library_ranking, "_FIRST", sizes[0])
        patch.setattr(library_ranking, "_MOST", sizes[1])
        few_kept(patch, 2)
        files, shards = shards_of(tmp_path_factory.mktemp("run"), scores, cut)
        ranking = Ranking(files, shards, "score", lowest_first=lowest_first)
        best = ranking.best_of(top, takes, ["row"])
    assert [row["row"] for row in ranking.rows(best.numbers)] == expected
    last = order.index(expected[-1]) + 1 if len(expected) == top else len(order)
    assert asked == order[:last]


def test_no_shards_have_no_rows(tmp_path):
    ranking = Ranking(ShardFiles.of_run(tmp_path), 0, "score")
    assert ranking.rows(ranking.best(3).numbers) == []


def test_scores_are_read_only_where_the_records_do_not_suffice(tmp_path, monkeypatch):
    few_kept(monkeypatch, 5)
    # The third shard has the best rows, all of them better than any other row.
    scores = [float(number % 10) + 100 * (20 <= number < 30) for number in range(50)]
    files, shards = shards_of(tmp_path, scores, 10)
    ranking = Ranking(files, shards, "score")
    read = []
    keys = ranking._keys
    monkeypatch.setattr(ranking, "_keys", lambda shard: read.append(shard) or keys(shard))
    expected = in_order(scores, lowest_first=False)
    for top, also in ((6, []), (8, [2]), (14, [2])):
        read.clear()
        best = ranking.best(top)
        assert [row["row"] for row in ranking.rows(best.numbers)] == expected[:top]
        assert read == also


def test_a_repeated_structure_is_called_by_the_hit_that_ranks_first():
    rows = [{"id": f"c{number}", "structure_key": number % 5} for number in range(12)]
    assert duplicates_among(rows) == [""] * 5 + [f"c{number % 5}" for number in range(5, 12)]
    assert duplicates_among(rows[8:10]) == ["", ""]
    assert duplicates_among([]) == []
