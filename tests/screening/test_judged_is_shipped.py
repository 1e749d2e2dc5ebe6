"""What `evaluate` and `train --tune` judge is what `train` ships: same numbers, same sizes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from screening.assay import curate, make_threshold
from screening.evaluation import Parts, Split
from screening.learners import Compounds, Part, fold_parts
from screening.learners.finetuning import train_member
from screening.learners.forest import fit_forest, learner
from screening.learners.learner import random_fold_parts
from screening.learners.options import held_out_members
from screening.model import SHIPPED, load_model, save_model, train_model
from screening.progress import ignore_steps
from screening.study import StudyOptions, run_study
from screening.tables import read_table
from screening.tuning.judging import Judge, mean_roc_auc, score_on_unseen


@pytest.fixture(scope="module")
def options(tiny_options):
    """As shipped: blended, the forest with a block of its own, more networks than a fold has."""
    return replace(
        tiny_options,
        ensemble_size=3,
        epochs=5,
        blend="forest",
        forest_features=("maccs",),
        seed=11,
    )


@pytest.fixture(scope="module")
def measured(samples):
    """A hundred compounds of BACE with pIC50 far from the threshold, taught as graded labels."""
    threshold = make_threshold(6.99, None)
    assay = curate(read_table(str(samples / "bace.csv")), ("pIC50",), threshold=threshold)
    values = assay.values[:, 0]
    sides = (values > 7.8, values < 5.5)
    return assay.take(np.sort(np.concatenate([np.flatnonzero(side)[:50] for side in sides])))


@pytest.fixture(scope="module")
def assays(measured, small_assay):
    """Measured values, and two tasks with missing labels."""
    few = small_assay.take(np.arange(0, len(small_assay), 2))
    labels = np.column_stack([few.labels, few.labels]).astype(np.float32)
    labels[::5, 0] = labels[1::3, 1] = np.nan
    values = np.full(labels.shape, np.nan)
    both = replace(few, tasks=("first", "second"), labels=labels, values=values)
    return {"graded": measured, "two tasks": both}


@pytest.fixture(scope="module")
def models(assays, options):
    return {name: train_model(assay, options) for name, assay in assays.items()}


NAMES = ("graded", "two tasks")


class _Sizes:
    """Counts networks and trees of whatever is trained, in the order of training."""

    def __init__(self, monkeypatch) -> None:
        self.networks: list[tuple[int, int]] = []
        self.trees: list[tuple[int, int]] = []

        def network(x, y, options, seed, dbn=None):
            self.networks.append((x.shape[0], seed))
            return train_member(x, y, options, seed, dbn)

        def forest(x, y, **given):
            fitted = fit_forest(x, y, **given)
            self.trees.append((x.shape[0], len(fitted.estimators_)))
            return fitted

        monkeypatch.setattr("screening.learners.networks.train_member", network)
        monkeypatch.setattr("screening.learners.forest.learner.fit_forest", forest)

    def take(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        found = self.networks, self.trees
        self.networks, self.trees = [], []
        return found


def of_column(assay, names, options, folder, **given):
    """A study of ours alone, on the parts that a column names."""
    return run_study(
        Compounds(assay),
        options,
        StudyOptions("column", models=("dbn",)),
        folder,
        column=names,
        on_step=ignore_steps,
        **given,
    )


@pytest.mark.parametrize("name", NAMES)
def test_evaluate_says_what_the_stored_model_says(assays, options, tmp_path, name):
    assay = assays[name]
    names = ["train", "train", "valid", "train", "test"] * 20
    study = of_column(assay, names, options, tmp_path)
    (entry,) = study.entries
    parts: Parts = entry.split.parts
    model = train_model(assay.take(parts.train), replace(options, seed=entry.split.seed))
    save_model(model, tmp_path / "m.ebm")
    shipped = load_model(tmp_path / "m.ebm")
    for rows, said in ((parts.valid, entry.result.valid), (parts.test, entry.result.test)):
        scores = shipped.score_molecules([assay.mols[row] for row in rows]).score
        assert np.ptp(said, axis=0).min() > 0.05
        # Both are rounded: the sixth decimal may differ by one.
        assert np.allclose(said, scores, rtol=0, atol=1.1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_search_judges_by_the_held_out_quality_of_train(assays, options, models, name):
    """Fold by fold, exactly; together, what the quality table of the model shows."""
    assay, model = assays[name], models[name]
    compounds = Compounds(assay)
    folds = fold_parts(Part(compounds, np.arange(len(assay))), options.folds, options.seed)
    splits = [Split(fold.rows, fold.asked) for fold in folds]
    found = Judge(compounds, splits, seed=options.seed).scores(
        replace(options, seed=0), ignore_steps
    )
    held_out = model.training.held_out[SHIPPED]
    wanted = [mean_roc_auc(assay.labels[fold.asked], held_out[fold.asked]) for fold in folds]
    assert found == tuple(wanted)
    assert len(set(wanted)) == len(folds)
    for fold in folds:
        assert set(np.flatnonzero(model.training.folds == fold.number)) == set(fold.asked)
    for task, column in enumerate(held_out.T):
        known = ~np.isnan(assay.labels[:, task])
        figure = model.quality["tasks"][assay.tasks[task]][SHIPPED]["roc_auc"]
        assert figure == pytest.approx(roc_auc_score(assay.labels[known, task], column[known]))


def test_the_last_word_of_a_search_is_on_what_train_ships(measured, options):
    rows = np.arange(len(measured))
    division = Split(rows[rows % 4 > 0], rows[rows % 4 == 0])
    found = score_on_unseen(Compounds(measured), division, options, None, 1, ignore_steps)
    model = train_model(measured.take(division.train), options)
    scores = model.score_molecules([measured.mols[row] for row in division.test]).score
    assert found == pytest.approx(roc_auc_score(measured.labels[division.test], scores), abs=1e-6)


def test_networks_and_trees_of_a_fold_are_as_many_everywhere(
    measured, options, tmp_path, monkeypatch
):
    sizes = _Sizes(monkeypatch)
    train_model(measured, options)
    networks, trees = sizes.take()
    compounds = Compounds(measured)
    whole = Part(compounds, np.arange(100), number=options.folds)
    folds = fold_parts(whole, options.folds, options.seed)
    at_random = random_fold_parts(whole, options.folds, options.seed)
    # Beside what is judged: one network for each fold of the conformal values, and no tree.
    judged = len(networks) - len(at_random)
    assert networks[judged:] == [
        (len(fold.rows), options.seed + 1000 * (len(folds) + 1 + number))
        for number, fold in enumerate(at_random)
    ]
    networks = networks[:judged]
    few = held_out_members(options.ensemble_size)
    assert (few, options.ensemble_size) == (2, 3)
    assert networks == [
        *(
            (len(fold.rows), options.seed + 1000 * fold.number + member)
            for fold in folds
            for member in range(few)
        ),
        *((100, options.seed + 1000 * len(folds) + member) for member in range(3)),
    ]
    assert trees == [
        *((len(fold.rows), learner.HELD_OUT_TREES) for fold in folds),
        (100, learner.TREES),
    ]

    Judge(compounds, [Split(f.rows, f.asked) for f in folds], seed=options.seed).scores(
        options, ignore_steps
    )
    assert sizes.take() == (networks[:-3], trees[:-1])

    names = ["train", "train", "valid", "train", "test"] * 20
    (entry,) = of_column(measured, names, options, tmp_path).entries
    evaluated = sizes.take()
    seeded = replace(options, seed=entry.split.seed)
    train_model(measured.take(entry.split.parts.train), seeded)
    networks, trees = sizes.take()
    assert evaluated == (networks[: len(evaluated[0])], trees)


def test_a_validation_part_calibrates_the_whole_model_and_no_other(
    measured, options, tmp_path, monkeypatch
):
    """The quick way of `evaluate`: one ensemble and one forest, of the sizes that are shipped."""
    sizes = _Sizes(monkeypatch)
    names = ["train", "train", "valid", "train", "test"] * 20
    of_column(measured, names, options, tmp_path, calibrated_on="validation")
    networks, trees = sizes.take()
    assert [rows for rows, _ in networks] == [60] * options.ensemble_size
    assert trees == [(60, learner.TREES)]
