"""Held-out predictions of any learner on any parts: of whom was asked, from what was given."""

from dataclasses import replace

import numpy as np
import pytest

from screening.learners import HAS_CATBOOST, MODELS, Compounds, Part, fold_parts, hold_out
from screening.learners.registry import LearnerSettings

# As `train` calibrates, on folds of the compounds that are learned from.
HERE = [name for name in MODELS if name != "catboost" or HAS_CATBOOST]
# Four sets of the eighty compounds; the last one is asked for by nobody.
SETS = [np.arange(start, 80, 4) for start in range(4)]


def parts_of(compounds) -> list[Part]:
    """Two parts that learn from what the other is asked for, and from more."""
    return [
        Part(compounds, np.sort(np.concatenate([SETS[1], SETS[2]])), SETS[0], number=0),
        Part(compounds, np.sort(np.concatenate([SETS[0], SETS[2]])), SETS[1], number=1),
    ]


def turned(compounds, rows) -> Compounds:
    """The same compounds with the labels of some turned round."""
    labels = compounds.labels.copy()
    labels[rows] = 1 - labels[rows]
    return Compounds(replace(compounds.assay, labels=labels))


@pytest.fixture(scope="module")
def learner(tiny_options, pretrained):
    options = replace(tiny_options, blend="forest", forest_features=("maccs",))
    return lambda name: MODELS[name].make(LearnerSettings(options, pretrained.stack))


@pytest.fixture(scope="module")
def said(learner, two_tasks):
    return {name: hold_out(learner(name), parts_of(two_tasks)) for name in HERE}


@pytest.mark.parametrize("name", HERE)
def test_there_is_a_row_a_compound_and_nan_for_whom_nobody_asked(said, name):
    asked = np.concatenate(SETS[:2])
    assert said[name].shape == (80, 2)
    assert not np.isnan(said[name][asked]).any()
    assert np.isnan(np.delete(said[name], asked, axis=0)).all()


@pytest.mark.parametrize("name", HERE)
def test_a_label_of_the_asked_compounds_says_nothing_about_them(learner, two_tasks, said, name):
    for part in parts_of(two_tasks):
        other = replace(part, compounds=turned(two_tasks, part.asked))
        found = hold_out(learner(name), [other])
        assert np.array_equal(found[part.asked], said[name][part.asked])


@pytest.mark.parametrize("name", HERE)
def test_the_labels_that_are_learned_from_matter(learner, two_tasks, said, name):
    part = parts_of(two_tasks)[0]
    other = replace(part, compounds=turned(two_tasks, part.rows))
    found = hold_out(learner(name), [other])
    assert not np.array_equal(found[part.asked], said[name][part.asked])


@pytest.mark.parametrize("name", HERE)
def test_a_prediction_does_not_depend_on_who_else_is_asked(learner, two_tasks, said, name):
    """Neither spreads nor calibration may come from the compounds that are judged."""
    part = parts_of(two_tasks)[0]
    few = replace(part, asked=part.asked[::3])
    found = hold_out(learner(name), [few])
    assert found[few.asked] == pytest.approx(said[name][few.asked], abs=1e-9)


@pytest.mark.parametrize("name", ["dbn", "logistic"])
def test_two_workers_say_what_one_says(learner, two_tasks, said, name):
    found = hold_out(learner(name), parts_of(two_tasks), workers=2)
    assert np.array_equal(found, said[name], equal_nan=True)


def test_folds_share_no_scaffold_and_ask_for_every_compound_once(compounds):
    rows = np.arange(0, 80, 2)
    folds = fold_parts(Part(compounds, rows), 3, seed=0)
    assert len(folds) == 3
    assert sorted(np.concatenate([fold.asked for fold in folds])) == rows.tolist()
    scaffolds = np.array(compounds.scaffolds)
    for number, fold in enumerate(folds):
        assert (fold.number, fold.is_fold) == (number, True)
        assert sorted([*fold.rows, *fold.asked]) == rows.tolist()
        assert not set(scaffolds[fold.rows]) & set(scaffolds[fold.asked]) - {""}
