"""Places of structures among all scored rows are what sorting all rows gives."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import UserError
from screening.hits import Ranked, places_among, sampled_scores, score_parts


def ranked(wanted="active", **settings) -> Ranked:
    return Ranked(("active",), "active", 0.1, 0.5, None, wanted, **settings)


def write_scores(run, rows, cut, column="log_odds"):
    """Write rows of (structure key, log odds or None) as shards of a run."""
    (run / "scores").mkdir(parents=True)
    for number, start in enumerate(range(0, len(rows), cut)):
        part = rows[start : start + cut]
        columns = {
            "structure_key": pa.array([key for key, _ in part], pa.int64()),
            column: pa.array([value for _, value in part], pa.float64()),
        }
        pq.write_table(pa.table(columns), run / "scores" / f"part-{number:05d}.parquet")


def places_literally(rows, wanted):
    """Return place and value of each structure's first scored row."""
    sign = 1 if wanted == "inactive" else -1
    scored = [place for place, (_, value) in enumerate(rows) if value is not None]
    order = sorted(scored, key=lambda place: (sign * rows[place][1], place))
    place_of = {row: place for place, row in enumerate(order, start=1)}
    found = {}
    for row in scored:
        found.setdefault(rows[row][0], (place_of[row], rows[row][1]))
    return found


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.integers(-4, 4), st.sampled_from([-1.0, 0.0, 0.25, 2.0, None])), max_size=40
    ),
    cut=st.integers(1, 12),
    wanted=st.sampled_from(["active", "inactive"]),
)
def test_places_are_those_of_a_sort_of_everything(tmp_path_factory, rows, cut, wanted):
    run = tmp_path_factory.mktemp("run")
    write_scores(run, rows, cut)
    keys = [3, -9, 0, 3, *range(-4, 5)]
    found = places_among(run, np.array(keys, np.int64), ranked(wanted))
    literal = places_literally(rows, wanted)
    for position, key in enumerate(keys):
        place, value = literal.get(key, (0, math.nan))
        assert found.place[position] == place
        assert found.decisive[position] == pytest.approx(value, nan_ok=True)
        there = any(own == key for own, _ in rows)
        assert found.passed_over[position] == (there and key not in literal)


def test_a_run_ranked_by_value_is_read_by_value_the_lowest_of_potencies_first(tmp_path):
    rows = [(1, 30.0), (2, 5.0), (3, None), (4, 700.0)]
    write_scores(tmp_path, rows, 3, "value")
    by_value = ranked(by="value", low_is_active=True)
    keys = np.array([1, 2, 3, 4], np.int64)
    assert places_among(tmp_path, keys, by_value).place.tolist() == [2, 1, 0, 3]
    turned = ranked("inactive", by="value", low_is_active=True)
    assert places_among(tmp_path, keys, turned).place.tolist() == [2, 3, 0, 1]
    # Of two such rankings, higher is better in both.
    assert sampled_scores(tmp_path, by_value, 1)[1].tolist() == [-30, -5, -700]


def test_a_sample_takes_the_same_structures_from_both_runs(tmp_path):
    rows = [(key, float(key % 7)) for key in range(-60, 60)]
    write_scores(tmp_path / "a", rows, 50)
    write_scores(tmp_path / "b", rows[::-1] + rows[:5] + [(-50, None)], 9)
    ours, theirs = (sampled_scores(tmp_path / name, ranked(), 5) for name in "ab")
    assert ours[0].tolist() == theirs[0].tolist() == [key for key, _ in rows if key % 5 == 0]
    assert ours[1].tolist() == theirs[1].tolist() == [v for key, v in rows if key % 5 == 0]


def test_scores_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "part-00000.parquet").write_bytes(b"no Parquet")
    with pytest.raises(UserError, match="cannot be read"):
        places_among(tmp_path, np.array([1]), ranked())


def test_parts_come_in_the_order_of_the_library_beyond_five_digits(tmp_path):
    names = [f"part-{number:05d}.parquet" for number in (0, 7, 99_999, 100_000, 100_001)]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [part.name for part in score_parts(tmp_path)] == names
