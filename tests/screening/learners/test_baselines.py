"""Baselines hand back graded probabilities that follow the signal."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from screening.learners import Compounds, ModelOptions, Part, baselines, hold_out
from screening.learners.baselines import Logistic, boosting, morgan_forest
from screening.learners.networks import Networks


def logistic(seed: int) -> Logistic:
    return Logistic(Networks(ModelOptions(seed=seed)))


@pytest.fixture(scope="module")
def part(small_assay) -> Part:
    order = np.random.default_rng(8).permutation(len(small_assay))
    return Part(Compounds(small_assay), np.sort(order[:140]), np.sort(order[140:]))


@pytest.fixture(scope="module")
def synthetic():
    rng = np.random.default_rng(8)
    x = (rng.random((240, 40)) < 0.3).astype(np.float32)
    y = (x[:, :4].sum(axis=1) + rng.normal(0, 0.6, 240) > 1.2).astype(np.float32)
    return csr_matrix(x[:160]), y[:160], csr_matrix(x[160:]), y[160:]


def scores(learner, part, **given) -> np.ndarray:
    return expit(hold_out(learner, [part], **given)[part.asked, 0])


def graded(said, labels) -> None:
    assert said.min() >= 0
    assert said.max() <= 1
    # Hard labels would be two values; probabilities are graded.
    assert len(np.unique(said)) > 20
    assert roc_auc_score(labels, said) > 0.75
    assert abs(said.mean() - labels.mean()) < 0.15


@pytest.mark.parametrize("make", [morgan_forest, logistic, boosting])
def test_scores_are_probabilities_of_being_active(make, part):
    said = scores(make(0), part)
    assert said.shape == (60,)
    graded(said, part.compounds.labels[part.asked, 0])


@pytest.mark.parametrize("make", [morgan_forest, logistic])
def test_one_seed_gives_the_same_scores(make, part):
    assert np.array_equal(scores(make(5), part), scores(make(5), part))


def test_the_forest_is_the_same_for_two_workers_and_differs_with_the_seed(part):
    one = scores(morgan_forest(5), part)
    assert np.array_equal(one, scores(morgan_forest(5), part, workers=2))
    assert not np.array_equal(one, scores(morgan_forest(6), part))


def test_the_forest_is_scikit_learns(synthetic):
    x, y, x_test, y_test = synthetic
    forest = RandomForestClassifier(baselines.FOREST_TREES, random_state=3).fit(x, y)
    expected = forest.predict_proba(x_test)[:, 1]
    found = morgan_forest(3).make(x, y, 1).predict_proba(x_test)[:, 1]
    assert np.array_equal(found, expected)
    graded(found, y_test)


def test_the_regression_is_scikit_learns_on_what_the_networks_see(part):
    encoder = part.encoder(ModelOptions().features)
    raw = part.compounds.raw(ModelOptions().features)
    regression = LogisticRegression(C=0.1, solver="newton-cg", tol=1e-8)
    x = encoder.transform(raw.take(part.rows)).astype(np.float64)
    regression.fit(x, part.labels[:, 0])
    expected = regression.predict_proba(encoder.transform(raw.take(part.asked)))[:, 1]
    assert scores(logistic(0), part) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("make", [morgan_forest, logistic, boosting])
def test_a_task_of_one_class_has_no_scores(make, part):
    assay = part.compounds.assay
    labels = np.column_stack([assay.labels, assay.labels]).astype(np.float32)
    labels[part.rows, 1] = 1
    values = np.full(labels.shape, np.nan)
    two = Compounds(replace(assay, tasks=("a", "b"), labels=labels, values=values))
    found = hold_out(make(0), [Part(two, part.rows, part.asked)])[part.asked]
    assert not np.isnan(found[:, 0]).any()
    assert np.isnan(found[:, 1]).all()
