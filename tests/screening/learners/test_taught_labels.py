"""What is taught: graded where there are values, and never what judges."""

from dataclasses import replace

import numpy as np
import pytest

from screening.assay import (
    curate,
    graded_labels,
    graded_sentences,
    make_threshold,
    taught_labels,
)
from screening.model import load_model, save_model, train_model
from screening.tables import read_table


@pytest.fixture(scope="module")
def measured(samples):
    """Eighty compounds of BACE with their pIC50."""
    threshold = make_threshold(6.99, None)
    assay = curate(read_table(str(samples / "bace.csv")), ("pIC50",), threshold=threshold)
    return assay.take(np.arange(0, len(assay), 19)[:80])


@pytest.fixture(scope="module")
def options(small_options):
    return replace(small_options, ensemble_size=1, epochs=3, pretrain_epochs=1, folds=2)


def test_grades_are_among_the_compounds_that_are_taught(measured):
    rows = np.arange(0, len(measured), 2)
    found = taught_labels(measured, rows, "graded")
    np.testing.assert_array_equal(
        found, graded_labels(measured.labels[rows], measured.values[rows])
    )
    assert not np.array_equal(found, taught_labels(measured, slice(None), "graded")[rows])
    hard = taught_labels(measured, rows, "hard")
    np.testing.assert_array_equal(hard, measured.labels[rows])


def test_graded_labels_teach_but_do_not_judge(measured, options):
    models = [
        train_model(measured, replace(options, labels=kind, blend="forest"))
        for kind in ("graded", "hard")
    ]
    scores = [model.score_molecules(measured.mols).score for model in models]
    assert not np.array_equal(*scores)
    for model in models:
        np.testing.assert_array_equal(model.training.labels, measured.labels)
        assert len(model.conformals[0].active) == int(measured.labels.sum())


def test_without_values_there_is_no_difference(small_assay, options):
    few = small_assay.take(np.arange(0, len(small_assay), 3))
    models = [train_model(few, replace(options, labels=kind)) for kind in ("graded", "hard")]
    scores = [model.score_molecules(few.mols[:20]).score for model in models]
    np.testing.assert_array_equal(*scores)
    assert not list(graded_sentences(few, options.labels))


def test_what_is_graded_is_said(measured, options):
    (sentence,) = graded_sentences(measured, options.labels)
    assert sentence.startswith(f"{len(measured)} labels of pIC50 are graded")
    assert not list(graded_sentences(measured, "hard"))


def test_sigmoid_units_train_score_and_come_back(small_assay, options, tmp_path):
    few = small_assay.take(np.arange(0, len(small_assay), 3))
    model = train_model(few, replace(options, units="sigmoid", hidden=(12, 6)))
    (member,) = model.ensemble.members
    assert member.network.activations == ("sigmoid", "sigmoid")
    assert model.novelty.rbm.copies == 0
    x = model.encoder.transform(model.featurise(few.mols[:9])).toarray().astype(np.float64)
    *layers, (weights, bias) = zip(member.network.weights, member.network.biases, strict=True)
    for own, its_bias in layers:
        x = 1 / (1 + np.exp(-(x @ own.astype(np.float64) + its_bias)))
    literal = x @ weights.astype(np.float64) + bias
    found = model.ensemble.logits(model.encoder.transform(model.featurise(few.mols[:9])))
    np.testing.assert_allclose(found[0], literal, atol=1e-5)
    save_model(model, tmp_path / "s.ebm")
    again = load_model(tmp_path / "s.ebm").score_molecules(few.mols[:9])
    np.testing.assert_array_equal(again.score, model.score_molecules(few.mols[:9]).score)
