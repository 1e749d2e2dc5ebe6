"""The global top N, exact, in memory for N rows: a bounded heap over the shards."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Row = dict[str, Any]


def best_rows(
    parts: Iterable[Path], score: Callable[[pa.Table], NDArray[np.float64]], top: int
) -> list[Row]:
    """Return the `top` rows of highest score, best first; equal scores keep the input's order.

    Parameters
    ----------
    parts
        Parquet files of scores, in input order.
    score
        Gives what decides, for each row of a part.
    top
        Number of rows wanted.
    """
    heap: list[tuple[float, int, Row]] = []
    order = 0
    for part in parts:
        table = pq.read_table(part)
        scores = score(table)
        # Only rows that can still enter are taken out of the table.
        bar = heap[0][0] if len(heap) == top else -np.inf
        candidates = np.flatnonzero(scores > bar)
        if len(candidates) > top:
            candidates = np.sort(np.argsort(-scores, kind="stable")[:top])
        rows = table.take(candidates).to_pylist()
        for position, row in zip(candidates, rows, strict=True):
            # Later rows are smaller, so that of equals the first stays.
            entry = (float(scores[position]), -(order + int(position)), row)
            if len(heap) < top:
                heapq.heappush(heap, entry)
            elif entry[:2] > heap[0][:2]:
                heapq.heapreplace(heap, entry)
        order += table.num_rows
    return [row for *_, row in sorted(heap, key=lambda entry: entry[:2], reverse=True)]


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
