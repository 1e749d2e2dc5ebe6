"""Probabilities: Platt's maximum likelihood, and Bayes for another base rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from screening.evaluation import expected_calibration_error
from screening.trust import fit_calibration, restate_prevalence


def drawn(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, n)
    labels = rng.random(n) < expit(0.7 * logits - 0.9)
    return logits, labels.astype(np.float32)


def similar(n: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.2, 1.0, n)


def platt(columns: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Platt's section 2.2 with one slope a column, maximised by a general optimiser."""
    n_active, n_inactive = (labels == 1).sum(), (labels == 0).sum()
    target = np.where(labels == 1, (n_active + 1) / (n_active + 2), 1 / (n_inactive + 2))

    def loss(parameters):
        z = columns @ parameters[:-1] + parameters[-1]
        return (target * np.logaddexp(0, -z) + (1 - target) * np.logaddexp(0, z)).sum()

    options = {"xatol": 1e-8, "fatol": 1e-11, "maxiter": 10_000}
    return minimize(loss, np.zeros(columns.shape[1] + 1), method="Nelder-Mead", options=options).x


@pytest.mark.parametrize("seed", range(6))
def test_slopes_and_offset_are_the_maximum_of_the_likelihood(seed):
    rng = np.random.default_rng(seed)
    logits, similarity = rng.normal(0, 2, 400), similar(400)
    truth = expit(np.where(logits < 0, 0.5, 1.2 * similarity) * logits - 0.9)
    labels = (rng.random(400) < truth).astype(np.float32)
    found = fit_calibration(logits, similarity, labels)
    columns = np.column_stack([np.minimum(logits, 0), np.maximum(logits, 0) * similarity])
    against, in_favour, offset = platt(columns, labels)
    assert found.slope_against == pytest.approx(against, abs=2e-3)
    assert found.slope_for == pytest.approx(in_favour, abs=2e-3)
    assert found.offset == pytest.approx(offset, abs=2e-3)
    assert found.base_rate == pytest.approx(labels.mean())


def test_a_logit_far_from_everything_known_is_worth_less():
    rng = np.random.default_rng(2)
    logits, similarity = rng.normal(0, 2, 4000), similar(4000)
    truth = expit(np.where(logits < 0, 1.0, 1.2 * similarity) * logits)
    labels = (rng.random(4000) < truth).astype(np.float32)
    calibration = fit_calibration(logits, similarity, labels)
    near, far = calibration(np.array([3.0, 3.0]), np.array([0.9, 0.1]))
    assert near == pytest.approx(expit(1.2 * 0.9 * 3), abs=0.05)
    assert far == pytest.approx(expit(1.2 * 0.1 * 3), abs=0.05)
    against = calibration(np.array([-3.0, -3.0]), np.array([0.9, 0.1]))
    assert against[0] == against[1] == pytest.approx(expit(-3.0), abs=0.05)


def test_calibrated_probabilities_mean_what_they_say():
    logits, labels = drawn(11, 20_000)
    overconfident, similarity = 4 * logits, similar(20_000)
    calibration = fit_calibration(overconfident, similarity, labels)
    probability = calibration(overconfident, similarity)
    assert expected_calibration_error(labels, probability) < 0.02
    assert expected_calibration_error(labels, expit(overconfident)) > 0.1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(-8, 8)), min_size=4, max_size=30).filter(
        lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
    )
)
def test_probabilities_rise_with_the_logit_and_stay_between_zero_and_one(rows):
    labels = np.array([label for label, _ in rows], dtype=np.float32)
    logits = np.array([logit for _, logit in rows])
    calibration = fit_calibration(logits, similar(len(rows)), labels)
    grid = calibration(np.linspace(-12, 12, 25), np.full(25, 0.5))
    assert min(calibration.slope_against, calibration.slope_for) > 0
    assert (np.diff(grid) >= 0).all()
    assert ((grid >= 0) & (grid <= 1)).all()


def test_no_side_becomes_a_tie():
    """Among the negative logits the order is upside down; they are ranked all the same."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, 400)
    labels = (rng.random(400) < np.where(logits > 0, 0.9, expit(-logits - 2))).astype(np.float32)
    calibration = fit_calibration(logits, np.ones(400), labels)
    assert calibration.slope_against == calibration.slope_for
    assert len(np.unique(calibration(logits, np.ones(400)))) == 400


def test_a_separable_set_keeps_a_finite_slope():
    logits = np.concatenate([np.linspace(-3, -1, 10), np.linspace(1, 3, 10)])
    labels = np.repeat([0, 1], 10).astype(np.float32)
    calibration = fit_calibration(logits, np.ones(20), labels)
    assert 0 < calibration.slope_for < 10
    assert 0.001 < calibration(np.array([-3.0]), np.ones(1))[0] < 0.1


def test_a_ranking_upside_down_becomes_the_base_rate():
    logits = np.linspace(-2, 2, 40)
    labels = (logits < -0.5).astype(np.float32)
    calibration = fit_calibration(logits, similar(40), labels)
    assert calibration.slope_against > 0
    assert np.allclose(calibration(logits, similar(40)), labels.mean(), atol=1e-5)


rates = st.floats(0.001, 0.999)


@settings(max_examples=100, deadline=None)
@given(rates, rates, st.floats(1e-4, 1 - 1e-4))
def test_restating_back_gives_the_same_probability(base, other, p):
    there = restate_prevalence(np.array([p]), base, other)
    assert restate_prevalence(there, other, base)[0] == pytest.approx(p, rel=1e-6)
    assert restate_prevalence(np.array([p]), base, base)[0] == pytest.approx(p)


@settings(max_examples=100, deadline=None)
@given(rates, rates, st.floats(0.01, 20), st.floats(0.01, 20))
def test_restating_is_bayes_with_another_prior(base, other, given_active, given_inactive):
    """The likelihoods stay and the prior changes."""

    def posterior(prior):
        return prior * given_active / (prior * given_active + (1 - prior) * given_inactive)

    restated = restate_prevalence(np.array([posterior(base)]), base, other)
    assert restated[0] == pytest.approx(posterior(other), rel=1e-6, abs=1e-9)


def test_restating_bears_certainty_and_keeps_the_order():
    p = np.array([0.0, 1e-6, 0.3, 0.5, 0.999999, 1.0])
    restated = restate_prevalence(p, 0.4, 0.01)
    assert np.isfinite(restated).all()
    assert (np.diff(restated) > 0).all()
    assert (restated[1:-1] < p[1:-1]).all()


def test_restated_probabilities_expect_as_many_actives_as_there_are():
    """Draw a library of another base rate from the same two classes, and count."""
    rng = np.random.default_rng(5)

    def library(n, share):
        labels = (rng.random(n) < share).astype(np.float32)
        return rng.normal(2 * labels - 1, 1.0), labels

    logits, labels = library(40_000, 0.5)
    calibration = fit_calibration(logits, np.ones(40_000), labels)
    logits, labels = library(200_000, 0.02)
    probability = calibration(logits, np.ones(200_000))
    restated = restate_prevalence(probability, calibration.base_rate, 0.02)
    assert restated.sum() == pytest.approx(labels.sum(), rel=0.05)
    best = np.argsort(-restated)[:1000]
    assert restated[best].sum() == pytest.approx(labels[best].sum(), rel=0.1)
