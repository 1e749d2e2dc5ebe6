"""The pick: high scores, unlike each other, unlike what is known, within limits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.hits import Wanted, clusters
from screening.model import tanimoto

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PlateOptions:
    """What a plate should be like.

    Attributes
    ----------
    budget : int
        Compounds to buy.
    diversity : float >= 0
        What being identical to an earlier pick costs, in units of score.
    novelty : float >= 0
        What being wholly unlike every known active is worth, in units of score.
    barred_alerts : tuple of str
        Catalogs (PAINS, BRENK, NIH) whose alerts exclude a compound.
    in_domain_only : bool
        Leave out compounds outside the applicability domain.
    per_cluster : int, optional
        Most picks from one cluster of similar hits; None is no limit.
    windows : dict of str to (low, high)
        Column -> smallest and largest value allowed; None is open.
    """

    budget: int = 96
    diversity: float = 0.5
    novelty: float = 0.1
    barred_alerts: tuple[str, ...] = ("PAINS",)
    in_domain_only: bool = False
    per_cluster: int | None = None
    windows: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.budget < 1:
            raise UserError(f"--budget {self.budget}: a plate holds at least one compound.")
        if self.per_cluster is not None and self.per_cluster < 1:
            raise UserError(f"{self.per_cluster} picks a cluster: at least one is needed.")


def pick_plate(
    hits: pd.DataFrame,
    fingerprints: NDArray[np.uint8],
    options: PlateOptions | None = None,
    *,
    active_similarity: NDArray[np.float32] | None = None,
    score: str = "score",
    wanted: Wanted = "active",
    groups: NDArray[np.int64] | None = None,
    not_described: Sequence[str] = (),
) -> pd.DataFrame:
    """Pick compounds one by one, each the best given those before it.

    A compound's worth is its score (or, where inactive compounds are wanted, one less its score),
    less `diversity` times its similarity to the nearest pick, plus `novelty` times one less its
    similarity to the nearest known active. Of equals the better ranked is taken. Where the options
    limit the picks of a cluster, the rest of a full one is passed over.

    Parameters
    ----------
    hits
        The columns of hits.csv, best first; property columns where `windows` names them.
    fingerprints : uint8 array of shape (n, n_bytes)
        Packed bits of the hits.
    options
    active_similarity : array of shape (n,), optional
        To the nearest known active.
    score
        Column that is ranked by.
    wanted : {'active', 'inactive'}
        Whether a high score is good, or a low one.
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

    References
    ----------
    Maximal marginal relevance: Carbonell and Goldstein 1998, https://doi.org/10.1145/290941.291025
    """
    options = options or PlateOptions()
    table = hits.reset_index(drop=True)
    records = table.to_dict("records")
    excluded = exclusions(table, options)
    for number, missing in enumerate(not_described):
        if missing and not excluded[number]:
            excluded[number] = f"it could not be described: {missing}"
    known = np.zeros(len(table)) if active_similarity is None else np.asarray(active_similarity)
    worth = table[score].to_numpy(dtype=np.float64)
    if wanted == "inactive":
        worth = 1 - worth
    if active_similarity is not None:
        worth = worth + options.novelty * (1 - known)
    free = np.array([not reason for reason in excluded], dtype=bool)
    nearest = np.zeros(len(table))
    order = np.zeros(len(table), dtype=np.int64)
    reasons = [f"not picked: {r}" if r else "not picked: others fill the plate" for r in excluded]
    if groups is None:
        groups = clusters(fingerprints)
    picked: Counter[int] = Counter()
    for number in range(1, options.budget + 1):
        if not free.any():
            break
        chosen = int(np.argmax(np.where(free, worth - options.diversity * nearest, -np.inf)))
        free[chosen], order[chosen] = False, number
        similarity = None if active_similarity is None else float(known[chosen])
        closest = float(nearest[chosen]) if number > 1 else None
        reasons[chosen] = _reason(records[chosen], score, closest, similarity)
        nearest = np.maximum(nearest, tanimoto(fingerprints[chosen : chosen + 1], fingerprints)[0])
        group = int(groups[chosen])
        picked[group] += 1
        if picked[group] == options.per_cluster:
            for place in np.flatnonzero(free & (groups == group)):
                free[place] = False
                reasons[place] = f"not picked: {options.per_cluster} of its cluster are picked"
    return table.assign(pick=order, pick_reason=reasons)


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


def _reason(
    row: Mapping[Any, Any], score: str, closest: float | None, active_similarity: float | None
) -> str:
    parts = [f"rank {row['rank']}", f"score {row[score]:.2f}"]
    parts.append("first pick" if closest is None else f"{closest:.2f} similar to the nearest pick")
    if active_similarity is not None:
        parts.append(f"{active_similarity:.2f} to the nearest known active")
    if not row.get("in_domain", True):
        parts.append("outside the domain")
    return ", ".join(parts)
