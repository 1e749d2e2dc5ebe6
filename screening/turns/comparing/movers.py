"""Why compounds moved between two runs: what contributed to their scores, then and now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from screening.chemistry import Failure, canonical_smiles
from screening.drawing import inline_contributions
from screening.explain import AtomContributions
from screening.hits import molecule_of
from screening.model import ScreeningModel
from screening.progress import OnStep, ignore_steps
from screening.report.pictures import Picture, Wanted, pictures_of
from screening.turns.comparing.record import FIRST, SECOND, Mover

# A nearest known compound that is closer by this much explains a change.
_CLOSER = 0.1
# An atom whose contribution changed by less is not coloured fully.
_LEAST_SCALE = 0.1


class _Near(NamedTuple):
    """The most similar compound that a model learned from."""

    name: str
    similarity: float
    key: int


class _Why(NamedTuple):
    """One compound, as both models see it; `explained` is empty where one could not explain it."""

    row: Any
    pictures: Sequence[Picture]
    near: Sequence[_Near]

    @property
    def explained(self) -> list[AtomContributions]:
        found = [picture.why for picture in self.pictures if picture.why is not None]
        return found if len(found) == 2 else []

    @property
    def change(self) -> NDArray[np.float64] | None:
        """How each atom's contribution changed; None where the atoms are not the same."""
        if not self.explained:
            return None
        ours, theirs = self.explained
        if canonical_smiles(ours.mol) != canonical_smiles(theirs.mol):
            return None
        return theirs.atoms - ours.atoms


