"""Graded labels: the more, the farther a value is from the threshold; never on the other side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from screening.assay import graded_labels


def _column(*values):
    return np.array(values, dtype=np.float64)[:, None]


@pytest.fixture
def measured():
    """pIC50 of 40 compounds and what is active from 6.5."""
    values = np.random.default_rng(0).normal(6, 1, size=(40, 1))
    return (values > 6.5).astype(np.float32), values


def test_the_formula(measured):
    labels, values = measured
    z = norm.ppf(rankdata(values) / 41)
    begins = norm.ppf((40 - labels.sum() + 0.5) / 41)
    expected = norm.cdf((z - begins) / 0.7)
    # Half a rank off the first active one, nobody is on the wrong side here.
    clamped = np.where(labels[:, 0] == 1, np.maximum(expected, 0.51), np.minimum(expected, 0.49))
    np.testing.assert_allclose(graded_labels(labels, values)[:, 0], clamped, atol=1e-6)


def test_units_logarithms_and_direction_do_not_matter(measured):
    labels, values = measured
    in_nanomolar = 10 ** (9 - values)
    np.testing.assert_allclose(
        graded_labels(labels, values), graded_labels(labels, in_nanomolar), atol=1e-6
    )


def test_labels_without_values_stay_as_they_are():
    labels = np.array([[1, 0], [0, np.nan], [np.nan, 1]], dtype=np.float32)
    for values in (np.full((3, 2), np.nan), np.ones((3, 2))):
        np.testing.assert_array_equal(graded_labels(labels, values), labels)


def test_what_is_given_is_not_changed_and_holes_stay_holes(measured):
    labels, values = measured
    labels[3], values[5] = np.nan, np.nan
    before = labels.copy()
    graded = graded_labels(labels, values)
    np.testing.assert_array_equal(labels, before)
    assert np.isnan(graded[3])
    assert graded[5] == labels[5]


def test_tasks_are_graded_by_themselves(measured):
    labels, values = measured
    both = graded_labels(np.hstack([labels, 1 - labels]), np.hstack([values, -values]))
    np.testing.assert_array_equal(both[:, :1], graded_labels(labels, values))
    np.testing.assert_array_equal(both[:, 1:] > 0.5, labels == 0)


@given(st.lists(st.tuples(st.booleans(), st.floats(-1e6, 1e6)), min_size=10, max_size=60))
def test_a_label_never_changes_sides_and_grows_with_the_value(rows):
    labels = _column(*[float(active) for active, _ in rows])
    values = _column(*[value for _, value in rows])
    graded = graded_labels(labels, values)
    assert graded.dtype == np.float32
    assert ((graded >= 0) & (graded <= 1)).all()
    np.testing.assert_array_equal(graded > 0.5, labels == 1)
    for label in (0, 1):
        own = labels[:, 0] == label
        steps = np.diff(graded[own][np.argsort(values[own, 0], kind="stable")][:, 0])
        assert (steps >= 0).all() or (steps <= 0).all()


def test_limits_of_measurement_tie(measured):
    """Many compounds at the highest concentration say the same."""
    labels, values = measured
    values[labels[:, 0] == 0] = 5.0
    graded = graded_labels(labels, values)[labels[:, 0] == 0]
    assert len(np.unique(graded)) == 1
    assert graded[0] < 0.49
