"""An exam's scores against literal computations."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from screening.evaluation.baselines import fit_affordable_forest
from screening.features import Encoder, FeatureSet
from screening.model.blend import fit_blend
from screening.model.ensemble import Ensemble
from screening.model.member import train_member
from screening.model.pretrained import pretrain_on
from screening.model.start import Part, learn_start
from screening.tuning.compounds import Compounds
from screening.tuning.exam import Exam


@pytest.fixture(scope="module")
def compounds(small_assay):
    return Compounds(small_assay.take(np.arange(0, len(small_assay), 2)))


@pytest.fixture(scope="module")
def splits(compounds):
    return compounds.cut(np.arange(len(compounds.assay)), 3, 8)


def ignore():
    pass


def encoded(compounds, split, options):
    raw = FeatureSet(options.features).transform(compounds.assay.mols)
    encoder = Encoder().fit(raw.take(split.train))
    return [encoder.transform(raw.take(rows)) for rows in (split.train, split.test)]


def said(x_train, x_test, y, options, seeds, begun=None):
    start = learn_start(Part(x_train, y, seeds[0]), options, begun)
    members = [train_member(x_train, y, options, seed, start.dbn) for seed in seeds]
    return Ensemble(members, x_test.shape[1]).logits(x_test).mean(axis=0)


@pytest.mark.parametrize("blend", ["none", "forest"])
def test_scores_are_those_of_networks_and_forest_on_each_fold(compounds, splits, quick, blend):
    options = replace(
        quick,
        blend=blend,
        features=("descriptors", "morgan_counts"),
        forest_features=("atom_pairs",),
    )
    exam = Exam(compounds, splits[:2], seed=40, members=2)
    counted = []
    found = exam.scores(options, lambda: counted.append(1))
    assert len(counted) == exam.networks == 4
    wanted = []
    for number, split in enumerate(splits[:2]):
        x_train, x_test = encoded(compounds, split, options)
        y = compounds.labels[split.train]
        seeds = [40 + 1000 * number, 41 + 1000 * number]
        logits = said(x_train, x_test, y, options, seeds)
        if blend == "forest":
            # The forest sees its own blocks beside those of the networks.
            both = encoded(compounds, split, replace(options, features=options.blocks))
            alone = fit_affordable_forest(both[0], y[:, 0], seed=40).predict(both[1])
            logits = fit_blend(logits[:, 0], alone)(logits[:, 0], alone)
        wanted.append(roc_auc_score(compounds.labels[split.test], logits))
    assert found == pytest.approx(wanted, abs=1e-5)


def test_several_tasks_count_alike_and_missing_labels_not_at_all(compounds, splits, quick):
    assay = compounds.assay
    labels = np.column_stack([assay.labels, 1 - assay.labels]).astype(np.float32)
    first, second = splits[0], splits[1]
    labels[::3, 1] = np.nan
    labels[second.test, 1] = 1  # one class: only the other task can be judged
    values = np.full(labels.shape, np.nan)
    compounds = Compounds(replace(assay, tasks=("a", "b"), labels=labels, values=values))
    found = Exam(compounds, [first, second], seed=1, members=1).scores(quick, ignore)
    wanted = []
    for number, split in enumerate((first, second)):
        x_train, x_test = encoded(compounds, split, quick)
        logits = said(x_train, x_test, labels[split.train], quick, [1 + 1000 * number])
        tasks = []
        for task in range(2):
            truth = labels[split.test, task]
            known = ~np.isnan(truth)
            if len(set(truth[known])) == 2:
                tasks.append(roc_auc_score(truth[known], logits[known, task]))
        wanted.append(np.mean(tasks))
        assert len(tasks) == 2 - number
    assert found == pytest.approx(wanted, abs=1e-5)


def test_networks_that_diverge_are_no_better_than_chance(compounds, splits, quick, monkeypatch):
    def lost(self, x):
        return np.full((1, x.shape[0], 1), np.nan)

    monkeypatch.setattr(Ensemble, "logits", lost)
    assert Exam(compounds, splits[:1], seed=1, members=1).scores(quick, ignore) == (0.5,)


def test_networks_begin_with_the_stack_and_its_columns(compounds, splits, quick):
    mols = compounds.assay.mols[:40]
    stack = pretrain_on(mols, quick, described={}, on_step=lambda *_: None)
    exam = Exam(compounds, splits[:1], seed=1, members=1, pretrained=stack)
    found = exam.scores(quick, ignore)
    raw = FeatureSet(quick.features).transform(compounds.assay.mols)
    train, test = splits[0].train, splits[0].test
    x_train, x_test = (stack.encoder.transform(raw.take(rows)) for rows in (train, test))
    logits = said(x_train, x_test, compounds.labels[train], quick, [1], stack.dbn)
    wanted = roc_auc_score(compounds.labels[test], logits)
    assert found == pytest.approx((wanted,), abs=1e-5)


def test_features_are_joined_in_the_order_asked_for(compounds):
    for names in (("erg", "morgan_counts", "maccs"), ("maccs", "descriptors")):
        raw, wanted = compounds.raw(names), FeatureSet(names).transform(compounds.assay.mols)
        assert list(raw.sparse) == list(wanted.sparse)
        for name, block in wanted.sparse.items():
            assert (raw.sparse[name] != block).nnz == 0
        for name, dense in wanted.dense.items():
            np.testing.assert_array_equal(raw.dense[name], dense)
