"""Which candidates make a batch: four rules, pure functions of arrays.

All take one compound after the other. What may be taken is in `Limits`; candidates stand best
first, so that of equals the better ranked is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.model import tanimoto

Mode = Literal["exploit", "balance", "explore", "qpo"]
MODES: tuple[Mode, ...] = get_args(Mode)

Array = NDArray[np.floating[Any]]
# Draws of the joint distribution: a chance of 1 in 100 is known to about a tenth of itself.
DRAWS = 10_000
# Drawn at a time; keeps the working arrays within some tens of megabytes.
_TOGETHER = 500


@dataclass(frozen=True)
class Limits:
    """What may be taken.

    Attributes
    ----------
    free : bool array of shape (n,)
    groups : int array of shape (n,), optional
        Cluster of each candidate.
    per_group : int, optional
        Most of one group; None is no limit.
    """

    free: NDArray[np.bool_]
    groups: NDArray[np.int64] | None = None
    per_group: int | None = None


@dataclass(frozen=True)
class Candidates:
    """What a model says of compounds that could be bought, n of them.

    Attributes
    ----------
    log_odds : array of shape (n,)
        Of being what is wanted, in nats: another prevalence adds the same to all.
    fingerprints : uint8 array of shape (n, n_bytes)
        Packed bits.
    active_similarity : array of shape (n,), optional
        Tanimoto similarity to the nearest known active, 0-1.
    members : array of shape (n_members, n), optional
        Log odds by each network of the ensemble; only `qpo` needs them.
    hidden : array of shape (n_members, n, width), optional
        States of each network's last hidden layer; only `explore` needs them.
    values : array of shape (n,), optional
        What they are ranked by in place of the log odds, more is better.
    """

    log_odds: Array
    fingerprints: NDArray[np.uint8]
    active_similarity: Array | None = None
    members: Array | None = None
    hidden: Array | None = None
    values: Array | None = None

    @property
    def ranked_by(self) -> Array:
        """What decides the ranking, more is better, shape (n,)."""
        return self.log_odds if self.values is None else self.values


def choose(
    mode: Mode,
    seen: Candidates,
    n: int,
    limits: Limits,
    *,
    diversity: float,
    novelty: float,
    seed: int,
) -> list[int]:
    """Return the places of at most n candidates in the order of picking.

    Parameters
    ----------
    mode
        `exploit`: the best ranks. `balance`: see `balance`; a compound's worth is its place in the
        ranking plus `novelty` times one less its similarity to the nearest known active. `explore`
        and `qpo`: see there.
    seen, n, limits
    diversity, novelty : float >= 0
        In units of the ranking (see `ranking`); only `balance` uses them.
    seed
        Of what `explore` and `qpo` draw.
    """
    if mode == "exploit":
        return exploit(seen.ranked_by, n, limits)
    if mode == "balance":
        worth = ranking(seen.ranked_by)
        if seen.active_similarity is not None:
            worth = worth + novelty * (1 - seen.active_similarity)
        return balance(worth, seen.fingerprints, n, limits, diversity)
    if mode == "explore":
        if seen.hidden is None or seen.members is None:
            raise ValueError("explore needs the networks' log odds and hidden states")
        return explore(gradient_embeddings(seen.members, seen.hidden), n, limits, seed)
    if seen.members is None:
        raise ValueError("qpo needs the networks' log odds")
    return qpo(seen.log_odds, seen.members, n, limits, seed)


def ranking(ranked_by: Array) -> NDArray[np.float64]:
    """Return the place of each candidate in the ranking, from 0, the last, to 1, the best.

    Equals share the middle of their places. Neither another prevalence nor another calibration
    changes it.
    """
    _, place, counts = np.unique(ranked_by, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(middle[place] / max(len(ranked_by) - 1, 1))


def exploit(worth: Array, n: int, limits: Limits) -> list[int]:
    """Take what is worth most."""
    return _one_by_one(n, limits, lambda free: _best(worth, free))


def balance(
    worth: Array, fingerprints: NDArray[np.uint8], n: int, limits: Limits, diversity: float
) -> list[int]:
    """Take one by one what is worth most, less `diversity` times its similarity to the batch.

    Parameters
    ----------
    worth : array of shape (n_candidates,)
    fingerprints : uint8 array of shape (n_candidates, n_bytes)
    n, limits
    diversity
        What being identical to an earlier pick costs, in units of worth.

    References
    ----------
    Maximal marginal relevance: Carbonell and Goldstein 1998, https://doi.org/10.1145/290941.291025
    """
    nearest = np.zeros(len(worth))

    def took(place: int) -> None:
        to_it = tanimoto(fingerprints[place : place + 1], fingerprints)[0]
        np.maximum(nearest, to_it, out=nearest)

    return _one_by_one(n, limits, lambda free: _best(worth - diversity * nearest, free), took)


def explore(embeddings: Array, n: int, limits: Limits, seed: int) -> list[int]:
    """Take what is uncertain and unlike the batch: the seeding of k-means++ on embeddings.

    The first is the longest vector. Each next is drawn with a chance in proportion to its squared
    distance from the nearest one taken.

    Parameters
    ----------
    embeddings : array of shape (n_candidates, width)
        See `gradient_embeddings`.
    n, limits, seed

    References
    ----------
    BADGE: Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020, https://arxiv.org/abs/1906.03671
    """
    draw = np.random.default_rng(seed)
    squared = np.einsum("ij,ij->i", embeddings, embeddings)
    nearest: Array | None = None

    def best(free: NDArray[np.bool_]) -> int:
        if nearest is None:
            return _best(squared, free)
        weights = np.where(free, nearest, 0.0)
        total = weights.sum()
        return int(draw.choice(len(weights), p=weights / total)) if total else _best(weights, free)

    def took(place: int) -> None:
        nonlocal nearest
        apart = np.maximum(squared - 2 * (embeddings @ embeddings[place]) + squared[place], 0)
        nearest = apart if nearest is None else np.minimum(nearest, apart)

    return _one_by_one(n, limits, best, took)


def gradient_embeddings(members: Array, hidden: Array) -> Array:
    """Return the gradient of the loss by the head's weights, if the likelier label were the true.

    Of each network k with chance p and last hidden state h it is (p_k - [p_k >= 1/2]) h_k: long
    where the network is unsure. The networks' gradients stand side by side.

    Parameters
    ----------
    members : array of shape (n_members, n)
        Log odds, in nats.
    hidden : array of shape (n_members, n, width)

    Returns
    -------
    array of shape (n, n_members · width)
    """
    chance = expit(members)
    by_member = (chance - (chance >= 0.5))[:, :, None] * hidden
    return np.asarray(by_member.transpose(1, 0, 2).reshape(members.shape[1], -1), np.float64)


def qpo(mean: Array, members: Array, n: int, limits: Limits, seed: int) -> list[int]:
    """Take the batch that most likely holds the best of all candidates.

    Exactly one candidate is the best, so the chance that a batch X holds it is the sum of its
    members' own chances,

        P(x* in X) = sum over x in X of P(f(x) >= f(x') for all x'),

    and the best batch of n are the n likeliest. The chances are counted over `draws`. When none is
    left that was ever the best, those are counted that are the best of what remains.

    Parameters
    ----------
    mean : array of shape (n_candidates,)
        Log odds by all networks together.
    members : array of shape (n_members, n_candidates)
        Log odds by each.
    n, limits, seed

    References
    ----------
    Fromer et al. 2024, "Batched Bayesian optimization by maximizing the probability of including
    the optimum", https://arxiv.org/abs/2410.06333
    """
    chance = np.zeros(len(mean))

    def best(free: NDArray[np.bool_]) -> int:
        if not chance[free].any():
            chance[:] = chances_of_best(mean, members, free, seed)
        likeliest = free & (chance == chance[free].max())
        return _best(mean, likeliest)

    return _one_by_one(n, limits, best)


def chances_of_best(
    mean: Array, members: Array, free: NDArray[np.bool_], seed: int
) -> NDArray[np.float64]:
    """Return the chance of each candidate to be the best of the free ones, shape (n,); sum 1.

    The joint distribution is the Gaussian with the given mean and the networks' covariance. K
    networks know only K - 1 directions of it, and take chance for correlation: a share of 1/K of
    each variance counts as the candidate's own, independent of all others'.

    Parameters
    ----------
    mean : array of shape (n,)
    members : array of shape (n_members, n)
    free : bool array of shape (n,)
    seed
    """
    places = np.flatnonzero(free)
    count = np.zeros(len(mean))
    own, k = np.asarray(members[:, places], dtype=np.float64), len(members)
    apart = (own - own.mean(axis=0)) / np.sqrt(max(k - 1, 1))
    together, alone = np.sqrt(1 - 1 / k) * apart, np.sqrt((apart**2).sum(axis=0) / k)
    draw = np.random.default_rng(seed)
    for _ in range(DRAWS // _TOGETHER):
        drawn = mean[places] + draw.standard_normal((_TOGETHER, k)) @ together
        drawn += alone * draw.standard_normal((_TOGETHER, len(places)))
        np.add.at(count, places[drawn.argmax(axis=1)], 1)
    return count / DRAWS


def _best(worth: Array, free: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(free, worth, -np.inf)))


def _one_by_one(
    n: int,
    limits: Limits,
    best: Callable[[NDArray[np.bool_]], int],
    took: Callable[[int], None] = lambda _: None,
) -> list[int]:
    """Take what is best of the free until n are taken or none is free."""
    free, picked = limits.free.copy(), list[int]()
    of_group: Counter[int] = Counter()
    while len(picked) < n and free.any():
        place = best(free)
        picked.append(place)
        free[place] = False
        took(place)
        if limits.groups is not None and limits.per_group is not None:
            group = int(limits.groups[place])
            of_group[group] += 1
            if of_group[group] >= limits.per_group:
                free &= limits.groups != group
    return picked
