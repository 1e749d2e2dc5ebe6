"""The median of repeated measurements, limits among them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.assay.values.column import Reading
from screening.assay.values.repeats import combine


def combined(*texts: str, logarithmic: bool = True):
    readings = [
        Reading(text[0], float(text[1:])) if text[0] in "<>" else Reading("=", float(text))
        for text in texts
    ]
    return combine(readings, logarithmic=logarithmic)


@pytest.mark.parametrize(
    ("texts", "relation", "value"),
    [
        (["50"], "=", 50),
        ([">50"], ">", 50),
        (["10", "1000"], "=", 100),  # geometric
        (["10", "20", "5000"], "=", 20),
        (["50", "60", ">10000"], "=", 60),  # contradicts: counts at its limit
        (["50", "60", ">10"], "=", 3000**0.5),  # holds anyway: adds nothing
        (["50", "60", "<1000"], "=", 3000**0.5),
        (["50", ">10000", ">10000"], ">", 10000),  # the median falls on limits
        (["50", "<1", "<1"], "<", 1),
        ([">10", ">30"], ">", 30),
        (["<10", "<30"], "<", 10),
        ([">1000", "<10"], "=", 100),
    ],
)
def test_rules(texts, relation, value):
    found = combined(*texts)
    assert found.relation == relation
    assert found.value == pytest.approx(value)
    for order in itertools.permutations(texts):
        assert combined(*order) == found


def test_other_values_have_an_arithmetic_median():
    assert combined("10", "30", logarithmic=False).value == 20


def test_the_spread_is_that_of_what_took_part():
    assert combined("10", "1000").spread == pytest.approx(2)
    assert combined("10", "30", logarithmic=False).spread == 20
    assert combined("50", "50", ">10").spread == 0


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=9))
def test_without_limits_it_is_the_median_of_the_logarithms(values):
    readings = [Reading("=", value) for value in values]
    found = combine(readings, logarithmic=True)
    assert found.relation == "="
    assert np.log10(found.value) == pytest.approx(np.median(np.log10(values)), abs=1e-9)
