"""Every model scores what it is asked, from what it may learn from, in probabilities."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rdkit import DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier

from screening.errors import UserError
from screening.learners import MODELS, Compounds, Part, baselines, hold_out
from screening.learners.registry import DBN, LIBRARY, LearnerSettings
from screening.study import plan_splits

HERE = [name for name in MODELS if name != "catboost"]
# The DBN comes in two ways; the others do not look at how it is calibrated.
WAYS = [*((name, "validation") for name in HERE), (DBN, "folds")]


@pytest.fixture(scope="module")
def wanted(tiny_options, pretrained):
    """What learners are made from, with some options changed."""

    def make(calibrated_on="validation", seed=5, **changed) -> LearnerSettings:
        options = replace(tiny_options, seed=seed, **changed)
        return LearnerSettings(options, pretrained.stack, calibrated_on)

    return make


def part_of(compounds) -> Part:
    (split,) = plan_splits(compounds, "scaffold", 1, seed=0)
    parts = split.parts
    return Part(
        compounds, parts.train, np.concatenate([parts.valid, parts.test]), validation=parts.valid
    )


def scores(name, part, wanted, **given) -> np.ndarray:
    return expit(hold_out(MODELS[name].make(wanted), [part], **given)[part.asked])


@pytest.fixture(scope="module")
def said(compounds, wanted):
    """What each model says in each way, computed once."""
    part = part_of(compounds)
    return {(name, way): scores(name, part, wanted(way)) for name, way in WAYS}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_scores_are_graded_probabilities_of_what_was_asked(compounds, said, way):
    assert said[way].shape == (len(part_of(compounds).asked), 1)
    assert said[way].min() >= 0
    assert said[way].max() <= 1
    assert len(np.unique(said[way])) > 4


@pytest.mark.parametrize("name", ["dbn", "boosting", "logistic", "neighbour"])
def test_every_task_is_scored_though_labels_are_missing(two_tasks, wanted, name):
    found = scores(name, part_of(two_tasks), wanted())
    assert found.shape[1] == 2
    assert np.isfinite(found).all()
    # The second task is the first turned round.
    assert np.corrcoef(found.T)[0, 1] < 0


@pytest.mark.parametrize("name", ["dbn", "forest", "forest-features", "logistic", "boosting"])
def test_scores_are_the_same_for_two_workers(compounds, wanted, said, name):
    two = scores(name, part_of(compounds), wanted(), workers=2)
    assert np.array_equal(two, said[name, "validation"])


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_no_model_sees_the_labels_of_the_test_part(eighty, compounds, wanted, said, way):
    """Turning them round changes nothing that is said."""
    name, calibrated_on = way
    part = part_of(compounds)
    test = np.setdiff1d(part.asked, part.validation)
    labels = eighty.labels.copy()
    labels[test] = 1 - labels[test]
    turned = replace(part, compounds=Compounds(replace(eighty, labels=labels)))
    assert np.array_equal(scores(name, turned, wanted(calibrated_on)), said[way])


def test_pretraining_makes_the_only_difference_to_the_ablation(compounds, wanted, said):
    ablation = said["dbn-unpretrained", "validation"]
    plain = scores(DBN, part_of(compounds), wanted(pretrain="none"))
    assert np.array_equal(ablation, plain)
    assert not np.array_equal(ablation, said[DBN, "validation"])


def test_the_blend_is_the_mean_of_networks_and_forest(compounds, wanted, said):
    """In logits, before calibration: its ranking follows neither alone."""
    part, blended = part_of(compounds), wanted(blend="forest")
    found = scores(DBN, part, blended)
    assert np.array_equal(scores("dbn-alone", part, blended), said[DBN, "validation"])
    order = [s[:, 0].argsort().tolist() for s in (found, said[DBN, "validation"])]
    assert order[0] != order[1]


def test_the_stack_of_a_library_has_to_be_given(wanted):
    with pytest.raises(UserError, match="--pretrained"):
        MODELS[LIBRARY].make(replace(wanted(), library=None))


def test_the_forest_is_scikit_learns_on_rdkits_morgan_counts(compounds, wanted):
    part = part_of(compounds)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    x = np.stack([generator.GetCountFingerprintAsNumPy(mol) for mol in compounds.assay.mols])
    forest = RandomForestClassifier(baselines.FOREST_TREES, random_state=7)
    forest.fit(x[part.rows], compounds.labels[part.rows, 0])
    expected = forest.predict_proba(x[part.asked])[:, 1]
    found = scores("forest", part, wanted(seed=7))[:, 0]
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_neighbour_is_the_most_similar_by_rdkit(compounds, wanted):
    part = part_of(compounds)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    bits = [generator.GetFingerprint(mol) for mol in compounds.assay.mols]
    known = [bits[i] for i in part.rows]
    expected = []
    for row in part.asked:
        likeness = np.array(DataStructs.BulkTanimotoSimilarity(bits[row], known))
        label = compounds.labels[part.rows[likeness.argmax()], 0]
        expected.append(0.5 + (label - 0.5) * likeness.max())
    found = scores("neighbour", part, wanted())[:, 0]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_catboost_gets_counts_and_descriptors_where_it_is_installed(compounds, wanted, monkeypatch):
    """The package is not among ours; this stands in for it and answers as it does."""
    seen = {}

    class CatBoostClassifier:
        def __init__(self, **options):
            seen.update(options)

        def fit(self, x, y):
            seen["fit"], seen["share"] = x.shape, float(np.mean(y))
            return self

        def predict_proba(self, x):
            return np.column_stack([np.full(len(x), 0.75), np.full(len(x), 0.25)])

    monkeypatch.setitem(
        sys.modules, "catboost", SimpleNamespace(CatBoostClassifier=CatBoostClassifier)
    )
    part = part_of(compounds)
    found = scores("catboost", part, wanted(seed=4))
    assert found == pytest.approx(0.25)
    assert seen["random_seed"] == 4
    assert seen["allow_writing_files"] is False
    rows, columns = seen["fit"]
    assert rows == len(part.rows)
    assert columns > 2048 + 512 + 200
    assert seen["share"] == compounds.labels[part.rows].mean()
