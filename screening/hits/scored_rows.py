"""All rows that a run scored, asked for structures, names or places: not only its hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def score_parts(scores: Path) -> list[Path]:
    """Return the files of scores/ in the order of the library, however many they are.

    Names have five digits, or more where a run has more than 100,000 parts.
    """
    return sorted(scores.glob("part-*.parquet"), key=lambda part: (len(part.name), part.name))


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
        for part in score_parts(other / "scores"):
            table = pq.read_table(part, columns=["structure_key", column])
            table = table.filter(pc.is_in(table["structure_key"], value_set=wanted))
            for key, score in zip(*(table[n].to_pylist() for n in table.column_names), strict=True):
                found.setdefault(key, score)
    except (OSError, pa.ArrowException, LookupError) as error:
        raise UserError(f"the scores of {other} cannot be read ({error}).") from error
    scores = np.array([found.get(key, np.nan) for key in keys.tolist()], dtype=np.float64)
    ranked = there.ranked
    return Beside(ranked, restated(scores, ranked.base_rate, ranked.prevalence))


def structures_named(run: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Return the structures of all rows of some names among all that a run scored.

    Parameters
    ----------
    run
        Folder of a finished screen.
    names
        As the library has them.

    Returns
    -------
    dict of str to list of str
        Name -> its SMILES as the library has them, one for each standardised structure; names that
        no row has are not in it.

    Raises
    ------
    UserError
        The folder holds no scores, or they cannot be read.
    """
    wanted = pa.array(sorted(set(names)), pa.string())
    parts = score_parts(run / "scores")
    if not parts:
        raise UserError(f"{run} holds no scores; give the folder of an `ebmscreen screen`.")
    found: dict[str, dict[str, str]] = {}
    try:
        for part in parts:
            table = pq.read_table(part, columns=["id", "smiles", "structure"])
            table = table.filter(pc.is_in(table["id"], value_set=wanted))
            for name, smiles, structure in zip(*table.to_pydict().values(), strict=True):
                # A row that was passed over has no standardised structure.
                found.setdefault(name, {}).setdefault(structure or smiles, smiles)
    except (OSError, pa.ArrowException, LookupError) as error:
        raise UserError(f"the scores of {run} cannot be read ({error}).") from error
    return {name: list(forms.values()) for name, forms in found.items()}


def structure_named(run: Path, name: str) -> str | None:
    """Return the structure of the first row of a name among all that a run scored; None without.

    Parameters
    ----------
    run
        Folder of a screen, finished or not.
    name
        As the library has it.
    """
    for part in score_parts(run / "scores"):
        try:
            table = pq.read_table(part, columns=["smiles"], filters=pc.field("id") == name)
        except (OSError, pa.ArrowException, LookupError):  # it is being replaced
            continue
        if table.num_rows:
            return str(table["smiles"][0].as_py())
    return None


@dataclass(frozen=True)
class Places:
    """Where structures stand among all rows that a run scored.

    Attributes
    ----------
    decisive : float64 array of shape (n,)
        What the run is ranked by, log odds or a value, of the structure's first scored row; NaN
        where there is none.
    place : int64 array of shape (n,)
        Of that row in the ranking of all scored rows, from 1; 0 where there is none.
    passed_over : bool array of shape (n,)
        Whether the library has the structure, and a first pass gave it no score.
    """

    decisive: NDArray[np.float64]
    place: NDArray[np.int64]
    passed_over: NDArray[np.bool_]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which structures have a score."""
        return self.place > 0


def places_among(run: Path, keys: NDArray[np.int64], ranked: Ranked) -> Places:
    """Tell where structures stand in the ranking of all rows that a run scored.

    The run is read shard by shard, twice: memory is needed for one shard and the keys.

    Parameters
    ----------
    run
        Folder of a screen.
    keys : int64 array of shape (n,)
        Of structures.
    ranked
        How the run was ranked: what by, and whether the lowest are best. Substructures that hits
        must have play no part.

    Raises
    ------
    UserError
        A file of scores cannot be read.
    """
    unique, where = np.unique(keys, return_inverse=True)
    sign = -1.0 if ranked.lowest_first else 1.0
    value = np.full(len(unique), np.nan)
    shard, row = np.zeros(len(unique), np.int64), np.zeros(len(unique), np.int64)
    there = np.zeros(len(unique), dtype=bool)
    for number, (own, found) in enumerate(_scored_columns(run, ranked)):
        rows = np.flatnonzero(np.isin(own, unique))
        spots = np.searchsorted(unique, own[rows])
        there[spots] = True
        fresh = np.isnan(value[spots]) & ~np.isnan(found[rows])
        # Of rows of one structure the first counts: written last, in reverse order.
        spots, rows = spots[fresh][::-1], rows[fresh][::-1]
        value[spots], shard[spots], row[spots] = found[rows], number, rows
    place = _count_before(run, ranked, sign, value, shard, row)
    return Places(value[where], place[where], (there & np.isnan(value))[where])


def _count_before(
    run: Path,
    ranked: Ranked,
    sign: float,
    value: NDArray[np.float64],
    shard: NDArray[np.int64],
    row: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the place of each value, equal ones in the order of the input; 0 for NaN."""
    scored = ~np.isnan(value)
    place = scored.astype(np.int64)
    key = sign * value[scored]
    for number, (_, found) in enumerate(_scored_columns(run, ranked)):
        all_keys = sign * found
        inside = np.sort(all_keys[~np.isnan(all_keys)])
        above = len(inside) - np.searchsorted(inside, key, side="right")
        equal = len(inside) - np.searchsorted(inside, key, side="left") - above
        earlier = np.where(number < shard[scored], equal, 0)
        for spot in np.flatnonzero(shard[scored] == number):
            before = row[scored][spot]
            earlier[spot] = int((all_keys[:before] == key[spot]).sum())
        place[scored] += above + earlier
    return place


def sampled_scores(
    run: Path, ranked: Ranked, one_of: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return key and standing of every `one_of`-th structure of a run, chosen by its key.

    Two runs give the same structures where both have them. The structures are in the order of
    their keys; each has what its first scored row was ranked by, the sign turned where the lowest
    are best: higher is better.

    Raises
    ------
    UserError
        A file of scores cannot be read.
    """
    keys, values = [np.zeros(0, np.int64)], [np.zeros(0)]
    for own, found in _scored_columns(run, ranked):
        chosen = (own % one_of == 0) & ~np.isnan(found)
        keys.append(own[chosen])
        values.append(-found[chosen] if ranked.lowest_first else found[chosen])
    unique, first = np.unique(np.concatenate(keys), return_index=True)
    return unique, np.concatenate(values)[first]


def _scored_columns(
    run: Path, ranked: Ranked
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield structure keys and what decides of each shard, in the order of the input.

    NaN for rows without a score.
    """
    names = ["structure_key", ranked.column]
    try:
        for part in score_parts(run / "scores"):
            with pq.ParquetFile(part) as file:
                table = file.read(names, use_threads=False)
            keys, found = (table[name].to_numpy() for name in names)
            yield keys, found.astype(np.float64)
    except (OSError, pa.ArrowException, LookupError) as error:
        raise UserError(f"the scores of {run} cannot be read ({error}).") from error
