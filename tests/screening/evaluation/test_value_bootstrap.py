"""The paired bootstrap of values against a literal one, resample by resample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.evaluation.value_bootstrap import paired_value_bootstrap
from screening.evaluation.values import assess_values

KEYS = ("rmse", "mae", "spearman")


@given(n=st.integers(8, 25), seed=st.integers(0, 100))
@settings(max_examples=6)
def test_every_resample_is_judged_as_if_it_were_written_out(n, seed):
    rng = np.random.default_rng(seed + 1000)
    # One decimal: some values tie.
    measured, first, second = np.round(rng.normal(size=(3, n)), 1)
    found = paired_value_bootstrap(measured, first, second, seed=seed, resamples=20)
    literal = {key: [] for key in KEYS}
    for drawn in np.random.default_rng(seed).integers(0, n, (20, n)):
        ours, theirs = (
            assess_values(measured[drawn], one[drawn]).to_dict() for one in (first, second)
        )
        for key, parts in literal.items():
            parts.append(theirs[key] - ours[key])
    for key, parts in literal.items():
        low, high = np.percentile(parts, [2.5, 97.5])
        difference = found[key].difference
        assert (difference.low, difference.high) == pytest.approx((low, high))
        assert difference.sd == pytest.approx(np.std(parts, ddof=1))
        one = assess_values(measured, first).to_dict()[key]
        assert found[key].first == pytest.approx(one)


def test_blocks_of_resamples_are_drawn_as_one(monkeypatch):
    measured, first, second = np.random.default_rng(0).normal(size=(3, 40))
    whole = paired_value_bootstrap(measured, first, second, resamples=50)
    monkeypatch.setattr("screening.evaluation.value_bootstrap._BLOCK", 280)
    assert paired_value_bootstrap(measured, first, second, resamples=50) == whole


def test_the_closer_model_is_found():
    rng = np.random.default_rng(3)
    measured = rng.normal(size=200)
    near, far = (measured + noise * rng.normal(size=200) for noise in (0.3, 0.9))
    found = paired_value_bootstrap(measured, far, near)
    assert found["rmse"].difference.high < 0
    assert found["spearman"].difference.low > 0
    same = paired_value_bootstrap(measured, near, near)
    assert (same["mae"].difference.low, same["mae"].difference.high) == (0, 0)
