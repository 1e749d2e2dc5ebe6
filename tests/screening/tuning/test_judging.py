"""What a judge says of settings, against literal computations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from screening.features import Encoder, FeatureSet
from screening.learners import Compounds
from screening.learners.ensemble import Ensemble
from screening.learners.finetuning import train_member
from screening.learners.forest import fit_forest, learner
from screening.learners.pretraining import pretrain_part
from screening.model import pretrain_on
from screening.progress import ignore_steps
from screening.trust import fit_calibration, nearest
from screening.tuning.judging import Judge, cut, divide, score_on_unseen


@pytest.fixture(scope="module")
def compounds(small_assay):
    return Compounds(small_assay.take(np.arange(0, len(small_assay), 2)))


@pytest.fixture(scope="module")
def splits(compounds):
    return cut(compounds, np.arange(len(compounds)), 3, 8)


def encoded(compounds, split, options):
    raw = FeatureSet(options.features).by_block(compounds.assay.mols)
    encoder = Encoder().fit(raw.take(split.train))
    return [encoder.transform(raw.take(rows)) for rows in (split.train, split.test)]


def said(x_train, x_test, y, options, seeds, begun=None):
    stack = pretrain_part(x_train, options, seeds[0], begun=begun)
    members = [train_member(x_train, y, options, seed, stack.dbn) for seed in seeds]
    return Ensemble(members, x_test.shape[1]).logits(x_test).mean(axis=0)


def judged(compounds, splits, logits):
    """Calibrate the held-out logits of all folds together, and judge each fold."""
    labels, packed = compounds.labels, compounds.fingerprints
    everything = np.concatenate([split.test for split in splits])
    similarity = np.concatenate([nearest(packed[s.test], packed[s.train])[1] for s in splits])
    found = np.concatenate(logits)
    for task, column in enumerate(found.T):
        truth = labels[everything, task]
        known = ~np.isnan(truth)
        own = fit_calibration(column[known], similarity[known], truth[known])
        column[:] = own.log_odds(column.copy(), similarity)
    scores, start = [], 0
    for split in splits:
        own, start = found[start : start + len(split.test)], start + len(split.test)
        tasks = []
        for truth, values in zip(labels[split.test].T, own.T, strict=True):
            known = ~np.isnan(truth)
            if len(set(truth[known])) == 2:
                tasks.append(roc_auc_score(truth[known], values[known]))
        scores.append(np.mean(tasks))
    return scores


@pytest.mark.parametrize("blend", ["none", "forest"])
def test_scores_are_those_of_what_train_would_ship(compounds, splits, quick, blend):
    """Two members and the trees of a fold; spreads and calibration from the folds together."""
    options = replace(
        quick,
        ensemble_size=4,
        blend=blend,
        features=("descriptors", "morgan_counts"),
        forest_features=("atom_pairs",),
    )
    judge = Judge(compounds, splits[:2], seed=40)
    told = []
    found = judge.scores(options, lambda *step: told.append(step))
    assert [step for step in told if step[0] == "networks"][-1] == ("networks", 4, 4)
    networks, forests = [], []
    for number, split in enumerate(splits[:2]):
        x_train, x_test = encoded(compounds, split, options)
        y = compounds.labels[split.train]
        seeds = [40 + 1000 * number, 41 + 1000 * number]
        networks.append(said(x_train, x_test, y, options, seeds))
        # The forest sees its own blocks beside those of the networks.
        both = encoded(compounds, split, replace(options, features=options.blocks))
        forest = fit_forest(both[0], y[:, 0], seed=40, trees=learner.HELD_OUT_TREES)
        forests.append(logit(np.clip(forest.predict(both[1]), 1e-3, 1 - 1e-3))[:, None])
    if blend == "forest":
        spreads = [np.concatenate(each).std() for each in (networks, forests)]
        networks = [
            (n / spreads[0] + f / spreads[1]) / 2 for n, f in zip(networks, forests, strict=True)
        ]
    assert found == pytest.approx(judged(compounds, splits[:2], networks), abs=1e-5)


def test_several_tasks_count_alike_and_missing_labels_not_at_all(compounds, splits, quick):
    assay = compounds.assay
    labels = np.column_stack([assay.labels, 1 - assay.labels]).astype(np.float32)
    first, second = splits[0], splits[1]
    labels[::3, 1] = np.nan
    labels[second.test, 1] = 1  # one class: only the other task can be judged
    values = np.full(labels.shape, np.nan)
    compounds = Compounds(replace(assay, tasks=("a", "b"), labels=labels, values=values))
    found = Judge(compounds, [first, second], seed=1).scores(quick, ignore_steps)
    logits = []
    for number, split in enumerate((first, second)):
        x_train, x_test = encoded(compounds, split, quick)
        logits.append(said(x_train, x_test, labels[split.train], quick, [1 + 1000 * number]))
    assert found == pytest.approx(judged(compounds, [first, second], logits), abs=1e-5)


def test_networks_that_diverge_lose_and_end_nothing(compounds, splits, quick):
    """Alone or blended; on folds, and on compounds that no search has seen."""
    for blend in ("none", "forest"):
        lost = replace(quick, learning_rate=1e25, blend=blend)
        assert Judge(compounds, splits, seed=1).scores(lost, ignore_steps) == (0, 0, 0)
        assert score_on_unseen(compounds, splits[0], lost, None, 1, ignore_steps) == 0
    assert min(Judge(compounds, splits, seed=1).scores(quick, ignore_steps)) > 0


def test_one_diverged_fold_is_enough_to_lose(compounds, splits, quick, monkeypatch):
    asked, logits = [], Ensemble.logits

    def lost_at_last(self, x):
        asked.append(x)
        return logits(self, x) * (np.nan if len(asked) == len(splits) else 1)

    monkeypatch.setattr(Ensemble, "logits", lost_at_last)
    assert Judge(compounds, splits, seed=1).scores(quick, ignore_steps) == (0, 0, 0)
    assert len(asked) == len(splits)


def test_networks_begin_with_the_stack_and_its_columns(compounds, splits, quick):
    mols = compounds.assay.mols[:40]
    stack = pretrain_on(mols, quick, origin={}, on_step=ignore_steps)
    judge = Judge(compounds, splits[:1], seed=1, library=stack.stack)
    found = judge.scores(quick, ignore_steps)
    raw = FeatureSet(quick.features).by_block(compounds.assay.mols)
    train, test = splits[0].train, splits[0].test
    x_train, x_test = (stack.encoder.transform(raw.take(rows)) for rows in (train, test))
    logits = said(x_train, x_test, compounds.labels[train], quick, [1], stack.dbn)
    assert found == pytest.approx(judged(compounds, splits[:1], [logits]), abs=1e-5)


def test_a_forest_is_fitted_once_for_all_settings_of_the_networks(
    compounds, splits, quick, monkeypatch
):
    fitted = []

    def count(*arguments, **given):
        fitted.append(given["trees"])
        return fit_forest(*arguments, **given)

    monkeypatch.setattr("screening.learners.forest.learner.fit_forest", count)
    judge = Judge(compounds, splits, seed=1)
    blended = replace(quick, blend="forest")
    first = judge.scores(blended, ignore_steps)
    second = judge.scores(replace(blended, learning_rate=3e-2, epochs=8), ignore_steps)
    assert fitted == [learner.HELD_OUT_TREES] * len(splits)
    assert first != second
    assert judge.scores(blended, ignore_steps) == first
    judge.scores(replace(blended, forest_features=("maccs",)), ignore_steps)
    assert fitted == [learner.HELD_OUT_TREES] * 2 * len(splits)


def test_what_a_search_does_not_see_shares_no_scaffold_with_what_it_sees(compounds):
    division = divide(compounds, 3)
    assert sorted([*division.train, *division.test]) == list(range(len(compounds)))
    scaffolds = np.array(compounds.scaffolds)
    assert not set(scaffolds[division.train]) & set(scaffolds[division.test]) - {""}
    for part in (division.train, division.test):
        assert len(np.unique(compounds.labels[part])) == 2


def test_features_are_joined_in_the_order_asked_for(compounds):
    for names in (("erg", "morgan_counts", "maccs"), ("maccs", "descriptors")):
        raw, wanted = compounds.raw(names), FeatureSet(names).by_block(compounds.assay.mols)
        assert list(raw.sparse) == list(wanted.sparse)
        for name, block in wanted.sparse.items():
            assert (raw.sparse[name] != block).nnz == 0
        for name, dense in wanted.dense.items():
            np.testing.assert_array_equal(raw.dense[name], dense)
