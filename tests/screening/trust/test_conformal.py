"""Conformal p-values against crepes, and their promise on exchangeable scores."""

import numpy as np
import pytest
from crepes import ConformalClassifier

from screening.trust import fit_conformal, prediction_sets


def drawn(rng, n):
    labels = (rng.random(n) < 0.3).astype(np.float32)
    return rng.normal(labels, 1.0), labels


@pytest.mark.parametrize("decimals", [1, 12])
def test_p_values_are_those_of_crepes(decimals):
    """One decimal makes ties between known and new compounds; they count against the new one."""
    rng = np.random.default_rng(7)
    logits, labels = drawn(rng, 180)
    new, _ = drawn(rng, 90)
    logits, new = np.round(logits, decimals), np.round(new, decimals)
    active, inactive = fit_conformal(logits, labels).p_values(new)
    # How strange a compound is as an active falls with its logit; as an inactive it rises.
    for ours, strangeness, label in ((active, -1, 1), (inactive, 1, 0)):
        classifier = ConformalClassifier()
        classifier.fit(strangeness * logits, bins=labels)
        theirs = classifier.predict_p(
            strangeness * new[:, None], bins=np.full(len(new), label), smoothing=False
        )
        assert np.allclose(ours, theirs[:, 0], rtol=0, atol=1e-12)


def test_p_values_are_the_literal_counts():
    logits, labels = np.array([0.1, 0.5, 0.5, 0.9, 0.2]), np.array([0, 1, 0, 1, 1], np.float32)
    active, inactive = fit_conformal(logits, labels).p_values(np.array([0.0, 0.5, 2.0]))
    assert active.tolist() == [1 / 4, 3 / 4, 4 / 4]
    assert inactive.tolist() == [3 / 3, 2 / 3, 1 / 3]


def test_the_true_class_is_missed_no_more_often_than_the_risk():
    rng = np.random.default_rng(2)
    risks = np.array([0.05, 0.1, 0.2, 0.5])
    missed = {0: np.zeros(4), 1: np.zeros(4)}
    repeats, n_new = 300, 100
    for _ in range(repeats):
        logits, labels = drawn(rng, 100)
        new, truth = drawn(rng, n_new)
        active, inactive = fit_conformal(logits, labels).p_values(new)
        for label, p in ((1, active), (0, inactive)):
            missed[label] += (p[truth == label][:, None] <= risks).mean(axis=0) / repeats
    for label in (0, 1):
        assert (missed[label] <= risks + 0.01).all(), missed
        # Valid by being useful: no more cautious than the size of the class makes it.
        assert (missed[label] >= risks - 0.04).all(), missed


def test_prediction_sets_by_truth_table():
    p_active = np.array([0.5, 0.5, 0.05, 0.05, 0.1, 0.100001])
    p_inactive = np.array([0.5, 0.05, 0.5, 0.05, 0.1, 0.1])
    assert prediction_sets(p_active, p_inactive, 0.1) == [
        "either",
        "active",
        "inactive",
        "neither",
        "neither",
        "active",
    ]


def test_the_models_sets_hold_on_its_held_out_compounds(small_model, small_assay):
    """p-values of the calibration compounds themselves are uniform up to ties."""
    conformal = small_model.conformals[0]
    labels = small_assay.labels[:, 0]
    assert (len(conformal.active), len(conformal.inactive)) == (100, 100)
    active, _ = conformal.p_values(conformal.active)
    assert np.sort(active).tolist() == pytest.approx((np.arange(1, 101) + 1) / 101, abs=0.03)
    assert (labels == 1).sum() == 100
