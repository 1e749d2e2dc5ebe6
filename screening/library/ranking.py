"""The order of all scored rows, by log odds, from what each shard keeps of its own best.

The record of a shard has its best and its worst rows, so that a ranking reads records and no
scores. Only where rows that a record does not have may be among those asked for, the key column of
that shard is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.library.shards import Extremes, ShardFiles

Row = dict[str, Any]
# Rows that are looked at together when some are passed over: at first, and at most. Each time all
# records are gone through once more.
_FIRST, _MOST = 4096, 2**18
# Rows that are collected before the best of them are sorted out.
_COLLECTED = 2**16
# Rows that a shard's record has of each end: so many, and one for so many rows of the shard.
_AT_LEAST, _ONE_OF = 64, 200
# A row's number is its place in its shard, and this much for each shard before: larger than any.
_SHARD = 2**32


def extremes_of(table: pa.Table, columns: Sequence[str]) -> dict[str, Extremes]:
    """Return the best and the worst rows of a shard by each of some columns, for its record.

    Parameters
    ----------
    table
        Of scores. A row without a value (null or NaN) is not ranked.
    columns
        Numbers.

    Examples
    --------
    >>> table = pa.table({"log_odds": [0.5, None, 2.0]})
    >>> extremes_of(table, ["log_odds"])["log_odds"]["highest"]
    [[2.0, 0.5], [2, 0]]
    """
    return {name: _extremes(table[name].to_numpy().astype(np.float64)) for name in columns}


def _extremes(values: NDArray[np.float64]) -> Extremes:
    places = np.flatnonzero(~np.isnan(values))
    values = values[places]
    size = _AT_LEAST + len(values) // _ONE_OF
    found: Extremes = {"ranked": len(values)}
    for name, sign in (("highest", -1), ("lowest", 1)):
        order = np.argsort(sign * values, kind="stable")[:size]
        found[name] = [values[order].tolist(), places[order].tolist()]
    return found


@dataclass(frozen=True)
class Best:
    """Some rows, best first.

    Attributes
    ----------
    keys : float64 array of shape (n,)
        What decides.
    numbers : int64 array of shape (n,)
        Tell each row from all others; ascending in the order of the input.
    """

    keys: NDArray[np.float64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def first(self, top: int) -> Best:
        """Return the best of them: by key, equal ones in the order of their numbers."""
        order = np.lexsort((self.numbers, -self.keys))[:top]
        return Best(self.keys[order], self.numbers[order])

    def where(self, wanted: NDArray[np.bool_]) -> Best:
        """Return some of them."""
        return Best(self.keys[wanted], self.numbers[wanted])

    def after(self, place: Place) -> Best:
        """Return those that rank after a place."""
        key, number = place
        return self.where((self.keys < key) | ((self.keys == key) & (self.numbers > number)))

    def before(self, place: Place) -> Best:
        """Return those that rank before a place."""
        key, number = place
        return self.where((self.keys > key) | ((self.keys == key) & (self.numbers < number)))

    @property
    def last(self) -> Place:
        """Where the last of them stands."""
        return float(self.keys[-1]), int(self.numbers[-1])


# Key and number of a row; places rank by key, equal ones by number.
Place = tuple[float, int]
_TOP: Place = (np.inf, -1)
_BOTTOM: Place = (-np.inf, np.iinfo(np.int64).max)


class _Collected:
    """The best rows of those that were added so far.

    Attributes
    ----------
    bar : Place
        No row that ranks after it is among them.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._parts: list[Best] = []
        self._size = 0
        self.bar = _BOTTOM

    def add(self, rows: Best) -> None:
        """Take what is good enough."""
        good = rows.before(self.bar)
        if len(good):
            self._parts.append(good)
            self._size += len(good)
        if self._size > self._top + _COLLECTED:
            self.best()

    def best(self) -> Best:
        """Return the best of them, in order."""
        best = _together(self._parts).first(self._top)
        self._parts, self._size = [best], len(best)
        if len(best) == self._top:
            self.bar = best.last
        return best

    def lacks_after(self, place: Place) -> bool:
        """Tell whether a row that ranks after a place may still be good enough."""
        (key, number), (bar, last) = place, self.bar
        return key > bar or (key == bar and number < last)


