"""Conformal p-values against crepes and literal counts, and their promise on exchangeable data."""

import numpy as np
import pytest
from crepes import ConformalClassifier
from scipy.stats import binom

from screening.evaluation import random_folds, scaffold_folds
from screening.trust import fit_conformal, prediction_sets

# All as near as the others: one group, whatever the size of the class.
NEAR = 0.5


def drawn(rng, n):
    labels = (rng.random(n) < 0.3).astype(np.float32)
    return rng.normal(labels, 1.0), labels


def alike(values):
    return np.full(len(values), NEAR)


@pytest.mark.parametrize("decimals", [1, 12])
def test_p_values_are_those_of_crepes(decimals):
    """One decimal makes ties between known and new compounds; they count against the new one."""
    rng = np.random.default_rng(7)
    logits, labels = drawn(rng, 180)
    new, _ = drawn(rng, 90)
    logits, new = np.round(logits, decimals), np.round(new, decimals)
    active, inactive = fit_conformal(logits, alike(logits), labels).p_values(new, alike(new))
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
    new = np.array([0.0, 0.5, 2.0])
    active, inactive = fit_conformal(logits, alike(logits), labels).p_values(new, alike(new))
    assert active.tolist() == [1 / 4, 3 / 4, 4 / 4]
    assert inactive.tolist() == [3 / 3, 2 / 3, 1 / 3]


@pytest.mark.parametrize(("n", "groups"), [(29, 1), (59, 1), (60, 2), (89, 2), (90, 3), (300, 3)])
@pytest.mark.parametrize("decimals", [1, 12])
def test_a_compound_is_compared_with_the_share_of_its_class_that_is_as_near(n, groups, decimals):
    """One decimal makes ties of similarities; those at a limit belong below it."""
    rng = np.random.default_rng(n)
    labels = np.repeat([1.0, 0.0], n).astype(np.float32)
    logits, near = rng.normal(labels), np.round(rng.random(2 * n), decimals)
    new, own_near = rng.normal(size=50), np.round(rng.uniform(-0.1, 1.1, 50), decimals)
    found = fit_conformal(logits, near, labels).p_values(new, own_near)
    for p_values, label, sign in zip(found, (1, 0), (1, -1), strict=True):
        known, places = sign * logits[labels == label], near[labels == label]
        limits = [np.quantile(places, share / groups) for share in range(1, groups)]
        for p, value, place in zip(p_values, sign * new, own_near, strict=True):
            lower = max([limit for limit in limits if limit < place], default=-np.inf)
            upper = min([limit for limit in limits if limit >= place], default=np.inf)
            like = known[(places > lower) & (places <= upper)]
            assert p == pytest.approx((np.sum(like <= value) + 1) / (len(like) + 1))


@pytest.mark.parametrize("near", [np.ones(120), np.repeat([0.2, 0.9], [10, 110])])
def test_equal_similarities_leave_no_compound_without_others_to_be_compared_with(near):
    labels = np.tile([1.0, 0.0], 60).astype(np.float32)
    conformal = fit_conformal(np.arange(120.0), near, labels)
    active, inactive = conformal.p_values(np.array([-1.0, -1.0]), np.array([0.0, 1.0]))
    assert (active < 0.2).all()
    assert (inactive == 1).all()


def test_nothing_is_unlike_a_class_that_nobody_knows():
    conformal = fit_conformal(np.array([1.0, 2.0]), np.array([0.5, 0.6]), np.ones(2, np.float32))
    assert conformal.p_values(np.array([0.0, 3.0]), np.array([0.1, 0.9]))[1].tolist() == [1, 1]


def test_the_true_class_is_missed_no_more_often_than_the_risk():
    rng = np.random.default_rng(2)
    risks = np.array([0.05, 0.1, 0.2, 0.5])
    missed = {0: np.zeros(4), 1: np.zeros(4)}
    repeats, n_new = 300, 100
    for _ in range(repeats):
        logits, labels = drawn(rng, 100)
        new, truth = drawn(rng, n_new)
        conformal = fit_conformal(logits, alike(logits), labels)
        active, inactive = conformal.p_values(new, alike(new))
        for label, p in ((1, active), (0, inactive)):
            missed[label] += (p[truth == label][:, None] <= risks).mean(axis=0) / repeats
    for label in (0, 1):
        assert (missed[label] <= risks + 0.01).all(), missed
        # Valid by being useful: no more cautious than the size of the class makes it.
        assert (missed[label] >= risks - 0.04).all(), missed


class _Series:
    """Compounds in series that are active or not as a whole, and a model that knows neighbours."""

    def __init__(self, rng, n):
        self.series = rng.integers(0, n // 6, n)
        centres = rng.normal(size=(n // 6, 4))
        self.places = centres[self.series] + 0.3 * rng.normal(size=(n, 4))
        self.labels = (centres[self.series, 0] + 0.6 * rng.normal(size=n) > 0.5).astype(np.float32)

    def said(self, known, asked):
        """The mean label of the known ones, the nearest first; and how near the nearest is."""
        away = np.linalg.norm(self.places[asked][:, None] - self.places[known], axis=2)
        weights = np.exp(-((away / 0.7) ** 2)) + 1e-9
        return weights @ self.labels[known] / weights.sum(axis=1), 1 / (1 + away.min(axis=1))

    def p_values(self, folds, new):
        """Of new compounds, p_active and p_inactive, by a model that is made conformal by folds."""
        known = np.concatenate([fold.test for fold in folds])
        logits, near = np.zeros(len(known)), np.zeros(len(known))
        for fold in folds:
            logits[fold.test], near[fold.test] = self.said(fold.train, fold.test)
        conformal = fit_conformal(logits, near, self.labels[: len(known)])
        return conformal.p_values(*self.said(known, new))


def test_folds_at_random_keep_the_promise_to_each_class_and_folds_by_series_miss_too_few():
    """On exchangeable compounds: most new ones are of a series that is known already."""
    risk, known, repeats = 0.2, 150, 300
    rng = np.random.default_rng(5)
    missed = {"random": np.zeros(2), "series": np.zeros(2)}
    for repeat in range(repeats):
        data = _Series(rng, known + 50)
        labels, series = data.labels[:known, None], data.series[:known].astype(str)
        # One new compound of each class, so that those of all repeats are independent.
        new = np.array(
            [known + np.flatnonzero(data.labels[known:] == label)[0] for label in (1, 0)]
        )
        for name, folds in (
            ("random", random_folds(labels, 5, repeat)),
            ("series", scaffold_folds(list(series), labels, 5, repeat)),
        ):
            missed[name] += np.diagonal(data.p_values(folds, new)) <= risk
    low, high = binom.ppf([0.001, 0.999], repeats, risk)
    # A group of m known compounds promises whole steps of 1 / (m + 1), and up to a step less.
    assert (missed["random"] >= low - repeats / 31).all(), missed
    assert (missed["random"] <= high).all(), missed
    assert (missed["series"] < missed["random"] - repeats / 50).any(), missed


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
    """p-values of the calibration compounds themselves are uniform, up to the thirds' steps."""
    conformal = small_model.conformals[0]
    labels = small_assay.labels[:, 0]
    assert (len(conformal.active), len(conformal.inactive)) == (100, 100)
    active, _ = conformal.p_values(conformal.active, conformal.active_similarity)
    assert np.sort(active).tolist() == pytest.approx((np.arange(1, 101) + 1) / 101, abs=0.05)
    assert (labels == 1).sum() == 100
