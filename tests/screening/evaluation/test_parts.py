"""Three parts: disjoint, exhaustive, of whole groups or in time order, never without a class."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.evaluation import (
    Missing,
    Parts,
    draw_parts,
    grouped_parts,
    missing_class,
    named_parts,
    random_parts,
    time_parts,
)

some_groups = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=10, max_size=120)


def rows_of(parts: Parts) -> list[int]:
    return sorted(int(row) for part in parts.named().values() for row in part)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(max_examples=60, deadline=None)
@given(some_groups, st.integers(0, 1000))
def test_grouped_parts_are_disjoint_exhaustive_and_share_no_group(groups, seed):
    parts = grouped_parts(groups, rng(seed))
    assert rows_of(parts) == list(range(len(groups)))
    held = [{groups[row] for row in part} for part in parts.named().values()]
    assert not held[0] & held[1]
    assert not held[0] & held[2]
    assert not held[1] & held[2]
    room = max(1, round(0.1 * len(groups)))
    assert len(parts.valid) <= room
    assert len(parts.test) <= room


@settings(max_examples=40, deadline=None)
@given(st.integers(10, 400), st.integers(0, 1000))
def test_random_parts_are_disjoint_exhaustive_and_of_the_size_they_should_be(n, seed):
    parts = random_parts(n, rng(seed))
    assert rows_of(parts) == list(range(n))
    assert len(parts.test) == len(parts.valid) == max(1, round(0.1 * n))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=10, max_size=120),
    st.sampled_from([0.5, 0.75, 1.0]),
)
def test_time_parts_never_learn_from_what_is_as_new_as_what_they_are_judged_by(values, until):
    times = np.array(values, dtype=np.float64)
    parts = time_parts(times, until)
    used = rows_of(parts)
    assert len(used) == len(set(used)) == round(until * len(times))
    ends = [times[part] for part in parts.named().values() if len(part)]
    for earlier, later in pairwise(ends):
        assert earlier.max() < later.min()
    unused = sorted(set(range(len(times))) - set(used))
    assert not unused or times[unused].min() >= times[used].max()


def test_time_parts_of_distinct_times_are_eight_tenths_and_two_tenths():
    times = np.random.default_rng(3).permutation(200).astype(np.float64)
    parts = time_parts(times)
    assert sorted(times[parts.train]) == list(range(160))
    assert sorted(times[parts.valid]) == list(range(160, 180))
    assert sorted(times[parts.test]) == list(range(180, 200))


def test_a_large_series_stays_in_training_and_small_ones_fill_the_parts():
    groups = ["series"] * 30 + [f"single {i}" for i in range(170)]
    for seed in range(10):
        parts = grouped_parts(groups, rng(seed))
        assert set(range(30)) <= set(parts.train)
        assert len(parts.valid) == len(parts.test) == 20


def test_named_parts_are_taken_as_they_are_and_a_missing_validation_part_is_drawn():
    names = ["test", "train", "valid", "train", "test"]
    parts = named_parts(names, rng(0))
    assert [list(part) for part in parts.named().values()] == [[1, 3], [2], [0, 4]]
    names = ["train"] * 40 + ["test"] * 10
    drawn = named_parts(names, rng(1))
    assert len(drawn.valid) == 4
    assert rows_of(drawn) == list(range(50))
    assert list(drawn.test) == list(range(40, 50))


def test_the_class_that_a_part_lacks_is_named():
    labels = np.array([[1, 1], [0, 0], [1, np.nan], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    whole = Parts(np.array([0, 1]), np.array([0, 1]), np.array([3, 4]))
    assert missing_class(whole, labels) is None
    lacking = Parts(np.array([0, 1]), np.array([0, 1]), np.array([2, 3]))
    assert missing_class(lacking, labels) == Missing("test", 1, 0)
    empty = Parts(np.array([0, 1]), np.array([], dtype=np.int64), np.array([3, 4]))
    assert missing_class(empty, labels) == Missing("valid", 0, 1)


def test_redraws_are_the_draws_that_lacked_a_class():
    """Counted again by drawing with the same seeds and looking at each part."""
    labels = np.zeros((60, 1), dtype=np.float32)
    labels[:6] = 1
    counted = []
    for number in range(12):
        drawn = draw_parts(lambda g: random_parts(60, g), labels, [5, number])
        attempt = 0
        while True:
            parts = random_parts(60, np.random.default_rng([5, number, attempt]))
            classes = [set(labels[part, 0]) for part in parts.named().values()]
            if classes == [{0, 1}] * 3:
                break
            attempt += 1
        assert drawn.redraws == attempt
        assert np.array_equal(drawn.parts.test, parts.test)
        assert (drawn.missing is None) == (attempt == 0)
        counted.append(attempt)
    assert sum(counted) > 0


def test_drawing_ends_when_it_cannot_succeed():
    labels = np.zeros((50, 1), dtype=np.float32)
    labels[7] = 1
    drawn = draw_parts(lambda g: random_parts(50, g), labels, [0], max_draws=20)
    assert drawn.parts is None
    assert drawn.redraws == 20
    assert drawn.missing.label == 1


def test_parts_follow_the_seed():
    first, again, other = (random_parts(80, rng(seed)).test for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
