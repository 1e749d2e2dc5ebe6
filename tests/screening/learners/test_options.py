"""What a large assay costs: fewer passes and fewer trees, and none of it for a small one."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from screening.learners import ModelOptions
from screening.learners.baselines import morgan_forest
from screening.learners.forest import fit, fit_forest
from screening.learners.options import (
    finetuning_passes,
    held_out_folds,
    held_out_members,
    pretraining_passes,
)


@pytest.fixture(scope="module", autouse=True)
def _few_trees():
    """Here their number matters."""


@pytest.mark.parametrize(
    ("n", "expected"),
    [(30, 30), (1_000, 30), (1_500, 20), (2_000, 15), (20_000, 15), (41_000, 7), (10**6, 3)],
)
def test_many_compounds_are_gone_through_less_often(n, expected):
    assert finetuning_passes(30, n) == expected


def test_there_are_never_more_passes_than_asked():
    assert finetuning_passes(2, 10) == finetuning_passes(2, 10**6) == 2
    assert pretraining_passes(2, 10) == 2


@pytest.mark.parametrize(
    ("folds", "n", "expected"), [(5, 20_000, 5), (5, 20_001, 3), (2, 10**6, 2)]
)
def test_many_compounds_are_cut_into_fewer_folds(folds, n, expected):
    assert held_out_folds(folds, n) == expected


@pytest.mark.parametrize(("size", "held_out"), [(1, 1), (2, 2), (4, 2), (9, 2)])
def test_folds_have_at_most_two_members(size, held_out):
    assert held_out_members(size) == held_out


@pytest.mark.parametrize(("n", "expected"), [(50, 3), (20_000, 3), (41_000, 1), (10**6, 1)])
def test_an_rbm_sees_so_many_rows_or_each_once(n, expected):
    assert pretraining_passes(3, n) == expected


def test_the_affordable_forest_of_a_small_assay_is_the_forest():
    draw = np.random.default_rng(0)
    x = csr_matrix((draw.random((60, 8)) < 0.4).astype(np.float32))
    y = (draw.random(60) < 0.5).astype(np.float32)
    forest, affordable = morgan_forest(0).make(x, y, 1), fit_forest(x, y, seed=0)
    assert (len(forest.estimators_), len(affordable.estimators_)) == (500, 300)
    # Gini index and variance of labels 0 and 1 are one thing; only ties are broken otherwise.
    np.testing.assert_allclose(forest.predict_proba(x)[:, 1], affordable.predict(x), atol=0.05)


def test_a_forest_too_large_to_be_dense_is_the_same(monkeypatch):
    draw = np.random.default_rng(1)
    x = csr_matrix((draw.random((80, 30)) < 0.3).astype(np.float32))
    y = (draw.random(80) < 0.5).astype(np.float32)
    dense = fit_forest(x, y, seed=0).predict(x)
    monkeypatch.setattr(fit, "DENSE_ENTRIES", 0)
    np.testing.assert_array_equal(fit_forest(x, y, seed=0).predict(x), dense)


def test_trees_of_a_large_assay_draw_some_of_its_compounds():
    n = 50_000
    x = csr_matrix((np.random.default_rng(0).random((n, 2)) < 0.5).astype(np.float32))
    forest = fit_forest(x, np.asarray(x[:, [0]].todense()).ravel(), seed=0)
    assert (len(forest.estimators_), forest.max_samples) == (300, 10_000)


def test_the_blocks_are_those_of_the_networks_and_then_the_forests():
    four = ("morgan_counts", "atom_pairs", "torsions", "descriptors")
    assert ModelOptions().blocks == ModelOptions(blend="none").blocks == four
    both = ModelOptions(features=("maccs",), forest_features=("maccs", "erg"), blend="forest")
    assert both.blocks == ("maccs", "erg")
