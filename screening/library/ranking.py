"""The order of all scored rows, by log odds, of which only some rows are in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Row = dict[str, Any]
# Rows that are looked at together when some are passed over: at first, and at most. Each time all
# keys are gone through once more.
_FIRST, _MOST = 4096, 2**18
# Rows that are collected before the best of them are sorted out.
_COLLECTED = 2**16


@dataclass(frozen=True)
class Best:
    """Some rows, best first.

    Attributes
    ----------
    keys : float64 array of shape (n,)
        What decides.
    numbers : int64 array of shape (n,)
        Each row's number among those of all parts, from 0.
    """

    keys: NDArray[np.float64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def first(self, top: int) -> Best:
        """Return the best of them: by key, equal ones in the order of their numbers."""
        order = np.lexsort((self.numbers, -self.keys))[:top]
        return Best(self.keys[order], self.numbers[order])


class Ranking:
    """Rows of many files in the order of a column; equal ones keep the order of the input.

    Parameters
    ----------
    parts : sequence of Path
        Parquet files, in input order.
    column : str
        That decides.
    lowest_first : bool
        Whether low values are best.
    """

    def __init__(self, parts: Sequence[Path], column: str, *, lowest_first: bool = False) -> None:
        self._parts, self._column, self._sign = parts, column, -1.0 if lowest_first else 1.0
        rows = [pq.read_metadata(part).num_rows for part in parts]
        self._ends = np.cumsum(rows, dtype=np.int64)

    def best(self, top: int, after: Best | None = None) -> Best:
        """Return the best `top` rows, or the next best after some.

        Memory is needed for `top` rows and a file.
        """
        kept: list[Best] = []
        bar = -np.inf
        for number, part in enumerate(self._parts):
            keys = self._sign * _read(part, [self._column])[0].to_numpy()
            numbers = np.arange(self._ends[number] - len(keys), self._ends[number])
            possible = keys >= bar
            if after is not None:
                key, last = after.keys[-1], after.numbers[-1]
                possible &= (keys < key) | ((keys == key) & (numbers > last))
            kept.append(Best(keys[possible], numbers[possible]))
            if sum(map(len, kept)) > top + _COLLECTED:
                kept = [_together(kept).first(top)]
                bar = kept[0].keys[-1]
        return _together(kept).first(top)

    def rows(self, numbers: NDArray[np.int64], columns: list[str] | None = None) -> list[Row]:
        """Return rows by number, in the order given, with all columns or some."""
        order = np.argsort(numbers)
        part_of = np.searchsorted(self._ends, numbers[order], side="right")
        found: list[Row] = []
        for part in np.unique(part_of).tolist():
            table = _read(self._parts[part], columns)
            start = self._ends[part] - table.num_rows
            found += table.take(numbers[order[part_of == part]] - start).to_pylist()
        return [found[place] for place in np.argsort(order)]

    def best_of(self, top: int, takes: Callable[[Row], bool], columns: list[str]) -> Best:
        """Return the best `top` rows of those that are taken.

        Rows are asked about one after the other, best first, until there are enough: none that
        ranks below the last one taken. Memory is needed for some columns of a quarter of a million
        rows.

        Parameters
        ----------
        top
        takes
            Tells whether a row is taken.
        columns
            That it wants to see.
        """
        taken: list[Best] = []
        last: Best | None = None
        size = max(_FIRST, 2 * top)
        while (n := sum(map(len, taken))) < top:
            last = self.best(size, last)
            if not len(last):
                break
            places = []
            for place, row in enumerate(self.rows(last.numbers, columns)):
                if takes(row):
                    places.append(place)
                if n + len(places) == top:
                    break
            taken.append(Best(last.keys[places], last.numbers[places]))
            size = max(top, min(2 * size, _MOST))
        return _together(taken)


def _read(part: Path, columns: list[str] | None) -> pa.Table:
    # Less work for many small files than `read_table`, which makes a data set of each.
    with pq.ParquetFile(part) as file:
        return file.read(columns, use_threads=False)


def _together(parts: Sequence[Best]) -> Best:
    if not parts:
        return Best(np.zeros(0), np.zeros(0, dtype=np.int64))
    return Best(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.numbers for part in parts]),
    )


def duplicates_of(parts: Iterable[Path], rows: Sequence[Row]) -> list[str]:
    """Return, for each row, the name of the first row of its structure; empty where it is that one.

    Parameters
    ----------
    parts
        Parquet files of scores, in input order.
    rows
        Some of their rows.
    """
    wanted = np.unique(np.array([row["structure_key"] for row in rows], dtype=np.int64))
    first: dict[int, Row] = {}
    for part in parts:
        table = pq.read_table(part, columns=["source", "row", "id", "structure_key"])
        keys = table["structure_key"].to_numpy()
        for position in np.flatnonzero(np.isin(keys, wanted)):
            if int(keys[position]) not in first:
                first[int(keys[position])] = table.slice(int(position), 1).to_pylist()[0]
    of_rows = [(row, first[row["structure_key"]]) for row in rows]
    return [
        "" if (twin["source"], twin["row"]) == (row["source"], row["row"]) else twin["id"]
        for row, twin in of_rows
    ]
