"""The bound on what may be missing: against scipy's hypergeometric law, and over many draws."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from screening.library.first_pass.estimate import Sample, most_better, recall_of, sample_needed

ALLOWED, DRAWS = 20, 150


@pytest.mark.parametrize(("found", "drawn"), [(0, 40), (3, 40), (1, 200), (0, 0)])
def test_bound_is_the_largest_number_not_given_up(found: int, drawn: int) -> None:
    population, mean = 300, 0.2 * ALLOWED
    numbers = np.arange(population + 1)
    likelihood = hypergeom.pmf(found, population, numbers, drawn)
    weights = (mean / (1 + mean)) ** numbers / (1 + mean)
    possible = numbers[likelihood > 0.05 * (weights * likelihood).sum()]
    assert most_better(Sample(population, drawn, found), ALLOWED) == possible.max()


@pytest.mark.parametrize("better", [1, 10, 60])
def test_bound_holds_in_nineteen_of_twenty_however_often_one_looks(better: int) -> None:
    population, draw, kept = 5_000, np.random.default_rng(better), 0
    for _ in range(DRAWS):
        order = np.sort(draw.choice(population, better, replace=False))
        looks = [
            Sample(population, drawn, int(np.searchsorted(order, drawn)))
            for drawn in range(200, 3_000, 400)
        ]
        kept += all(most_better(look, ALLOWED) >= better for look in looks)
    assert kept >= 0.95 * DRAWS - 3 * np.sqrt(0.05 * 0.95 * DRAWS)


def test_what_is_known_is_not_missing() -> None:
    bound = most_better(Sample(10_000, 1_000, 2), ALLOWED)
    recall = recall_of(100, Sample(10_000, 1_000, 2, known=7), ALLOWED)
    assert recall.at_least == pytest.approx(1 - (bound - 7) / 100)
    # A fifth of the better ones were drawn or chosen, it seems: 20 in all.
    assert recall.estimate == pytest.approx(1 - (20 - 7) / 100)


@pytest.mark.parametrize("before", [Sample(50_000), Sample(50_000, 4_000, 2, 5)])
def test_a_sample_of_the_size_needed_mostly_suffices(before: Sample) -> None:
    allowed, missing = 50, 8
    size = sample_needed(before, allowed, missing)
    unseen = missing + before.known - before.found
    rest, more = before.population - before.drawn, size - before.drawn
    found = np.random.default_rng(1).hypergeometric(unseen, rest - unseen, more, size=200)
    enough = [
        most_better(Sample(before.population, size, before.found + f), allowed)
        - before.known
        - round(f * missing / unseen)
        <= allowed
        for f in found.tolist()
    ]
    assert np.mean(enough) >= 0.7
    assert before.drawn < size < before.population // 4
