"""The bound on what may be missing: against scipy's hypergeometric law, and over many draws."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from screening.library.first_pass.estimate import (
    ERROR,
    chance_of_at_most,
    error_of_look,
    most_better,
    sample_needed,
)


@pytest.mark.parametrize(
    ("found", "population", "better", "sample"), [(0, 50, 3, 10), (2, 400, 20, 90), (4, 9, 5, 8)]
)
def test_chance_is_hypergeometric(found: int, population: int, better: int, sample: int) -> None:
    expected = hypergeom.cdf(found, population, better, sample)
    assert chance_of_at_most(found, population, better, sample) == pytest.approx(expected)


@pytest.mark.parametrize(("found", "sample"), [(0, 40), (3, 40), (1, 200)])
def test_bound_is_the_largest_number_not_contradicted(found: int, sample: int) -> None:
    population = 300
    possible = [
        better
        for better in range(found, population - (sample - found) + 1)
        if hypergeom.cdf(found, population, better, sample) >= 0.05
    ]
    assert most_better(found, population, sample, 0.05) == max(possible)


def test_bound_holds_in_nineteen_of_twenty_samples() -> None:
    draw = np.random.default_rng(0)
    for better in (3, 40, 200):
        found = draw.hypergeometric(better, 20_000 - better, 1_500, size=400)
        too_low = np.mean([most_better(int(f), 20_000, 1_500, 0.05) < better for f in found])
        assert too_low <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_looks_together_spend_no_more_than_the_error() -> None:
    assert sum(error_of_look(look) for look in range(50)) == pytest.approx(ERROR)


def test_a_sample_of_the_size_needed_mostly_suffices() -> None:
    population, allowed, better = 50_000, 50, 10
    size = sample_needed(population, allowed, better, 0.04)
    draw = np.random.default_rng(1)
    found = draw.hypergeometric(better, population - better, size, size=200)
    bounds = [most_better(int(f), population, size, 0.04) - f for f in found]
    assert np.mean(np.array(bounds) <= allowed) >= 0.7
    assert size < population // 4
