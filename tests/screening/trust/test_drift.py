"""How far compounds moved: against slow oracles, and where nothing moved."""

from __future__ import annotations

import numpy as np
import pytest

from screening.trust import Drift, measure_drift, nearest, tanimoto
from screening.trust.drift import QUANTILES, two_sample_auc
from screening.trust.neighbours import NeighbourIndex


def bits(n: int, seed: int, first: int = 0, width: int = 300) -> np.ndarray:
    """Fingerprints with bits on in a part of the columns."""
    draw = np.random.default_rng(seed)
    on = np.zeros((n, 2048), dtype=bool)
    on[:, first : first + width] = draw.random((n, width)) < 0.15
    return np.packbits(on, axis=1)


def drift_of(known, new, **shares) -> Drift:
    _, similarity = nearest(new, known)
    given = {"active_known": 0.4, "active_expected": 0.1, **shares}
    return measure_drift(known, new, similarity, **given)


def test_the_nearest_of_the_others_leaves_the_compound_itself_out():
    known = bits(50, 0)
    all_pairs = tanimoto(known, known)
    np.fill_diagonal(all_pairs, -1)
    places = np.array([3, 17, 49])
    index, similarity = NeighbourIndex(known).nearest(known[places], but=places)
    np.testing.assert_array_equal(index, all_pairs[places].argmax(axis=1))
    np.testing.assert_array_equal(similarity, all_pairs[places].max(axis=1))


def test_distances_are_those_of_all_pairs():
    known, new = bits(60, 1), bits(40, 2, first=150)
    drift = drift_of(known, new)
    within = tanimoto(known, known)
    np.fill_diagonal(within, -1)
    own, theirs = within.max(axis=1), tanimoto(new, known).max(axis=1)
    assert drift.near_known == pytest.approx(np.quantile(own, QUANTILES), abs=1e-4)
    assert drift.near_new == pytest.approx(np.quantile(theirs, QUANTILES), abs=1e-4)
    assert drift.beyond == pytest.approx((theirs < np.quantile(own, 0.05)).mean(), abs=1e-4)


def test_two_samples_of_one_kind_cannot_be_told_apart_and_two_kinds_can():
    known = bits(200, 3)
    alike, apart = drift_of(known, bits(200, 4)), drift_of(known, bits(200, 5, first=150))
    assert alike.told_apart == pytest.approx(0.5, abs=0.1)
    assert apart.told_apart is not None
    assert apart.told_apart > 0.95
    assert alike.beyond < 0.15
    assert apart.beyond > 0.5
    assert "the two are of one kind" in " ".join(alike.sentences("the library"))
    said = " ".join(apart.sentences("the library"))
    assert "two kinds of compounds" in said
    assert "expect 10 % to be active, where 40 %" in said


def test_the_same_sample_is_told_apart_the_same_each_time():
    sides = bits(30, 6), bits(12, 7, first=40)
    first, second = (two_sample_auc(*sides, np.random.default_rng(0)) for _ in range(2))
    assert first == second


def test_a_handful_is_not_told_apart_and_what_was_measured_is_said():
    drift = drift_of(bits(30, 8), bits(3, 9), active_measured=0.25)
    assert drift.told_apart is None
    said = drift.sentences("the results")
    assert len(said) == 2
    assert "25 % were measured active, where the scores expected 10 %" in said[1]
    assert Drift.from_dict(drift.to_dict()) == drift
