"""The rules of picking, each against a slow literal one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from screening.plate.batches import (
    MODES,
    Candidates,
    Limits,
    chances_of_best,
    choose,
    explore,
    gradient_embeddings,
    qpo,
)

RNG = np.random.default_rng(11)


def everything(n: int) -> Limits:
    return Limits(np.ones(n, dtype=bool))


def seen(n: int = 40, seed: int = 0) -> Candidates:
    draw = np.random.default_rng(seed)
    members = draw.normal(size=(4, n)) + np.linspace(2, -2, n)
    return Candidates(
        members.mean(axis=0),
        draw.integers(0, 256, (n, 8), dtype=np.uint8),
        draw.random(n),
        members,
        draw.random((4, n, 6)),
    )


@pytest.mark.parametrize("mode", MODES)
def test_every_rule_takes_free_candidates_once_within_the_limits(mode) -> None:
    n, candidates = 40, seen()
    free, groups = np.arange(n) % 3 > 0, np.arange(n) % 5
    limits = Limits(free, groups, 2)
    settings = {"diversity": 0.5, "novelty": 0.1, "seed": 3}
    picked = choose(mode, candidates, 12, limits, **settings)
    assert len(picked) == len(set(picked)) == 10
    assert free[picked].all()
    assert np.bincount(groups[picked]).tolist() == [2] * 5
    assert choose(mode, candidates, 12, limits, **settings) == picked
    assert len(choose(mode, candidates, 99, Limits(free), **settings)) == free.sum()


def test_the_likeliest_batch_is_found_among_all_batches() -> None:
    """qpo takes the batch that, over the draws, holds the best one most often."""
    candidates = seen(7, seed=2)
    chance = chances_of_best(candidates.log_odds, candidates.members, np.ones(7, dtype=bool), 5)
    assert chance.sum() == pytest.approx(1)
    batch = qpo(candidates.log_odds, candidates.members, 3, everything(7), 5)
    best = max(combinations(range(7), 3), key=lambda places: chance[list(places)].sum())
    assert set(batch) == set(best)
    assert chance[batch].tolist() == sorted(chance[batch], reverse=True)


def test_chances_are_those_of_the_gaussian() -> None:
    """Against draws of numpy's own multivariate normal, whose covariance is written out."""
    candidates = seen(5, seed=4)
    sample = np.cov(candidates.members.T, ddof=1)
    covariance = 0.75 * sample + 0.25 * np.diag(np.diag(sample))
    draws = RNG.multivariate_normal(candidates.log_odds, covariance, 40_000)
    literal = np.bincount(draws.argmax(axis=1), minlength=5) / 40_000
    found = chances_of_best(candidates.log_odds, candidates.members, np.ones(5, dtype=bool), 1)
    assert found == pytest.approx(literal, abs=0.02)


def test_where_networks_agree_the_best_scores_are_taken() -> None:
    mean = np.array([0.5, 2.0, 1.0, -1.0])
    assert qpo(mean, np.stack([mean] * 4), 3, everything(4), 0) == [1, 2, 0]
    assert qpo(mean, mean[None], 3, everything(4), 0) == [1, 2, 0]


def test_an_uncertain_candidate_may_be_the_best() -> None:
    mean = np.array([1.0, 0.9, 0.0])
    members = mean + np.array([[0, 0, -3], [0, 0, 3], [0, 0, -3], [0, 0, 3]])
    assert qpo(mean, members, 2, everything(3), 0) == [0, 2]


def test_exploring_begins_with_the_longest_and_takes_no_twin() -> None:
    embeddings = np.array([[0.0, 1.0], [5.0, 0.0], [5.0, 0.0], [0.0, -4.0]])
    for seed in range(10):
        picked = explore(embeddings, 3, everything(4), seed)
        assert picked[0] == 1
        assert set(picked) == {0, 1, 3}


def test_exploring_draws_by_the_squared_distance() -> None:
    embeddings = np.array([[10.0], [9.0], [7.0]])
    second = [explore(embeddings, 2, everything(3), seed)[1] for seed in range(2000)]
    assert np.mean(np.array(second) == 2) == pytest.approx(9 / 10, abs=0.03)


def test_gradients_are_those_of_the_loss_by_the_head() -> None:
    members, hidden = RNG.normal(size=(2, 3)), RNG.random((2, 3, 4))
    found = gradient_embeddings(members, hidden)
    for row in range(3):
        literal = []
        for k in range(2):
            p = 1 / (1 + np.exp(-members[k, row]))
            literal += ((p - (1 if p >= 0.5 else 0)) * hidden[k, row]).tolist()
        assert found[row] == pytest.approx(literal)
