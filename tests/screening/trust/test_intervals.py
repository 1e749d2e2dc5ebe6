"""Conformal intervals of values: the quantile, coverage, and width by distance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from screening.trust.intervals import Intervals, fit_intervals


def of_ratios(ratios: np.ndarray) -> Intervals:
    return Intervals(1.0, 0.0, 0.1, np.sort(ratios))


@pytest.mark.parametrize("n", [9, 10, 19, 99, 200])
@pytest.mark.parametrize("risk", [0.05, 0.1, 0.3])
def test_the_reach_is_the_smallest_that_holds_by_exchangeability(n: int, risk: float) -> None:
    ratios = np.random.default_rng(n).random(n)
    # A new ratio is equally likely to fall into each of the n + 1 gaps.
    holds = [r for r in np.sort(ratios) if (ratios <= r).sum() + 1e-9 >= (1 - risk) * (n + 1)]
    assert of_ratios(ratios).reach(risk) == (holds[0] if holds else math.inf)


def test_intervals_hold_as_often_as_they_promise_and_grow_with_distance() -> None:
    draw = np.random.default_rng(0)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        near = draw.random(n)
        return draw.normal(size=n) * (0.3 + 1.5 * (1 - near)), near

    made = fit_intervals(*drawn(4000))
    errors, near = drawn(4000)
    for risk in (0.05, 0.1, 0.2):
        held = np.abs(errors) <= made.reach(risk) * made.spread(near)
        assert abs(held.mean() - (1 - risk)) < 0.02
        # Far away it holds as often as nearby, since it is wider there.
        assert abs(held[near < 0.5].mean() - held[near >= 0.5].mean()) < 0.05
    widths = made.spread(np.linspace(0, 1, 50))
    assert (np.diff(widths) <= 0).all()
    assert widths[0] > 3 * widths[-1]


def test_errors_that_shrink_with_distance_do_not_make_it_sure_of_itself() -> None:
    draw = np.random.default_rng(1)
    near = draw.random(500)
    made = fit_intervals(draw.normal(size=500) * (0.2 + near), near)
    assert made.distance == 0
    assert made.spread(np.zeros(1)) >= made.spread(np.ones(1))


def test_intervals_are_kept_whole() -> None:
    made = fit_intervals(*np.random.default_rng(2).random((2, 60)))
    numbers, arrays = made.to_state()
    again = Intervals.from_state(numbers, arrays)
    assert again.reach(0.1) == made.reach(0.1)
    with pytest.raises(ValueError, match="not whole"):
        Intervals.from_state({**numbers, "distance": -1.0}, arrays)
    with pytest.raises(ValueError, match="not whole"):
        Intervals.from_state(numbers, {"ratios": arrays["ratios"][::-1]})
