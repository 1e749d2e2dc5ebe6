"""What a large assay costs: fewer passes and fewer trees, and none of it for a small one."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from screening.evaluation.baselines import fit_affordable_forest, fit_forest
from screening.model import ModelOptions
from screening.model.options import FINETUNING_ROWS, PRETRAINING_ROWS, passes


@pytest.mark.parametrize(
    ("epochs", "n", "rows", "expected"),
    [
        (30, 30, FINETUNING_ROWS, 30),
        (30, 13_000, FINETUNING_ROWS, 30),
        (30, 41_000, FINETUNING_ROWS, 9),
        (10, 12_000, PRETRAINING_ROWS, 10),
        (10, 41_000, PRETRAINING_ROWS, 3),
    ],
)
def test_many_compounds_are_gone_through_less_often(epochs, n, rows, expected):
    assert passes(epochs, n, rows) == expected


def test_there_are_never_more_passes_than_asked_nor_fewer_than_three():
    assert passes(2, 10**6, FINETUNING_ROWS) == 2
    assert passes(30, 10**6, FINETUNING_ROWS) == 3


def test_the_affordable_forest_of_a_small_assay_is_the_forest():
    draw = np.random.default_rng(0)
    x = csr_matrix((draw.random((60, 8)) < 0.4).astype(np.float32))
    y = (draw.random(60) < 0.5).astype(np.float32)
    said = [fit(x, y, seed=0).predict_proba(x)[:, 1] for fit in (fit_forest, fit_affordable_forest)]
    assert np.array_equal(*said)


def test_a_large_assay_has_fewer_trees_of_fewer_compounds():
    n = 50_000
    x = csr_matrix((np.random.default_rng(0).random((n, 2)) < 0.5).astype(np.float32))
    forest = fit_affordable_forest(x, np.asarray(x[:, [0]].todense()).ravel(), seed=0)
    assert (len(forest.estimators_), forest.max_samples) == (100, 20_000)


def test_the_blocks_are_those_of_the_networks_and_then_the_forests():
    assert ModelOptions().blocks == ("morgan_counts", "descriptors", "atom_pairs", "torsions")
    assert ModelOptions(blend="none").blocks == ("morgan_counts", "descriptors")
    both = ModelOptions(features=("maccs",), forest_features=("maccs", "erg"))
    assert both.blocks == ("maccs", "erg")