class Ranking:
    """Rows of many shards in the order of a column; equal ones keep the order of the input.

    Rows without a value in it have no rank.

    Parameters
    ----------
    files : ShardFiles
        Of the scores.
    shards : int
        How many there are, in input order.
    column : str
        That decides.
    lowest_first : bool
        Whether low values are best.
    """

    def __init__(
        self, files: ShardFiles, shards: int, column: str, *, lowest_first: bool = False
    ) -> None:
        self._files, self._shards, self._column = files, shards, column
        self._sign, self._end = (-1.0, "lowest") if lowest_first else (1.0, "highest")

    def best(self, top: int, after: Best | None = None) -> Best:
        """Return the best `top` rows, or the next best after some.

        Memory is needed for `top` rows, a record, and the keys of one shard.
        """
        begin = _TOP if after is None else after.last
        collected = _Collected(top)
        # Shards of which more rows than their record has may be needed, and its last one's place.
        to_read: list[tuple[int, Place]] = []
        for shard, rows, ranked in self._kept():
            collected.add(rows.after(begin))
            last = rows.last if len(rows) else _TOP
            if len(rows) < ranked and collected.lacks_after(last):
                to_read.append((shard, last))
        collected.best()
        for shard, last in to_read:
            if collected.lacks_after(last):
                collected.add(self._keys(shard).after(last).after(begin))
        return collected.best()

    def _kept(self) -> Iterator[tuple[int, Best, float]]:
        """Yield each shard, the best of it that its record has, and how many have a rank."""
        for shard in range(self._shards):
            extremes = self._files.read_record(shard).extremes.get(self._column)
            if extremes is None:  # a run of an earlier version
                yield shard, _together([]), np.inf
                continue
            keys, places = extremes[self._end]
            numbers = np.array(places, np.int64) + shard * _SHARD
            yield shard, Best(self._sign * np.array(keys, np.float64), numbers), extremes["ranked"]

    def _keys(self, shard: int) -> Best:
        """Return all rows of a shard, in its order; of keys that are missing, NaN."""
        with pq.ParquetFile(self._files.scores(shard)) as file:
            column = file.read([self._column], use_threads=False)[0]
        keys = self._sign * column.to_numpy().astype(np.float64)
        return Best(keys, np.arange(len(keys), dtype=np.int64) + shard * _SHARD)

    def rows(self, numbers: NDArray[np.int64], columns: list[str] | None = None) -> list[Row]:
        """Return rows by number, in the order given, with all columns or some."""
        order = np.argsort(numbers)
        shard_of, places = np.divmod(numbers[order], _SHARD)
        found: list[Row] = []
        for shard in np.unique(shard_of).tolist():
            path = self._files.scores(shard)
            found += _take(path, places[shard_of == shard], columns).to_pylist()
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


def _take(path: Path, places: NDArray[np.int64], columns: list[str] | None) -> pa.Table:
    """Read some rows of a Parquet file, in ascending order, and of its row groups only theirs."""
    # Less work for many small files than `read_table`, which makes a data set of each.
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        groups = np.unique(np.searchsorted(ends, places, side="right"))
        table = file.read_row_groups(groups.tolist(), columns, use_threads=False)
    kept = np.concatenate([np.arange(ends[n] - sizes[n], ends[n]) for n in groups])
    return table.take(np.searchsorted(kept, places))


def _together(parts: Sequence[Best]) -> Best:
    if not parts:
        return Best(np.zeros(0), np.zeros(0, dtype=np.int64))
    return Best(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.numbers for part in parts]),
    )


def duplicates_among(rows: Sequence[Row]) -> list[str]:
    """Return, for each row, the name of the first one of its structure; empty where it is that one.

    Examples
    --------
    >>> duplicates_among([{"id": name, "structure_key": key} for name, key in ("a1", "b2", "c1")])
    ['', '', 'a']
    """
    first: dict[int, Row] = {}
    twins = [first.setdefault(row["structure_key"], row) for row in rows]
    return ["" if twin is row else twin["id"] for row, twin in zip(rows, twins, strict=True)]
