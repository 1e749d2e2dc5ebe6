"""The paired bootstrap against a literal one, resample by resample."""

from __future__ import annotations

from itertools import product

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import expit

from screening.evaluation import assess
from screening.evaluation.bootstrap import (
    Judged,
    paired_bootstrap,
    pairs_ranked_right,
    resampled,
)


def judged(log_odds: np.ndarray, threshold: float) -> Judged:
    probability = expit(log_odds)
    return Judged(log_odds, probability, probability >= threshold)


@given(
    labels=st.lists(st.booleans(), min_size=2, max_size=30).filter(lambda y: 0 < sum(y) < len(y)),
    seed=st.integers(0, 1000),
    levels=st.sampled_from([3, 1000]),
)
@settings(max_examples=6)
def test_every_resample_is_judged_as_if_it_were_written_out(labels, seed, levels):
    rng = np.random.default_rng(seed)
    active = np.array(labels)
    # Few levels tie.
    both = [np.round(rng.normal(size=len(active)) * levels) / levels for _ in range(2)]
    literal = {key: [] for key in ("roc_auc", "pr_auc", "bedroc_20", "ef_1", "ef_5", "mcc")}
    literal["brier"] = []
    for drawn in np.concatenate(list(resampled(active, 10, seed))):
        places = np.repeat(np.arange(len(active)), drawn)
        assert len(places) == len(active)
        assert active[places].sum() == active.sum()
        ours, theirs = (
            assess(active[places], expit(one[places]), threshold).to_dict()
            for one, threshold in zip(both, (0.5, 0.6), strict=True)
        )
        for key, parts in literal.items():
            parts.append(theirs[key] - ours[key])
    found = paired_bootstrap(
        active.astype(np.float32),
        judged(both[0], 0.5),
        judged(both[1], 0.6),
        seed=seed,
        resamples=10,
    )
    whole = [
        assess(active, expit(one), t).to_dict() for one, t in zip(both, (0.5, 0.6), strict=True)
    ]
    assert found.keys() == literal.keys()
    for key, parts in literal.items():
        figure = found[key]
        assert figure.first == pytest.approx(whole[0][key], abs=1e-9)
        assert figure.second == pytest.approx(whole[1][key], abs=1e-9)
        told = (figure.difference.low, figure.difference.high, figure.difference.sd)
        ends = (*np.percentile(parts, [2.5, 97.5]), np.std(parts, ddof=1))
        assert told == pytest.approx(ends, abs=1e-9)


def test_blocks_of_resamples_make_no_difference(monkeypatch):
    active = np.arange(40) % 3 == 0
    whole = np.concatenate(list(resampled(active, 50, 1)))
    monkeypatch.setattr("screening.evaluation.bootstrap._BLOCK", 40 * 7)
    assert np.array_equal(whole, np.concatenate(list(resampled(active, 50, 1))))


def test_the_spread_is_that_which_delong_has_for_two_rankings_of_the_same_compounds():
    rng = np.random.default_rng(4)
    active = np.arange(300) < 100
    first = active + rng.normal(size=300)
    second = first + 0.7 * rng.normal(size=300)
    found = paired_bootstrap(active.astype(np.float32), judged(first, 0.5), judged(second, 0.5))
    # DeLong et al. 1988: the variance of the difference from the placements of each compound.
    beats = [one[active][:, None] > one[~active][None, :] for one in (first, second)]
    gain = beats[1].astype(float) - beats[0]
    variance = gain.mean(axis=1).var(ddof=1) / 100 + gain.mean(axis=0).var(ddof=1) / 200
    assert found["roc_auc"].difference.sd == pytest.approx(np.sqrt(variance), rel=0.08)
    assert found["roc_auc"].difference.mean == pytest.approx(gain.mean())


def test_the_pairs_that_one_model_alone_ranks_rightly():
    rng = np.random.default_rng(2)
    labels = (np.arange(20) % 3 == 0).astype(np.float32)
    first, second = (rng.integers(0, 5, 20).astype(float) for _ in range(2))
    lost = won = pairs = 0.0
    for a, i in product(np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)):
        right = [1.0 if s[a] > s[i] else 0.5 if s[a] == s[i] else 0.0 for s in (first, second)]
        pairs += 1
        won += max(0.0, right[1] - right[0])
        lost += max(0.0, right[0] - right[1])
    assert pairs_ranked_right(labels, first, second) == pytest.approx((lost / pairs, won / pairs))
