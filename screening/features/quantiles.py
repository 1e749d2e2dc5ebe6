"""Where a number lies among the training molecules' numbers, and a soft thermometer of that."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Marks(NamedTuple):
    """One descriptor's distribution, ready to be looked up.

    A value belongs to the first mark that is not below it; beyond the last, to none, the place
    after it.

    Attributes
    ----------
    marks : float64 array of shape (n,)
        Quantiles at even levels, ascending; a value that many molecules share is there repeatedly.
    middles : float64 array of shape (n,)
        The middle of the levels that have the same mark, for values that are a mark.
    below, levels, slopes : float64 arrays of shape (n + 1,)
        For other values, by place: mark and level before it, and the level's slope from there on.
    """

    marks: NDArray[np.float64]
    middles: NDArray[np.float64]
    below: NDArray[np.float64]
    levels: NDArray[np.float64]
    slopes: NDArray[np.float64]

    @classmethod
    def of(cls, marks: NDArray[np.float64]) -> Self:
        """Return the distribution with these quantiles."""
        levels = np.linspace(0, 1, len(marks))
        low = np.searchsorted(marks, marks, side="left")
        high = np.searchsorted(marks, marks, side="right")
        with np.errstate(divide="ignore", invalid="ignore"):  # between equal marks, where none is
            slopes = np.diff(levels) / np.diff(marks)
        return cls(
            marks,
            (levels[low] + levels[high - 1]) / 2,
            np.concatenate([marks[:1], marks]),
            np.concatenate([levels[:1], levels]),
            np.concatenate([[0.0], slopes, [0.0]]),
        )

    def look_up(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the quantile of each value; see `Quantiles`."""
        # Nothing infinite, which would not be level beyond the marks.
        value = np.clip(value, self.marks[0] - 1, self.marks[-1] + 1)
        place = np.searchsorted(self.marks, value)
        # As `numpy.interp` has it, to the last bit.
        between = self.slopes.take(place) * (value - self.below.take(place))
        between += self.levels.take(place)
        is_mark = self.marks.take(place, mode="clip") == value
        return np.where(is_mark, self.middles.take(place, mode="clip"), between)


class Quantiles:
    """Where values lie in each descriptor's distribution, in [0, 1].

    A value that many training molecules share gets the middle of the range it covers, so that a
    column that is mostly zero does not sit at one end.

    Parameters
    ----------
    grid : float64 array of shape (n_columns, n_quantiles)
        One row a descriptor, ascending.
    """

    # Many descriptors count something: whole numbers below this are looked up once for all.
    _WHOLE = 256

    def __init__(self, grid: NDArray[np.float64]) -> None:
        whole = np.arange(self._WHOLE, dtype=np.float64)
        self._columns = []
        for marks in map(Marks.of, grid):
            self._columns.append((marks, marks.look_up(whole).astype(np.float32)))

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the quantiles, float32 of shape (n_columns, n_rows).

        Parameters
        ----------
        values : array of shape (n_rows, n_columns)
        """
        columns = np.ascontiguousarray(values.T)
        out = np.empty(columns.shape, dtype=np.float32)
        for row, column, (marks, whole) in zip(out, columns, self._columns, strict=True):
            row[:] = whole[0]
            here = np.flatnonzero(column)
            value = column[here]
            with np.errstate(invalid="ignore"):  # what is no whole number shows below
                number = value.astype(np.uint8)
            if (number == value).all():
                row[here] = whole[number]
            else:
                row[here] = marks.look_up(value.astype(np.float64))
        return out


def ramps(quantile: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Spread each quantile over n columns that fill one after the other; they sum to n·quantile.

    Parameters
    ----------
    quantile : array of shape (n_descriptors, n_rows)
        In [0, 1].
    n : int

    Returns
    -------
    float32 array of shape (n_rows, n_descriptors · n)
        The columns of a descriptor beside each other, in [0, 1]; a column lies together in memory.
    """
    starts = np.arange(n, dtype=np.float32)
    spread = quantile[:, None, :] * n - starts[:, None]
    np.clip(spread, 0, 1, out=spread)
    return np.asarray(spread.reshape(n * len(quantile), quantile.shape[1]).T, dtype=np.float32)
