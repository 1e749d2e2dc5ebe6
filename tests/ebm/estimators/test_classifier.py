"""DBNClassifier as a user of scikit-learn meets it."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from ebm import DBNClassifier

QUICK = {"pretrain_epochs": 2, "epochs": 40, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


@pytest.fixture
def bits():
    rng = np.random.default_rng(0)
    X = (rng.random((300, 20)) < 0.3).astype(np.float64)
    return X, X[:, 0].astype(int)


def test_digits_are_learned(digits):
    X, y = digits
    model = DBNClassifier((100,), **QUICK).fit(X[:400], y[:400])
    linear = LogisticRegression(max_iter=2000).fit(X[:400], y[:400])
    assert model.score(X[400:], y[400:]) > linear.score(X[400:], y[400:]) - 0.01
    assert model.task_ == "multi_class"
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1)
    assert (model.decision_function(X).argmax(1) == model.predict_proba(X).argmax(1)).all()


@pytest.mark.parametrize("pretrain_epochs", [0, 3])
def test_pretraining_is_a_switch(bits, pretrain_epochs):
    X, y = bits
    model = DBNClassifier((16, 8), pretrain_epochs=pretrain_epochs, random_state=0).fit(X, y)
    assert (model.dbn_ is None) == (pretrain_epochs == 0)
    assert len(model.pretraining_histories_) == (2 if pretrain_epochs else 0)
    assert model.score(X, y) > 0.95


def test_the_pretrained_stack_is_kept_as_it_was(bits):
    X, y = bits
    model = DBNClassifier((16,), **QUICK).fit(X, y)
    before = model.dbn_.machines[0].weights
    assert not torch.equal(before, model.network_.layers[0].weights)
    retrained = DBNClassifier((16,), pretrain_epochs=2, epochs=1, random_state=0).fit(X, y)
    assert torch.equal(before, retrained.dbn_.machines[0].weights)


def test_classes_of_any_kind(bits):
    X, y = bits
    names = np.array(["inactive", "active"])[y]
    model = DBNClassifier((16,), **QUICK).fit(X, names)
    assert list(model.classes_) == ["active", "inactive"]
    assert (model.predict(X) == names).mean() > 0.95
    assert model.predict_proba(X).shape == (300, 2)
    assert model.decision_function(X).shape == (300,)


def test_labels_with_gaps(bits):
    X, _ = bits
    y = X[:, :3].copy()
    y[::2, 0] = np.nan
    y[1::3, 1] = np.nan
    model = DBNClassifier((32,), pretrain_epochs=2, epochs=60, random_state=0).fit(X, y)
    assert model.task_ == "multi_label"
    assert model.predict_proba(X).shape == (300, 3)
    assert (model.predict(X) == X[:, :3]).mean() > 0.97


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("scale", [1, 7])
def test_sparse_and_dense_agree(bits, container, scale):
    """Bits, and counts that make the visible layer Gaussian."""
    X, y = bits
    X = X * scale
    dense = DBNClassifier((16,), **QUICK).fit(X, y)
    sparse = DBNClassifier((16,), **QUICK).fit(container(X), y)
    assert dense.visible_layer_.kind == ("bernoulli" if scale == 1 else "gaussian")
    assert (dense.predict(X) == sparse.predict(container(X))).mean() > 0.98
    np.testing.assert_allclose(dense.predict_proba(X), dense.predict_proba(container(X)), rtol=1e-9)


def test_float_types(bits):
    X, y = bits
    model = DBNClassifier((16,), **QUICK).fit(X, y)
    same = DBNClassifier((16,), **QUICK).fit(X.astype(np.float32), y)
    assert model.predict_proba(X).dtype == np.float64
    assert same.predict_proba(X.astype(np.float32)).dtype == np.float32
    assert np.abs(model.predict_proba(X) - same.predict_proba(X)).max() < 0.1


def test_order_of_the_rows_does_not_matter(bits):
    X, y = bits
    order = np.random.default_rng(1).permutation(len(y))
    first = DBNClassifier((16,), **QUICK).fit(X, y)
    second = DBNClassifier((16,), **QUICK).fit(X[order], y[order])
    assert (first.predict_proba(X) == second.predict_proba(X)).all()


def test_early_stopping_keeps_the_best_epoch(bits):
    X, y = bits
    y = np.where(np.random.default_rng(3).random(300) < 0.3, 1 - y, y)
    model = DBNClassifier(
        (64,),
        pretrain_epochs=1,
        epochs=300,
        learning_rate=0.02,
        schedule="constant",
        early_stopping=True,
        validation_fraction=0.3,
        patience=5,
        random_state=0,
    ).fit(X, y)
    losses = model.history_.column("validation_loss_nats")
    assert len(losses) < 300
    assert model.n_iter_ == len(losses)
    assert model.history_.best_epoch == 1 + int(np.argmin(losses))


@pytest.mark.parametrize("weight", ["balanced", {0: 1, 1: 10}])
def test_class_weight_raises_the_rare_class(bits, weight):
    X, _ = bits
    y = (np.random.default_rng(3).random(300) < 0.15).astype(int)
    plain = DBNClassifier((8,), **QUICK).fit(X, y)
    weighted = DBNClassifier((8,), class_weight=weight, **QUICK).fit(X, y)
    assert weighted.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() + 0.1


def test_partial_fit_goes_on(bits):
    X, y = bits
    model = DBNClassifier((16,), pretrain_epochs=2, random_state=0)
    model.partial_fit(X[:100], np.zeros(100, int), classes=[0, 1])
    for _ in range(30):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.95
    with pytest.raises(ValueError, match="classes that were not there"):
        model.partial_fit(X, y + 5)


def test_pipeline_grid_search_and_clone(digits):
    X, y = digits
    X, y = X[:150], y[:150]
    pipeline = make_pipeline(MinMaxScaler(clip=True), DBNClassifier((32,), **QUICK))
    grid = {"dbnclassifier__hidden_layer_sizes": [(4,), (48,)]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_ == {"dbnclassifier__hidden_layer_sizes": (48,)}
    assert clone(search.best_estimator_).fit(X, y).score(X, y) > 0.9


def test_real_numbers_get_gaussian_units(digits):
    X, y = digits
    model = make_pipeline(StandardScaler(), DBNClassifier((64,), **QUICK)).fit(X[:400], y[:400])
    assert model[-1].visible_layer_.kind == "gaussian"
    linear = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:400], y[:400])
    assert model.score(X[400:], y[400:]) > linear.score(X[400:], y[400:]) - 0.03


@pytest.mark.parametrize("sparse", [False, True])
def test_values_that_bernoulli_units_cannot_take_are_named(bits, sparse):
    X, y = bits
    X = X.copy()
    X[7, 3] = 2.5
    data = sp.csr_matrix(X) if sparse else X
    with pytest.raises(ValueError, match=r"X\[7, 3\] is 2.5"):
        DBNClassifier((4,), visible="bernoulli").fit(data, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(300), "one class only"),
        (np.linspace(0, 1, 300), "Unknown label type"),
        (np.full((300, 2), 3.0), r"y\[0, 0\] is 3.0"),
        (np.array([["a", "b"]] * 300), "must be 0, 1 or NaN"),
    ],
)
def test_targets_that_are_none(bits, y, message):
    with pytest.raises(ValueError, match=message):
        DBNClassifier((4,), **QUICK).fit(bits[0], y)


def test_class_weights_of_unknown_classes(bits):
    with pytest.raises(ValueError, match="classes that y does not have"):
        DBNClassifier((4,), class_weight={7: 1.0}, **QUICK).fit(*bits)


def test_impossible_sizes(bits):
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        DBNClassifier((0,)).fit(*bits)
