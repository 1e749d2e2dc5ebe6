"""Rank changes: which compounds stayed among the best of two runs, entered, and left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from screening.chemistry import Failure, canonical_smiles, structure_key
from screening.errors import UserError
from screening.hits import LOG_ODDS, VALUE, Hits, Places, places_among, read_hits
from screening.model import ScreeningModel
from screening.report import model_of
from screening.report.run_folder import read_info

STAYED, ENTERED, LEFT = "stayed", "entered", "left"


@dataclass(frozen=True)
class FinishedRun:
    """The folder of a run, and the model that made it where that can be found.

    Attributes
    ----------
    path : Path
    info : dict
        run.json.
    hits : Hits
    model : ScreeningModel or None
    """

    path: Path
    info: Mapping[str, Any]
    hits: Hits
    model: ScreeningModel | None

    @classmethod
    def read(cls, path: Path) -> FinishedRun:
        """Read a run.

        Raises
        ------
        UserError
            The folder holds no finished run, or a damaged one.
        """
        info, hits = read_info(path), read_hits(path)
        try:
            return cls(path, info, hits, model_of(path))
        except UserError:
            return cls(path, info, hits, None)


@dataclass(frozen=True)
class _Top:
    """Some hits of a run, best first: their rows, and their keys in this and the other run."""

    rows: NDArray[np.int64]
    own: NDArray[np.int64]
    other: NDArray[np.int64]

    def first(self, n: int) -> _Top:
        return _Top(self.rows[:n], self.own[:n], self.other[:n])

    def different(self, keys: NDArray[np.int64]) -> _Top:
        """Leave out those whose key came before."""
        kept = np.sort(np.unique(keys, return_index=True)[1])
        return _Top(self.rows[kept], self.own[kept], self.other[kept])


def rank_changes(
    runs: tuple[FinishedRun, FinishedRun], top: int | None = None
) -> tuple[pd.DataFrame, int]:
    """Tell which different compounds stayed among the best of two runs, entered, and left.

    Parameters
    ----------
    runs
    top : int, optional
        How many of the best of each; as many as both have when None, and never more.

    Returns
    -------
    table : DataFrame
        A row for each compound that is among the best of either, with its rank among the hits and
        its place among all scored rows of both; in the order of the second run's places.
    n : int
        How many of the best were taken.

    Raises
    ------
    UserError
        A run has no hits, or scores that cannot be read.
    """
    first, second = _keys(runs[0], runs[1]), _keys(runs[1], runs[0])
    # A compound is known by its key in the second run.
    first, second = first.different(first.other), second.different(second.own)
    n = min(len(first.rows), len(second.rows), top or len(first.rows))
    if not n:
        raise UserError(
            f"{runs[0 if not len(first.rows) else 1].path} has no hits; nothing can be compared."
        )
    return _ranks(runs, (first.first(n), second.first(n))), n


def _keys(run: FinishedRun, other: FinishedRun) -> _Top:
    """Return all hits of a run."""
    structures = run.hits.described["structure"].to_pylist()
    own = there = np.array([structure_key(text) for text in structures], np.int64)
    if run.model and other.model:
        level = other.model.options.standardize
        if level != run.model.options.standardize:
            texts = run.hits.described["smiles"].to_pylist()
            there = np.array([_key(text, other.model) for text in texts], np.int64)
    return _Top(np.arange(len(own)), own, there)


def _key(smiles: str, model: ScreeningModel) -> int:
    """Return the key of a structure as another model standardises it."""
    mol = model.prepare(smiles)
    return structure_key(smiles if isinstance(mol, Failure) else canonical_smiles(mol))


def _ranks(runs: Sequence[FinishedRun], tops: tuple[_Top, _Top]) -> pd.DataFrame:
    """Return a row for each compound that is among the best of either run."""
    ours, theirs = tops[0].other, tops[1].own
    in_both = np.isin(theirs, ours)
    keys_b = np.concatenate([ours, theirs[~in_both]])
    keys_a = np.concatenate([tops[0].own, tops[1].other[~in_both]])
    in_top_a = np.arange(len(keys_b)) < len(ours)
    in_top_b = np.isin(keys_b, theirs)
    columns: dict[str, Any] = {
        "status": np.select([in_top_a & in_top_b, in_top_b], [STAYED, ENTERED], LEFT),
    }
    for name in ("id", "smiles", "structure"):
        columns[name] = _texts(runs, tops, ~in_both, name)
    for letter, run, keys in (("a", runs[0], keys_a), ("b", runs[1], keys_b)):
        columns |= _side(letter, run, keys)
    if runs[0].model and runs[1].model:
        columns["learned_by_a"] = np.isin(keys_a, runs[0].model.training.keys)
        columns["learned_by_b"] = np.isin(keys_b, runs[1].model.training.keys)
    table = pd.DataFrame(columns)
    table["places_gained"] = np.where(
        (table.place_a > 0) & (table.place_b > 0), table.place_a - table.place_b, np.nan
    )
    order = np.lexsort((table.place_a, _last_if_none(table.place_b)))
    return table.iloc[order].reset_index(drop=True)


def _texts(
    runs: Sequence[FinishedRun], tops: tuple[_Top, _Top], new: NDArray[np.bool_], name: str
) -> list[str]:
    both = [run.hits.described[name].to_pylist() for run in runs]
    return [both[0][row] for row in tops[0].rows] + [both[1][row] for row in tops[1].rows[new]]


def _side(letter: str, run: FinishedRun, keys: NDArray[np.int64]) -> dict[str, Any]:
    """Return what one run says of structures."""
    places = places_among(run.path, keys, run.hits.ranked)
    hits = run.hits.described
    rank: dict[int, int] = {}
    for structure, own in zip(hits["structure"].to_pylist(), hits["rank"].to_pylist(), strict=True):
        rank.setdefault(structure_key(structure), own)
    return {
        f"rank_{letter}": pd.array([rank.get(key) for key in keys.tolist()], dtype="Int64"),
        f"place_{letter}": places.place,
        f"{decisive(run)}_{letter}": places.decisive,
        f"in_{letter}": _whereabouts(places),
    }


def decisive(run: FinishedRun) -> str:
    """Return the name of what a run is ranked by: log_odds, or value."""
    return LOG_ODDS if run.hits.ranked.by == "score" else VALUE


def _whereabouts(places: Places) -> NDArray[np.str_]:
    over = "passed over by the first pass"
    return np.select([places.scored, places.passed_over], ["scored", over], "not scored")


def _last_if_none(place: pd.Series[int]) -> NDArray[np.int64]:
    return np.where(place > 0, place, np.iinfo(np.int64).max)
