"""The best of a screen while it goes on: drawn, with their scores."""

from __future__ import annotations

import heapq
from functools import lru_cache
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screening.hits import score_parts
from workflows.web.drawn import drawn, shortened

SHOWN = 8
# (-score, part, row) orders them as the ranking does: ties by input order.
Best = tuple[float, int, int, str, str]


def best_html(run: Path) -> str:
    """Return the best compounds of a run so far, as HTML with every text escaped."""
    best = heapq.nsmallest(SHOWN, (hit for part in _parts(run) for hit in part))
    return "".join(_figure(-score, name, smiles) for score, _, _, name, smiles in best)


def _parts(run: Path) -> list[tuple[Best, ...]]:
    found = []
    for number, path in enumerate(score_parts(run / "scores")):
        try:
            found.append(_best_of(path, number, path.stat().st_mtime_ns))
        except (OSError, pa.ArrowException, LookupError):  # it is being replaced
            continue
    return found


@lru_cache(maxsize=20_000)
def _best_of(path: Path, part: int, written: int) -> tuple[Best, ...]:
    """Return the best rows of one part; a part that was written stays as it is."""
    del written
    names = pq.read_schema(path).names
    score = next(name for name in names if name == "score" or name.startswith("score_"))
    table = pq.read_table(path, columns=["id", "smiles", score])
    scores = table[score].to_pylist()
    rows = heapq.nsmallest(SHOWN, range(len(scores)), key=lambda row: (-scores[row], row))
    return tuple(
        (-scores[row], part, row, str(table["id"][row]), str(table["smiles"][row])) for row in rows
    )


def _figure(score: float, name: str, smiles: str) -> str:
    shown = escape(shortened(name))
    return (
        f'<figure class="best tile">{drawn(smiles, name)}'
        f"<figcaption><b>{score:.2f}</b> <bdi>{shown}</bdi></figcaption></figure>"
    )
