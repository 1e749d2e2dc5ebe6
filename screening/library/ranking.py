"""The global top N, exact, in memory for N rows: a bounded heap over the shards."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

Row = dict[str, Any]


def best_rows(parts: Iterable[Path], score_column: str, top: int) -> list[Row]:
    """Return the `top` rows of highest score, best first; equal scores keep the input's order.

    Parameters
    ----------
    parts
        Parquet files of scores, in input order.
    score_column
        The column that decides.
    top
        Number of rows wanted.
    """
    heap: list[tuple[float, int, Row]] = []
    order = 0
    for part in parts:
        table = pq.read_table(part)
        scores = table[score_column].to_numpy()
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


def first_places(parts: Iterable[Path], keys: Iterable[int]) -> dict[int, tuple[str, int, str]]:
    """Return source, row and name of the first library row of each structure key."""
    wanted = np.array(sorted(set(keys)), dtype=np.int64)
    found: dict[int, tuple[str, int, str]] = {}
    for part in parts:
        table = pq.read_table(part, columns=["source", "row", "id", "structure_key"])
        column = table["structure_key"].to_numpy()
        for position in np.flatnonzero(np.isin(column, wanted)):
            key = int(column[position])
            if key not in found:
                row = table.slice(int(position), 1).to_pylist()[0]
                found[key] = (row["source"], row["row"], row["id"])
    return found
