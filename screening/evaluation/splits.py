"""Splits that say how a model will do on compounds unlike those it has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Two parts of a set of compounds, as sorted indices."""

    train: Indices
    test: Indices


def scaffold_split(scaffolds: Sequence[str], test_share: float, seed: int) -> Split:
    """Hold out whole scaffolds, chosen by the seed; see `fill_with_groups`.

    Compounds without a ring have the empty scaffold and stay together.

    Parameters
    ----------
    scaffolds
        Bemis-Murcko scaffold of each compound.
    test_share
        Wanted share of the test part; whole scaffolds come close to it from below.
    seed
        Chooses the order.
    """
    room = round(test_share * len(scaffolds))
    (test,) = fill_with_groups(scaffolds, room, 1, np.random.default_rng(seed))
    return _split(len(scaffolds), test)


def fill_with_groups(
    groups: Sequence[Hashable], room: int, n_parts: int, rng: np.random.Generator
) -> list[list[int]]:
    """Fill parts with whole groups taken in random order, each into the first that has room.

    Groups that would be more than half a part are in none, as chemprop's `scaffold_balanced` has
    it: otherwise one series would be most of the part.

    Parameters
    ----------
    groups
        Scaffold or cluster of each compound.
    room : int
        Compounds of a part, at most.
    n_parts : int
    rng
        Chooses the order.

    Returns
    -------
    list
        The compounds in each part, as indices.
    """
    small = [group for group in _groups(groups) if len(group) <= max(1, room / 2)]
    parts: list[list[int]] = [[] for _ in range(n_parts)]
    for index in rng.permutation(len(small)):
        for part in parts:
            if len(part) + len(small[index]) <= room:
                part.extend(small[index])
                break
    return parts


def grouped_folds(
    groups: Sequence[str], labels: NDArray[np.float32], n_folds: int, seed: int
) -> list[Split]:
    """Cut into folds that share no group, with sizes and actives spread evenly.

    Groups are dealt from large to small, each to the fold that it leaves most even; groups of one
    size come in an order chosen by the seed.

    Parameters
    ----------
    groups
        What must stay together, for instance scaffolds.
    labels : array of shape (n,) or (n, n_tasks)
        0, 1, or NaN where missing.
    """
    table = np.nan_to_num(np.asarray(labels, dtype=np.float64).reshape(len(groups), -1))
    # Each row carries its own weight, and that of its actives.
    weights = np.column_stack([np.ones(len(groups)), table])
    wanted = weights.sum(axis=0) / n_folds + 1e-9
    members = _groups(groups)
    order = np.random.default_rng(seed).permutation(len(members))
    order = np.array(sorted(order, key=lambda i: -len(members[i])), dtype=np.int64)
    load = np.zeros((n_folds, weights.shape[1]))
    folds: list[list[int]] = [[] for _ in range(n_folds)]
    for index in order:
        extra = weights[members[index]].sum(axis=0)
        cost = (((load + extra) / wanted) ** 2 - (load / wanted) ** 2).sum(axis=1)
        fold = int(np.argmin(cost))
        load[fold] += extra
        folds[fold].extend(members[index])
    return [_split(len(groups), fold) for fold in folds]


def scaffold_folds(
    scaffolds: Sequence[str], labels: NDArray[np.float32], n_folds: int, seed: int
) -> list[Split]:
    """Cut into at most `n_folds` folds that share no scaffold.

    Compounds without a ring have no scaffold and would be one group; each is its own. So is each
    compound of a series that makes up most of the assay (see `series_scaffold`).

    Parameters
    ----------
    scaffolds
        Of each compound.
    labels : array of shape (n, n_tasks)
        0, 1, or NaN where missing.
    n_folds, seed : int
    """
    series = series_scaffold(scaffolds)
    groups = [
        f"single {i}" if scaffold in ("", series) else scaffold
        for i, scaffold in enumerate(scaffolds)
    ]
    splits = grouped_folds(groups, labels, min(n_folds, len(set(groups))), seed)
    return [split for split in splits if len(split.train) and len(split.test)]


def random_folds(labels: NDArray[np.float32], n_folds: int, seed: int) -> list[Split]:
    """Cut into at most `n_folds` folds at random, with sizes and actives spread evenly.

    Parameters
    ----------
    labels : array of shape (n, n_tasks)
        0, 1, or NaN where missing.
    n_folds, seed : int
    """
    each = [str(row) for row in range(len(labels))]
    return grouped_folds(each, labels, min(n_folds, len(labels)), seed)


def series_scaffold(scaffolds: Sequence[str]) -> str | None:
    """Return the scaffold that more than half of the compounds share, or None.

    Held out as a whole it would leave too little to learn from.
    """
    scaffold, count = Counter(scaffolds).most_common(1)[0]
    return scaffold if scaffold and count > len(scaffolds) / 2 else None


def _groups(keys: Sequence[Hashable]) -> list[list[int]]:
    found: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        found.setdefault(key, []).append(index)
    return list(found.values())


def _split(n: int, test: Sequence[int]) -> Split:
    held = np.zeros(n, dtype=bool)
    held[list(test)] = True
    return Split(np.flatnonzero(~held), np.flatnonzero(held))
