"""Every model scores what it is asked, from what it may learn from, in probabilities."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rdkit import DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from sklearn.ensemble import RandomForestClassifier

from screening.model import train_model
from screening.study import MODELS, Compounds, plan_splits
from screening.study.models import Exercise

HERE = [name for name in MODELS if name != "catboost"]
# The DBN comes in two ways; the others do not look at how it is calibrated.
WAYS = [*((name, "validation") for name in HERE), ("dbn", "folds")]


def exercise(compounds, calibration="validation", workers=1, seed=5) -> Exercise:
    (split,) = plan_splits(compounds, "scaffold", 1, seed=0)
    return Exercise(compounds, split.parts, calibration, seed, workers, lambda *_: None)


@pytest.fixture(scope="module")
def said(compounds):
    """What each model says in each way, computed once."""
    return {way: MODELS[way[0]].scores(exercise(compounds, way[1])) for way in WAYS}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_scores_are_graded_probabilities_of_what_was_asked(compounds, said, way):
    task = exercise(compounds)
    assert said[way].shape == (len(task.parts.valid) + len(task.parts.test), 1)
    assert said[way].min() >= 0
    assert said[way].max() <= 1
    assert len(np.unique(said[way])) > 4


@pytest.mark.parametrize("name", ["dbn", "boosting", "logistic", "neighbour"])
def test_every_task_is_scored_though_labels_are_missing(two_tasks, name):
    scores = MODELS[name].scores(exercise(two_tasks))
    assert scores.shape[1] == 2
    assert np.isfinite(scores).all()
    # The second task is the first turned round.
    assert np.corrcoef(scores.T)[0, 1] < 0


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_scores_are_the_same_for_two_workers(compounds, said, name):
    """Of the networks the tests of training hold this."""
    two = MODELS[name].scores(exercise(compounds, workers=2))
    assert np.array_equal(two, said[name, "validation"])


@pytest.mark.parametrize("way", [w for w in WAYS if w[0] != "forest"], ids="-".join)
def test_no_model_sees_the_labels_of_the_test_part(eighty, compounds, said, way):
    """Turning them round changes nothing that is said."""
    name, calibration = way
    task = exercise(compounds, calibration)
    labels = eighty.labels.copy()
    labels[task.parts.test] = 1 - labels[task.parts.test]
    turned = Compounds(replace(eighty, labels=labels), compounds.options, compounds.pretrained)
    assert np.array_equal(MODELS[name].scores(replace(task, compounds=turned)), said[way])


def test_on_folds_the_dbn_is_what_train_and_screen_give(compounds, said, tiny_options):
    task = exercise(compounds, "folds")
    model = train_model(compounds.assay.take(task.parts.train), replace(tiny_options, seed=5))
    expected = model.score_molecules([compounds.assay.mols[i] for i in task.asked]).score
    assert np.array_equal(said["dbn", "folds"], expected)


def test_pretraining_makes_the_only_difference_to_the_ablation(compounds, said):
    plain = Compounds(compounds.assay, replace(compounds.options, pretrain="none"))
    ablation = said["dbn-unpretrained", "validation"]
    assert np.array_equal(ablation, MODELS["dbn"].scores(exercise(plain)))
    assert not np.array_equal(ablation, said["dbn", "validation"])


def test_the_blend_is_the_mean_of_networks_and_forest(compounds, said):
    """In logits, before calibration: its ranking follows neither alone."""
    blended = Compounds(compounds.assay, replace(compounds.options, blend="forest"))
    task = exercise(blended)
    found = MODELS["dbn"].scores(task)
    assert np.array_equal(MODELS["dbn-alone"].scores(task), said["dbn", "validation"])
    order = [s[:, 0].argsort().tolist() for s in (found, said["dbn", "validation"])]
    assert order[0] != order[1]


def test_the_forest_is_scikit_learns_on_rdkits_morgan_counts(compounds):
    task = exercise(compounds, seed=7)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    x = np.stack([generator.GetCountFingerprintAsNumPy(mol) for mol in compounds.assay.mols])
    forest = RandomForestClassifier(500, random_state=7)
    forest.fit(x[task.parts.train], compounds.labels[task.parts.train, 0])
    expected = forest.predict_proba(x[task.asked])[:, 1]
    assert np.array_equal(MODELS["forest"].scores(task)[:, 0], expected)


def test_the_neighbour_is_the_most_similar_by_rdkit(compounds):
    task = exercise(compounds)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    bits = [generator.GetFingerprint(mol) for mol in compounds.assay.mols]
    known = [bits[i] for i in task.parts.train]
    expected = []
    for row in task.asked:
        alike = np.array(DataStructs.BulkTanimotoSimilarity(bits[row], known))
        label = compounds.labels[task.parts.train[alike.argmax()], 0]
        expected.append(0.5 + (label - 0.5) * alike.max())
    assert MODELS["neighbour"].scores(task)[:, 0] == pytest.approx(np.array(expected), abs=1e-6)


def test_catboost_gets_counts_and_descriptors_where_it_is_installed(compounds, monkeypatch):
    """The package is not among ours; this stands in for it and answers as it does."""
    seen = {}

    class CatBoostClassifier:
        def __init__(self, **options):
            seen.update(options)

        def fit(self, x, y):
            seen["fit"], seen["share"] = x.shape, float(np.mean(y))

        def predict_proba(self, x):
            return np.column_stack([np.full(len(x), 0.75), np.full(len(x), 0.25)])

    monkeypatch.setitem(
        sys.modules, "catboost", SimpleNamespace(CatBoostClassifier=CatBoostClassifier)
    )
    task = exercise(compounds, seed=4)
    scores = MODELS["catboost"].scores(task)
    assert (scores == 0.25).all()
    assert seen["random_seed"] == 4
    assert seen["allow_writing_files"] is False
    rows, columns = seen["fit"]
    assert rows == len(task.parts.train)
    assert columns > 2048 + 512 + 200
    assert seen["share"] == compounds.labels[task.parts.train].mean()
