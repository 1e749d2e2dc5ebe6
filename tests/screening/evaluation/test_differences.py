"""Intervals of differences against a literal computation, and against what they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from screening.evaluation import paired_difference, unpaired_difference

OURS = [0.91, 0.88, 0.93, 0.90, 0.86]
THEIRS = [0.89, 0.89, 0.90, 0.87, 0.86]


def test_the_paired_interval_is_the_one_written_out():
    found = paired_difference(OURS, THEIRS, 0.125)
    d = [a - b for a, b in zip(OURS, THEIRS, strict=True)]
    mean = sum(d) / 5
    variance = sum((x - mean) ** 2 for x in d) / 4
    # 2.7764451 is the 97.5 % point of Student's t with 4 degrees of freedom, from a table.
    half = 2.7764451 * math.sqrt((1 / 5 + 0.125) * variance)
    assert found.mean == pytest.approx(mean)
    assert found.sd == pytest.approx(math.sqrt(variance))
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), rel=1e-6)
    assert (found.n, found.above, found.below) == (5, 3, 1)


def test_without_overlap_it_is_the_usual_paired_interval():
    found = paired_difference(OURS, THEIRS, 0.0)
    usual = stats.ttest_rel(OURS, THEIRS).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((usual.low, usual.high))


def test_without_overlap_the_unpaired_interval_is_welchs():
    found = unpaired_difference(OURS, THEIRS[:4], 0.0)
    usual = stats.ttest_ind(OURS, THEIRS[:4], equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((usual.low, usual.high))
    assert found.mean == pytest.approx(np.mean(OURS) - np.mean(THEIRS[:4]))
    wider = unpaired_difference(OURS, THEIRS[:4], 0.125)
    assert wider.high - wider.low > found.high - found.low


def test_one_split_has_no_interval_and_equal_figures_have_an_empty_one():
    single = paired_difference([0.9], [0.8], 0.1)
    assert single.mean == pytest.approx(0.1)
    assert math.isnan(single.low)
    assert math.isnan(unpaired_difference([0.9], [0.8], 0.1).high)
    same = paired_difference(OURS, OURS, 0.1)
    assert (same.low, same.high, same.above, same.below) == (0, 0, 0, 0)
    flat = unpaired_difference([0.5, 0.5], [0.4, 0.4], 0.1)
    assert (flat.low, flat.high) == pytest.approx((0.1, 0.1))


def test_the_corrected_interval_covers_where_the_usual_does_not():
    """Means over overlapping random halves of one sample: the usual interval is far too narrow."""
    generator = np.random.default_rng(11)
    covered = {0.0: 0, 1.0: 0}
    trials = 300
    for _ in range(trials):
        sample = generator.normal(0, 1, 60)
        means = [generator.permutation(sample)[:30].mean() for _ in range(20)]
        for ratio in covered:
            found = paired_difference(means, np.zeros(20), ratio)
            covered[ratio] += found.low <= 0 <= found.high
    assert covered[0.0] / trials < 0.7
    assert covered[1.0] / trials > 0.85
