"""The forest's program against walking down the trees: the same number, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from screening.features import Visible
from screening.learners.forest import StoredForest, fit_forest
from screening.learners.forest.bits import BitForest
from screening.learners.forest.program import AND, CHOOSE, OR, compile_forest


def _grown(draw: np.random.Generator, n_trees: int, depth: int, leaves: list[float], width: int):
    """Return trees of any shape: thresholds that values meet, equal leaves, lone roots."""
    roots, left, right, column, threshold, active = [], [], [], [], [], []

    def grow(level: int) -> int:
        own = len(left)
        for part in (left, right):
            part.append(own)
        column.append(0)
        threshold.append(0.0)
        active.append(draw.choice(leaves))
        if level < depth and draw.random() < 0.8:
            column[own] = draw.integers(width)
            threshold[own] = draw.choice([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0])
            left[own] = grow(level + 1)
            right[own] = grow(level + 1)
        return own

    for _ in range(n_trees):
        roots.append(grow(0))
    return StoredForest(
        roots=np.array(roots, np.int64),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        column=np.array(column, np.int32),
        threshold=np.array(threshold, np.float32),
        active=np.array(active, np.float32),
    )


def _values(draw: np.random.Generator, n: int, width: int) -> np.ndarray:
    return draw.choice([0, 0, 0, 0.25, 0.3, 0.5, 0.75, 1.0, 2.0], (n, width)).astype(np.float32)


def _split(x: np.ndarray, at: int) -> Visible:
    return Visible(csr_matrix(x[:, :at]), np.asfortranarray(x[:, at:]))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_trees=st.integers(1, 6),
    depth=st.integers(0, 7),
    leaves=st.sampled_from([[0.0, 1.0], [0.0], [1.0], [0.0, 1.0, 2 / 3], [0.1, 0.2, 0.3, 0.9]]),
    n=st.integers(1, 150),
    at=st.integers(0, 5),
)
def test_any_trees_say_the_same_both_ways(seed, n_trees, depth, leaves, n, at):
    draw = np.random.default_rng(seed)
    forest = _grown(draw, n_trees, depth, leaves, width=5)
    x = _values(draw, n, 5)
    program = BitForest(compile_forest(forest), len(forest))
    assert np.array_equal(program.probability(_split(x, at)), forest.walk(csr_matrix(x)))


def test_rows_are_cut_into_blocks_that_do_not_matter():
    draw = np.random.default_rng(0)
    forest = _grown(draw, 5, 6, [0.0, 1.0, 0.5], width=5)
    program = BitForest(compile_forest(forest), len(forest))
    x = _values(draw, 500, 5)
    whole = program.probability(_split(x, 3))
    program._rows = 64
    assert np.array_equal(program.probability(_split(x, 3)), whole)
    assert np.array_equal(whole, forest.walk(csr_matrix(x)))
    assert len(program.probability(_split(x[:0], 3))) == 0


def test_steps_only_read_what_was_made_before():
    forest = _grown(np.random.default_rng(1), 8, 7, [0.0, 1.0, 0.5], width=5)
    program = compile_forest(forest)
    for step in program.steps:
        assert step.kind in (AND, OR, CHOOSE)
        for read in (step.first, step.second, step.test):
            assert read.max(initial=0) < step.start
    stops = [step.start + len(step.first) for step in program.steps]
    assert program.steps[0].start == 2 + 2 * len(program.columns)
    assert [step.start for step in program.steps[1:]] == stops[:-1]
    assert stops[-1] == program.n_sets


@pytest.mark.parametrize("n", [1, 127, 128, 700])
def test_few_rows_and_many_say_the_same(n):
    draw = np.random.default_rng(2)
    x = _values(draw, 200, 30)
    y = (x[:, 0] + x[:, 20] > draw.random(200)).astype(np.float32)
    forest = StoredForest.from_sklearn(fit_forest(csr_matrix(x), y, seed=0))
    asked = _values(draw, n, 30)
    expected = forest.walk(csr_matrix(asked))
    assert np.array_equal(forest.probability(csr_matrix(asked)), expected)
    assert np.array_equal(forest.probability(_split(asked, 20)), expected)


def test_a_forest_of_large_trees_is_walked(monkeypatch):
    draw = np.random.default_rng(3)
    x = _values(draw, 300, 30)
    y = (x[:, 0] > 0.3).astype(np.float32)
    forest = StoredForest.from_sklearn(fit_forest(csr_matrix(x), y, seed=0))
    monkeypatch.setattr("screening.learners.forest.stored._LARGE", 1)
    assert forest._bits is None
    assert np.array_equal(forest.probability(csr_matrix(x)), forest.walk(csr_matrix(x)))
