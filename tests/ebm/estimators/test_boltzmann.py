"""DBMTransformer: features, scores, sparse and real-valued input, without pretraining."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ebm import DBMTransformer
from ebm.dbm import mean_field


@pytest.fixture
def rows(patterns):
    return patterns.numpy()


def make(**changed):
    settings = {"pretrain_epochs": 3, "epochs": 5, "learning_rate": 0.05, "random_state": 0}
    return DBMTransformer((8, 5), **{**settings, **changed})


def test_features_are_the_means_of_the_top_layer(rows):
    model = make().fit(rows)
    found = model.transform(rows[:7])
    expected = mean_field(model.dbm_, torch.from_numpy(rows[:7]), tolerance=1e-6).means[-1]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)
    assert model.get_feature_names_out().tolist() == [f"dbmtransformer{i}" for i in range(5)]
    np.testing.assert_allclose(model.transform(sp.csr_matrix(rows[:7])), found, atol=1e-6)


@pytest.mark.parametrize("pretrain_epochs", [0, 5])
def test_it_scores_what_it_has_seen_higher(rows, pretrain_epochs):
    model = make(epochs=60, pretrain_epochs=pretrain_epochs, learning_rate=0.1).fit(rows)
    assert model.score_samples(rows).mean() > model.score_samples(1 - rows).mean() + 3


def test_real_numbers_are_scaled():
    x = np.random.default_rng(0).normal(size=(80, 3)) * [1.0, 50.0, 0.01]
    x[:, 2] = 0
    model = make().fit(x)
    assert model.visible_layer_.kind == "gaussian"
    assert np.isfinite(model.score_samples(x)).all()


def test_a_weight_is_so_many_copies(rows):
    weights = np.arange(len(rows)) % 3
    one = make().fit(rows, sample_weight=weights)
    other = make().fit(np.repeat(rows, weights, axis=0))
    assert torch.equal(one.dbm_.weights[0], other.dbm_.weights[0])


def test_sizes_are_checked(rows):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be numbers"):
        DBMTransformer(()).fit(rows)
