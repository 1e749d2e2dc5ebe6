"""The best of a screen while it goes on: drawn, with their scores."""

from __future__ import annotations

import heapq
from functools import lru_cache
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SHOWN = 8
_LONGEST_NAME = 80
# (-score, part, row) orders them as the ranking does: ties by input order.
Best = tuple[float, int, int, str, str]


def best_html(run: Path) -> str:
    """Return the best compounds of a run so far, as HTML with every text escaped."""
    best = heapq.nsmallest(SHOWN, (hit for part in _parts(run) for hit in part))
    return "".join(_figure(-score, name, smiles) for score, _, _, name, smiles in best)


def _parts(run: Path) -> list[tuple[Best, ...]]:
    found = []
    for number, path in enumerate(sorted((run / "scores").glob("part-*.parquet"))):
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


@lru_cache(maxsize=2000)
def _figure(score: float, name: str, smiles: str) -> str:
    shown = escape(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")
    return (
        f'<figure class="best tile">{drawn(smiles, shown)}'
        f"<figcaption><b>{score:.2f}</b> <bdi>{shown}</bdi></figcaption></figure>"
    )


def drawn(smiles: str, name: str) -> str:
    """Return a structure as inline SVG, or a sentence where there is none to draw."""
    from screening.chemistry import Failure, read_molecule
    from screening.drawing import depict, inline_svg

    mol = read_molecule(smiles)
    if isinstance(mol, Failure):
        return f'<p class="note">{escape(mol.message)}</p>'
    if mol.GetNumAtoms() > _MOST_ATOMS:
        return f'<p class="note">{mol.GetNumAtoms()} atoms: too many to draw here.</p>'
    return inline_svg(depict(mol), marked=(), colour="raise", name=f"Structure of {name}")


_MOST_ATOMS = 150
