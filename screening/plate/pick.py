"""The pick: which hits may be bought, which of them are, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from screening.errors import UserError
from screening.hits import Wanted, clusters
from screening.model import tanimoto
from screening.plate.batches import MODES, Candidates, Limits, Mode, choose
from screening.plate.layout import LayoutOptions

if TYPE_CHECKING:
    import pandas as pd

# In units of the ranking, of which the whole is 1.
DIVERSITY, NOVELTY = 0.2, 0.1
# How each mode picks, in words.
RULES: dict[Mode, str] = {
    "exploit": "the best scores",
    "balance": "high ranks that are unlike each other",
    "explore": "what the networks are unsure of, spread over their hidden states",
    "qpo": "what most likely holds the best",
}
# The same of `exploit` where hits are ranked by value.
BY_VALUE = "the best predicted values"
# A score is rounded to six decimals: none is certain.
_CERTAIN = 1e-7


@dataclass(frozen=True)
class PlateOptions:
    """What a plate should be like.

    Attributes
    ----------
    budget : int
        Compounds to buy.
    mode : {'exploit', 'balance', 'explore', 'qpo'}
        The rule, see `screening.plate.batches`: the best scores; high scores that are unlike each
        other; what teaches most; what most likely holds the best.
    diversity : float >= 0
        Of `balance`: what being identical to an earlier pick costs, in units of the ranking, of
        which the whole is 1.
    novelty : float >= 0
        Of `balance`: what being wholly unlike every known active is worth, in the same units.
    seed : int
        Of what `explore` and `qpo` draw.
    barred_alerts : tuple of str
        Catalogs (PAINS, BRENK, NIH) whose alerts exclude a compound.
    in_domain_only : bool
        Leave out compounds outside the applicability domain.
    per_cluster : int, optional
        Most picks from one cluster of similar hits; None is no limit.
    windows : dict of str to (low, high)
        Column -> smallest and largest value allowed; None is open.
    layout : LayoutOptions
        Where each compound comes to lie, and what lies beside them.
    """

    budget: int = 96
    mode: Mode = "exploit"
    diversity: float = DIVERSITY
    novelty: float = NOVELTY
    seed: int = 0
    barred_alerts: tuple[str, ...] = ("PAINS",)
    in_domain_only: bool = False
    per_cluster: int | None = None
    windows: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    layout: LayoutOptions = field(default_factory=LayoutOptions)

    def __post_init__(self) -> None:
        if self.budget < 1:
            raise UserError(f"--budget {self.budget}: a plate holds at least one compound.")
        if self.mode not in MODES:
            raise UserError(f"--mode {self.mode}: the modes are {', '.join(MODES)}.")
        if self.per_cluster is not None and self.per_cluster < 1:
            raise UserError(f"{self.per_cluster} picks a cluster: at least one is needed.")


def pick_plate(
    hits: pd.DataFrame,
    fingerprints: NDArray[np.uint8],
    options: PlateOptions | None = None,
    *,
    active_similarity: NDArray[np.float32] | None = None,
    members: NDArray[np.float64] | None = None,
    hidden: NDArray[np.float32] | None = None,
    score: str = "score",
    wanted: Wanted = "active",
    value: str | None = None,
    lowest_first: bool = False,
    groups: NDArray[np.int64] | None = None,
    not_described: Sequence[str] = (),
) -> pd.DataFrame:
    """Pick compounds one by one by the rule of the options.

    Where the options limit the picks of a cluster, the rest of a full one is passed over. Where
    inactive compounds are wanted, a low score is good.

    Parameters
    ----------
    hits
        The columns of hits.csv, best first; property columns where `windows` names them.
    fingerprints : uint8 array of shape (n, n_bytes)
        Packed bits of the hits.
    options
    active_similarity : array of shape (n,), optional
        To the nearest known active.
    members : array of shape (n_members, n), optional
        Log odds of being active by each network; the modes `qpo` and `explore` need them.
    hidden : array of shape (n_members, n, width), optional
        States of each network's last hidden layer; the mode `explore` needs them.
    score
        Column of the probability of being active.
    wanted : {'active', 'inactive'}
        Whether a high score is good, or a low one.
    value
        Column of the predicted value, where the hits are ranked by it; None where by the score.
    lowest_first
        Whether a low value is good.
    groups : array of shape (n,), optional
        The cluster of each hit; made of the fingerprints when None.
    not_described : sequence of str, optional
        What could not be worked out of each hit: one that lacks something is not picked, since
        nobody knows which alerts or properties it has.

    Returns
    -------
    DataFrame
        The hits with the columns `pick` (1, 2, ...; 0 when not picked) and `pick_reason`, which
        says for each why it was picked, excluded or passed over.
    """
    options = options or PlateOptions()
    table = hits.reset_index(drop=True)
    excluded = exclusions(table, options)
    for number, missing in enumerate(not_described):
        if missing and not excluded[number]:
            excluded[number] = f"it could not be described: {missing}"
    groups = clusters(fingerprints) if groups is None else groups
    free = np.array([not reason for reason in excluded], dtype=bool)
    log_odds = logit(np.clip(table[score].to_numpy(dtype=np.float64), _CERTAIN, 1 - _CERTAIN))
    sign = -1 if wanted == "inactive" else 1
    picked = choose(
        options.mode,
        Candidates(
            sign * log_odds,
            fingerprints,
            active_similarity,
            None if members is None else sign * members,
            hidden,
            None if value is None else _more_is_better(table[value], lowest_first),
        ),
        options.budget,
        Limits(free, groups, options.per_cluster),
        diversity=options.diversity,
        novelty=options.novelty,
        seed=options.seed,
    )
    order = np.zeros(len(table), dtype=np.int64)
    order[picked] = np.arange(1, len(picked) + 1)
    full = np.bincount(groups[picked], minlength=int(groups.max(initial=0)) + 1)
    reasons = [_why_left(reason) for reason in excluded]
    for place in np.flatnonzero(free & (order == 0)).tolist():
        if options.per_cluster is not None and full[groups[place]] >= options.per_cluster:
            reasons[place] = f"not picked: {options.per_cluster} of its cluster are picked"
    closest = nearest_before(fingerprints, picked)
    records = table.to_dict("records")
    for place, near in zip(picked, closest, strict=True):
        known = None if active_similarity is None else float(active_similarity[place])
        reasons[place] = _reason(records[place], score, value, near, known)
    return table.assign(pick=order, pick_reason=reasons)


def nearest_before(fingerprints: NDArray[np.uint8], picked: Sequence[int]) -> list[float | None]:
    """Return how similar each pick is to the nearest of those before it; None for the first."""
    own = fingerprints[picked]
    alike = np.tril(tanimoto(own, own), k=-1)
    return [float(row.max()) if place else None for place, row in enumerate(alike)]


def _why_left(excluded: str) -> str:
    return f"not picked: {excluded}" if excluded else "not picked: others fill the plate"


def exclusions(hits: pd.DataFrame, options: PlateOptions) -> list[str]:
    """Return why each hit may not be picked; an empty text where it may.

    Raises
    ------
    UserError
        A window names a column that the hits do not have.
    """
    for name in options.windows:
        if name not in hits.columns:
            raise UserError(f"there is no column {name!r} to limit; see the columns of hits.csv.")
    return [_why_not(row, options) for row in hits.to_dict("records")]


def _why_not(row: Mapping[Any, Any], options: PlateOptions) -> str:
    if row.get("in_training"):
        return "already tested in the assay"
    if row.get("same_skeleton"):
        return "already tested in another stereo or isotopic form"
    if twin := row.get("duplicate_of"):
        return f"same structure as {twin}"
    if options.in_domain_only and not row["in_domain"]:
        return "outside the applicability domain"
    for alert in str(row.get("alerts", "")).split("; "):
        if alert.split(":")[0] in options.barred_alerts:
            return f"alert {alert}"
    for name, (low, high) in options.windows.items():
        if reason := _outside(name, row[name], low, high):
            return reason
    return ""


def _outside(name: str, cell: Any, low: float | None, high: float | None) -> str:
    try:
        value = float(str(cell))
    except ValueError:
        value = math.nan
    # What is not known cannot be said to lie within.
    if math.isnan(value):
        return f"{name} is no number"
    if low is not None and value < low:
        return f"{name} {value:g} is below {low:g}"
    if high is not None and value > high:
        return f"{name} {value:g} is above {high:g}"
    return ""


def _more_is_better(values: pd.Series[Any], lowest_first: bool) -> NDArray[np.float64]:
    found = values.to_numpy(dtype=np.float64)
    return -found if lowest_first else found


def _reason(
    row: Mapping[Any, Any],
    score: str,
    value: str | None,
    closest: float | None,
    active_similarity: float | None,
) -> str:
    parts = [f"rank {row['rank']}"]
    if value is not None:
        parts.append(f"value {row[value]:.3g}")
    parts.append(f"score {row[score]:.2f}")
    parts.append("first pick" if closest is None else f"{closest:.2f} similar to the nearest pick")
    if active_similarity is not None:
        parts.append(f"{active_similarity:.2f} to the nearest known active")
    if not row.get("in_domain", True):
        parts.append("outside the domain")
    return ", ".join(parts)
