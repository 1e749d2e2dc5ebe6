"""RBMTransformer as a user of scikit-learn meets it."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline

from ebm import RBMTransformer, exact, pseudo_log_likelihood_nats


@pytest.fixture
def bits():
    """Rows of four patterns with noise."""
    rng = np.random.default_rng(0)
    patterns = (rng.random((4, 12)) < 0.5).astype(float)
    rows = patterns[rng.integers(4, size=300)]
    return np.abs(rows - (rng.random(rows.shape) < 0.05))


def test_exact_likelihood_rises(bits):
    values = []
    for epochs in (1, 60):
        model = RBMTransformer(
            6, epochs=epochs, batch_size=10, learning_rate=0.1, random_state=0
        ).fit(bits)
        rows = torch.as_tensor(bits, dtype=torch.float32)
        values.append(float(exact.log_likelihood_nats(model.rbm_, rows).mean().detach()))
    assert values[1] > values[0] + 2


def test_transform_is_the_hidden_mean(bits):
    model = RBMTransformer(5, epochs=3, random_state=0).fit(bits)
    bias = model.rbm_.hidden.bias.detach().numpy()
    expected = 1 / (1 + np.exp(-(bits @ model.components_.T + bias)))
    np.testing.assert_allclose(model.transform(bits), expected, rtol=1e-6)
    np.testing.assert_allclose(model.transform(sp.csr_matrix(bits)), expected, rtol=1e-6)
    assert model.transform(bits.astype(np.float32)).dtype == np.float32


def test_free_energy_is_that_of_scikit_learn(bits):
    ours = RBMTransformer(5, epochs=3, random_state=0).fit(bits)
    theirs = BernoulliRBM(5, n_iter=1).fit(bits)
    theirs.components_ = ours.components_.astype(np.float64)
    theirs.intercept_hidden_ = ours.rbm_.hidden.bias.detach().double().numpy()
    theirs.intercept_visible_ = ours.rbm_.visible.bias.detach().double().numpy()
    np.testing.assert_allclose(ours.free_energy(bits), theirs._free_energy(bits), rtol=1e-6)


def test_pseudo_likelihood_is_exact_and_repeats_itself(bits):
    model = RBMTransformer(5, epochs=3, random_state=0).fit(bits)
    rows = torch.as_tensor(bits, dtype=torch.float64)
    expected = pseudo_log_likelihood_nats(model.rbm_.double(), rows).detach().numpy()
    np.testing.assert_allclose(model.pseudo_log_likelihood(bits), expected, rtol=1e-9)


def test_integer_weights_are_copies(bits):
    weights = np.random.default_rng(5).integers(0, 4, len(bits))
    copies = RBMTransformer(5, epochs=3, random_state=0).fit(np.repeat(bits, weights, axis=0))
    weighted = RBMTransformer(5, epochs=3, random_state=0).fit(bits, sample_weight=weights)
    np.testing.assert_array_equal(copies.components_, weighted.components_)


def test_names_of_the_features(bits):
    frame = pd.DataFrame(bits, columns=[f"bit{i}" for i in range(12)])
    model = RBMTransformer(3, epochs=1).fit(frame)
    assert list(model.get_feature_names_out()) == [f"rbmtransformer{i}" for i in range(3)]
    assert list(model.feature_names_in_) == list(frame.columns)
    model.set_output(transform="pandas")
    assert list(model.transform(frame).columns) == list(model.get_feature_names_out())


def test_features_for_a_classifier(bits):
    y = bits[:, 0].astype(int) ^ bits[:, 1].astype(int)
    model = make_pipeline(
        RBMTransformer(16, epochs=30, learning_rate=0.1, random_state=0),
        LogisticRegression(C=100, max_iter=1000),
    )
    assert model.fit(bits, y).score(bits, y) > 0.9


def test_partial_fit_learns_from_a_stream(bits):
    rows = torch.as_tensor(bits, dtype=torch.float32)
    model = RBMTransformer(6, batch_size=10, learning_rate=0.1, random_state=0)
    values = []
    for _ in range(40):
        for block in np.array_split(bits, 3):
            model.partial_fit(block)
        values.append(float(exact.log_likelihood_nats(model.rbm_, rows).mean().detach()))
    assert values[-1] > values[0] + 1
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(bits[:, :5])


@pytest.mark.parametrize("sampler", ["cd", "pcd", "tempering"])
def test_samplers(bits, sampler):
    model = RBMTransformer(4, sampler=sampler, sampler_steps=2, epochs=2, random_state=0)
    assert np.isfinite(model.fit_transform(bits)).all()


@pytest.mark.parametrize("container", [np.asarray, sp.csr_matrix])
def test_gaussian_columns_are_scaled_and_given_back(container):
    rng = np.random.default_rng(0)
    common = rng.normal(size=(400, 1))
    X = (common + 0.3 * rng.normal(size=(400, 6))) * np.array([1, 10, 100, 1, 0.1, 5.0])
    model = RBMTransformer(8, epochs=60, learning_rate=0.01, batch_size=20, random_state=0).fit(
        container(X)
    )
    assert model.visible_layer_.kind == "gaussian"
    np.testing.assert_allclose(model.visible_layer_.scale, X.std(0), rtol=1e-6)
    given_back = model.inverse_transform(model.transform(container(X)))
    for column in range(6):
        assert np.corrcoef(given_back[:, column], X[:, column])[0, 1] > 0.8
        assert given_back[:, column].std() < 2 * X[:, column].std()


def test_inverse_transform_of_bits(bits):
    model = RBMTransformer(16, epochs=60, batch_size=10, learning_rate=0.1, random_state=0).fit(
        bits
    )
    given_back = model.inverse_transform(model.transform(bits))
    assert np.abs(given_back - bits).mean() < np.abs(bits.mean(0) - bits).mean() / 2


def test_the_input_is_not_changed(bits):
    copy = bits.copy()
    RBMTransformer(3, epochs=1).fit(bits).transform(bits)
    np.testing.assert_array_equal(bits, copy)


@pytest.mark.parametrize(
    ("weights", "message"),
    [(np.zeros(300), "zero"), (-np.ones(300), "[Nn]egative")],
)
def test_weights_that_cannot_be(bits, weights, message):
    with pytest.raises(ValueError, match=message):
        RBMTransformer(3, epochs=1).fit(bits, sample_weight=weights)
