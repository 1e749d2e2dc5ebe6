"""Looking quantiles up against numpy's own search and interpolation, to the last bit."""

import numpy as np
import pytest

from screening.features.quantiles import Quantiles, ramps


def literal(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The middle of the levels that share the value; else between the two beside it."""
    levels = np.linspace(0, 1, grid.shape[1])
    out = np.empty(values.shape, dtype=np.float32)
    for column, marks in enumerate(grid):
        value = values[:, column].astype(np.float64)
        low = np.searchsorted(marks, value, side="left")
        high = np.searchsorted(marks, value, side="right")
        between = np.interp(value, marks, levels)
        middle = (levels[np.minimum(low, len(levels) - 1)] + levels[np.maximum(high - 1, 0)]) / 2
        out[:, column] = np.where(high > low, middle, between)
    return out


@pytest.fixture(scope="module")
def columns():
    draw = np.random.default_rng(0)
    known = np.column_stack(
        [
            draw.normal(size=500),
            draw.integers(0, 4, 500),
            draw.integers(-3, 300, 500),
            draw.exponential(size=500) * (draw.random(500) < 0.3),
            np.full(500, 7.0),
            draw.normal(size=500).round(1),
        ]
    ).astype(np.float32)
    asked = np.concatenate([known * np.float32(1.1), known, known[::-1].round()])
    extremes = [-np.inf, -1e30, -1.0, -0.0, 0.0, 0.5, 7.0, 255.0, 256.0, 1e30, np.inf, np.nan]
    asked = np.concatenate([asked, np.repeat(np.float32(extremes)[:, None], 6, axis=1)])
    grid = np.quantile(known.astype(np.float64), np.linspace(0, 1, 129), axis=0).T
    return asked.astype(np.float32), grid


def test_look_up_is_what_numpy_says(columns):
    asked, grid = columns
    assert np.array_equal(Quantiles(grid)(asked).T, literal(asked, grid), equal_nan=True)
    for column in range(asked.shape[1]):
        one = asked[:5, [column]], grid[[column]]
        assert np.array_equal(Quantiles(one[1])(one[0]).T, literal(*one), equal_nan=True)


def test_a_value_does_not_depend_on_its_company(columns):
    """Whole numbers are looked up another way than others, and zeros in a third."""
    asked, grid = columns
    quantiles = Quantiles(grid)
    together = quantiles(asked)
    alone = np.concatenate([quantiles(asked[i : i + 1]) for i in range(len(asked))], axis=1)
    assert np.array_equal(alone, together, equal_nan=True)


def test_ramps_are_laid_out_by_column():
    found = ramps(np.array([[0.5, 1.0], [0.0, 0.25]], np.float32), 2)
    assert found.tolist() == [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.5, 0.0]]
    assert found.T.flags.c_contiguous