def why_moved(
    ranks: pd.DataFrame,
    models: tuple[ScreeningModel | None, ScreeningModel | None],
    tasks: tuple[str, str],
    count: int,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> tuple[tuple[Mover, ...], pd.DataFrame]:
    """Explain the compounds whose places changed most, by the models that gave them.

    Parameters
    ----------
    ranks : DataFrame
        Of `compare_runs`; compounds that both runs scored can be explained.
    models
        Of both runs; nothing is explained where one is missing or both are the same.
    tasks
        That the runs are ranked by.
    count : int
        Compounds, half of them risen and half fallen where there are so many.
    workers : int
        Processes that draw and explain; the result is the same for any number.
    on_step
        Is told how far the work is.

    Returns
    -------
    movers : tuple of Mover
    why : DataFrame
        A row for each: log odds, what atoms and the molecule as a whole contribute, neighbours.
    """
    first, second = models
    if first is None or second is None or first.model_hash == second.model_hash or not count:
        return (), pd.DataFrame()
    chosen = largest_moves(ranks, count)
    if chosen.empty:
        return (), pd.DataFrame()
    both = (first, second)
    structures = [_structures(chosen, model, both) for model in both]
    drawn = [
        pictures_of([Wanted(text, True) for text in own], model, task, workers, on_step)
        for own, model, task in zip(structures, both, tasks, strict=True)
    ]
    near = [_nearest(own, model) for own, model in zip(structures, both, strict=True)]
    found = [
        _Why(row, pictures, neighbours)
        for row, pictures, neighbours in zip(
            chosen.itertuples(), zip(*drawn, strict=True), zip(*near, strict=True), strict=True
        )
    ]
    known = [set(model.training.keys.tolist()) for model in both]
    movers = tuple(_mover(why, known) for why in found)
    return movers, pd.DataFrame([_row(why) for why in found])


def largest_moves(ranks: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the rows whose places changed by the largest factor, risen ones first.

    From place 400 to 40 is as far as from 40 to 4: what matters happens at the top.
    """
    both = ranks[(ranks.place_a > 0) & (ranks.place_b > 0)]
    gain = pd.Series(np.log(both.place_a / both.place_b), both.index)
    order = gain.sort_values(ascending=False, kind="stable")
    risen, fallen = order[order > 0], order[order < 0][::-1]
    half = count // 2
    n_fallen = min(len(fallen), max(half, count - len(risen)))
    picked = [*risen.index[: count - n_fallen], *fallen.index[:n_fallen]]
    return both.loc[picked]


def _structures(
    chosen: pd.DataFrame, model: ScreeningModel, both: Sequence[ScreeningModel]
) -> list[str]:
    """Return each compound as a model standardises it."""
    if len({one.options.standardize for one in both}) == 1:
        return list(chosen.structure)
    mols = [model.prepare(text) for text in chosen.smiles]
    return [
        text if isinstance(mol, Failure) else canonical_smiles(mol)
        for text, mol in zip(chosen.structure, mols, strict=True)
    ]


def _nearest(structures: Sequence[str], model: ScreeningModel) -> list[_Near]:
    index, similarity = model.training.nearest(
        model.fingerprints([molecule_of(text) for text in structures])
    )
    training = model.training
    return [
        _Near(training.ids[place], float(alike), int(training.keys[place]))
        for place, alike in zip(index.tolist(), similarity.tolist(), strict=True)
    ]


def _mover(why: _Why, known: Sequence[set[int]]) -> Mover:
    row = why.row
    title = f"place {row.place_a:,} in {FIRST}, {row.place_b:,} in {SECOND}"
    return Mover(str(row.id), title, _sentence(why, known), _pictures(why))


def _sentence(why: _Why, known: Sequence[set[int]]) -> str:
    row, (ours, theirs) = why.row, why.near
    change = row.log_odds_b - row.log_odds_a
    found = [f"Log odds {row.log_odds_a:+.2f} in {FIRST} and {row.log_odds_b:+.2f} in {SECOND}."]
    near = (
        f"nearest known compound {ours.name} ({ours.similarity:.2f}) in {FIRST}, {theirs.name} "
        f"({theirs.similarity:.2f}) in {SECOND}"
    )
    if row.learned_by_a != row.learned_by_b:
        learned, other = (SECOND, FIRST) if row.learned_by_b else (FIRST, SECOND)
        found.append(f"{learned} has learned from this very compound, {other} has not: {near}.")
    elif theirs.similarity - ours.similarity >= _CLOSER and theirs.key not in known[0]:
        found.append(f"{SECOND} has learned from a closer compound: {near}.")
    elif ours.similarity - theirs.similarity >= _CLOSER and ours.key not in known[1]:
        found.append(f"{FIRST} has learned from a closer compound: {near}.")
    else:
        found.append(f"Both have learned from compounds as close: {near}.")
    atoms = why.change
    if atoms is None:
        missing = next((p.missing for p in why.pictures if p.missing), "")
        return " ".join([*found, missing]).rstrip()
    whole = why.explained[1].descriptors - why.explained[0].descriptors
    largest = float(atoms[np.argmax(np.abs(atoms))])
    found.append(
        f"The molecule as a whole (size, polarity and the like) contributes {whole:+.2f} more, the "
        f"atom that changed most {largest:+.2f}."
    )
    if abs(whole) > abs(largest) and whole * change > 0:
        found.append("So the change comes mostly from the molecule as a whole.")
    return " ".join(found)


def _pictures(why: _Why) -> list[tuple[str, str]]:
    """Return the drawings coloured by each model, and by the change, on one scale."""
    drawings = [picture.drawing for picture in why.pictures if picture.drawing is not None]
    if not why.explained or len(drawings) < 2:
        return []
    parts = [
        (own.atoms, letter) for own, letter in zip(why.explained, (FIRST, SECOND), strict=True)
    ]
    if why.change is not None:
        parts.append((why.change, f"change, {SECOND} less {FIRST}"))
        drawings.append(drawings[-1])
    full = max(_LEAST_SCALE, *(float(np.abs(values).max(initial=0.0)) for values, _ in parts))
    found = []
    for drawing, (values, words) in zip(drawings, parts, strict=True):
        shares = {i: float(value / full) for i, value in enumerate(values)}
        found.append((inline_contributions(drawing, shares, f"{why.row.id}: {words}"), words))
    return found


def _row(why: _Why) -> dict[str, Any]:
    row, change = why.row, why.change
    found: dict[str, Any] = {
        "id": row.id,
        "structure": row.structure,
        "status": row.status,
        "place_a": row.place_a,
        "place_b": row.place_b,
        "log_odds_a": row.log_odds_a,
        "log_odds_b": row.log_odds_b,
    }
    for letter, picture, near in zip("ab", why.pictures, why.near, strict=True):
        own = picture.why
        found[f"whole_{letter}"] = math.nan if own is None else own.descriptors
        found[f"atoms_{letter}"] = "" if own is None else _listed(own.atoms)
        found[f"nearest_id_{letter}"] = near.name
        found[f"nearest_similarity_{letter}"] = near.similarity
    found["atoms_change"] = "" if change is None else _listed(change)
    return found


def _listed(values: NDArray[np.float64]) -> str:
    """Return the values of all atoms, in their order in the column `structure`."""
    return " ".join(f"{value:.3f}" for value in values)
