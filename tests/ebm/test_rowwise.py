"""A row is the same number wherever it stands; where products do not keep that, 64 bits do."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ebm.rowwise import ROWS, by_rows, narrowest, stands_alone

WEIGHTS = np.random.default_rng(1).random((40, 24), dtype=np.float32)


def _product(part: np.ndarray) -> np.ndarray:
    return part @ WEIGHTS


def _uneven(part: np.ndarray) -> np.ndarray:
    """A product whose last bits depend on the place, as some libraries' do."""
    place = np.arange(len(part))[:, None]
    return part @ WEIGHTS + np.float32(1e-6) * (place % 2)


@pytest.mark.parametrize("n", [1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS])
def test_blocks_give_all_rows_and_no_more(n):
    rows = np.random.default_rng(2).random((n, 40), dtype=np.float32)
    seen = []

    def function(part: np.ndarray) -> np.ndarray:
        seen.append(tuple(part.shape))
        return _product(part)

    assert np.allclose(by_rows(function, rows), rows @ WEIGHTS)
    assert set(seen) == {(ROWS, 40)}


def test_a_row_is_the_same_alone_and_in_any_place():
    rows = np.random.default_rng(3).random((2 * ROWS + 7, 40), dtype=np.float32)
    together = by_rows(_product, rows)
    if not stands_alone(_product, 40):
        pytest.skip("products of this machine's library depend on the place")
    for place in (0, 5, ROWS, 2 * ROWS + 6):
        assert np.array_equal(by_rows(_product, rows[place : place + 1])[0], together[place])
    order = np.random.default_rng(4).permutation(len(rows))
    assert np.array_equal(by_rows(_product, rows[order]), together[order])


def test_a_function_whose_rows_depend_on_their_place_is_found():
    assert not stands_alone(_uneven, 40)
    made = []

    def make(dtype):
        made.append(dtype)
        return _uneven if dtype == np.float32 else _product

    assert narrowest(make, 40) is _product
    assert made == [np.float32, np.float64]


def test_the_number_of_threads_changes_nothing():
    wide = np.random.default_rng(5).random((300, 1000), dtype=np.float32)
    rows = np.random.default_rng(6).random((2 * ROWS, 300), dtype=np.float32)
    with threadpool_limits(1):
        one = by_rows(lambda part: part @ wide, rows)
    with threadpool_limits(4):
        assert np.array_equal(by_rows(lambda part: part @ wide, rows), one)
