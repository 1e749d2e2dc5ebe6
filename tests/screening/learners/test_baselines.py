"""Baselines hand back graded probabilities that follow the signal."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from screening.evaluation import forest_scores, logistic_scores


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(8)
    x = (rng.random((240, 40)) < 0.3).astype(np.float32)
    y = (x[:, :4].sum(axis=1) + rng.normal(0, 0.6, 240) > 1.2).astype(np.float32)
    return csr_matrix(x[:160]), y[:160], csr_matrix(x[160:]), y[160:]


@pytest.mark.parametrize("baseline", [forest_scores, logistic_scores])
def test_scores_are_probabilities_of_being_active(baseline, problem):
    x, y, x_test, y_test = problem
    scores = baseline(x, y, x_test, seed=0)
    assert scores.shape == (80,)
    assert scores.min() >= 0
    assert scores.max() <= 1
    # Hard labels would be two values; probabilities are graded.
    assert len(np.unique(scores)) > 20
    assert roc_auc_score(y_test, scores) > 0.75
    assert abs(scores.mean() - y_test.mean()) < 0.15


@pytest.mark.parametrize("baseline", [forest_scores, logistic_scores])
def test_one_seed_gives_the_same_scores(baseline, problem):
    x, y, x_test, _ = problem
    assert np.array_equal(baseline(x, y, x_test, seed=5), baseline(x, y, x_test, seed=5))


def test_the_forest_is_the_same_for_two_workers_and_differs_with_the_seed(problem):
    x, y, x_test, _ = problem
    one = forest_scores(x, y, x_test, seed=5)
    assert np.array_equal(one, forest_scores(x, y, x_test, seed=5, workers=2))
    assert not np.array_equal(one, forest_scores(x, y, x_test, seed=6))


def test_the_forest_is_scikit_learns_with_500_trees(problem):
    x, y, x_test, _ = problem
    expected = RandomForestClassifier(500, random_state=3).fit(x, y).predict_proba(x_test)[:, 1]
    assert np.array_equal(forest_scores(x, y, x_test, seed=3), expected)
