"""A verdict never says more than the interval."""

from __future__ import annotations

import math

import pytest

from screening.evaluation import Difference
from screening.turns.comparing.verdict import (
    Verdict,
    probability_sentence,
    ranking_verdict,
    standing,
    together,
)


def difference(low, high, sd=0.02) -> Difference:
    return Difference(2000, (low + high) / 2, sd, low, high)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.08, "second"),
        (-0.08, -0.02, "first"),
        (-0.02, 0.08, "unknown"),
        (0.0, 0.08, "unknown"),
        (-0.009, 0.009, "alike"),
        (0.001, 0.009, "alike"),
        (math.nan, math.nan, "unknown"),
    ],
)
def test_who_is_better(low, high, expected):
    assert standing(difference(low, high)) == expected
    turned = {"first": "second", "second": "first"}.get(expected, expected)
    assert standing(difference(low, high), lower_is_better=True) == turned


def test_few_compounds_decide_nothing_and_the_interval_is_told():
    found = ranking_verdict((0.5, 0.9), difference(0.2, 0.6), "on 20 compounds", 4)
    assert found.standing == "unknown"
    assert "Cannot tell" in found.sentence
    assert "the smaller class has too few compounds" in found.sentence
    assert "95 % interval +0.200 to +0.600" in found.sentence


def test_how_many_more_compounds_it_would_take():
    # 1.96 standard errors are twice the difference: four times as many compounds.
    found = ranking_verdict((0.7, 0.75), Difference(2000, 0.05, 0.1 / 1.96, -0.05, 0.15), "x", 50)
    assert found.sentence.endswith("takes about 4.0 times as many compounds.")


def test_one_split_and_equal_orders_have_words_of_their_own():
    alone = Difference(1, 0.1, math.nan, math.nan, math.nan)
    assert "from one split" in ranking_verdict((0.7, 0.8), alone, "x").sentence
    same = ranking_verdict((0.7, 0.7), Difference(2000, 0.0, 0.0, 0.0, 0.0), "x", 50)
    assert same.standing == "alike"
    assert "rank these compounds alike" in same.sentence


def test_a_lower_brier_score_is_the_better_one():
    said = probability_sentence((0.2, 0.1), difference(-0.15, -0.05))
    assert said.startswith("The probabilities of B are closer to the truth")
    assert "cannot be told apart" in probability_sentence((0.2, 0.19), difference(-0.1, 0.08))


def test_tasks_together_are_only_better_where_none_says_otherwise():
    better, unknown = Verdict("second", "", "x"), Verdict("unknown", "", "y")
    assert together([better]) is better
    assert together([better, Verdict("alike", "", "z")]).standing == "second"
    both = together([better, unknown])
    assert both.standing == "unknown"
    assert both.sentence == "Of 2 tasks: B ranks better on 1 (x); it cannot be told on 1 (y)."
