"""All rows that a run scored, asked for a structure or a name: not only its hits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from screening.chemistry import structure_key
from screening.errors import UserError
from screening.hits.describe import restated
from screening.hits.table import Hits, Ranked, read_hits


@dataclass(frozen=True)
class Beside:
    """What another run says of hits.

    Attributes
    ----------
    ranked : Ranked
        How that run was ranked.
    scores : float64 array of shape (n,)
        Its score of each hit, for the task that it was ranked by; NaN where it has not scored that
        structure.
    """

    ranked: Ranked
    scores: NDArray[np.float64]


def scores_beside(hits: Hits, other: Path) -> Beside:
    """Look up the structures of hits among all rows that another run scored.

    Parameters
    ----------
    hits
    other
        Folder of another finished screen, of the same library or one that shares structures.

    Raises
    ------
    UserError
        The other run is not finished, or damaged.
    """
    there = read_hits(other)
    column = there.column("score")
    keys = np.array([structure_key(s) for s in hits.described["structure"].to_pylist()], np.int64)
    wanted = pa.array(np.unique(keys))
    found: dict[int, float] = {}
    try:
        for part in sorted((other / "scores").glob("part-*.parquet")):
            table = pq.read_table(part, columns=["structure_key", column])
            table = table.filter(pc.is_in(table["structure_key"], value_set=wanted))
            for key, score in zip(*(table[n].to_pylist() for n in table.column_names), strict=True):
                found.setdefault(key, score)
    except (OSError, pa.ArrowException, LookupError) as error:
        raise UserError(f"the scores of {other} cannot be read ({error}).") from error
    scores = np.array([found.get(key, np.nan) for key in keys.tolist()], dtype=np.float64)
    ranked = there.ranked
    return Beside(ranked, restated(scores, ranked.base_rate, ranked.prevalence))


def structure_named(run: Path, name: str) -> str | None:
    """Return the structure of the first row of a name among all that a run scored; None without.

    Parameters
    ----------
    run
        Folder of a screen, finished or not.
    name
        As the library has it.
    """
    for part in sorted((run / "scores").glob("part-*.parquet")):
        try:
            table = pq.read_table(part, columns=["smiles"], filters=pc.field("id") == name)
        except (OSError, pa.ArrowException, LookupError):  # it is being replaced
            continue
        if table.num_rows:
            return str(table["smiles"][0].as_py())
    return None
