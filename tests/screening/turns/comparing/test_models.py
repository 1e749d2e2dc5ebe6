"""Two models: on results that neither has seen, trained again, and by their files alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screening import ScreeningClassifier, compare
from screening.errors import UserError
from screening.evaluation import assess
from screening.model import train_model
from screening.turns.comparing.models.retrained import Splits, compare_retrained
from screening.turns.comparing.models.stored import compare_stored
from screening.turns.comparing.models.two_models import TwoModels
from screening.turns.comparing.models.unseen import compare_unseen
from tests.screening.turns.comparing.conftest import with_tasks


def test_what_either_has_learned_is_left_out_and_counted(two, results):
    found = compare_unseen(two, results, results.smiles)
    table = found.tables["compounds"]
    counts = table.left_out.value_counts()
    assert counts["in the training set of both"] == 10
    assert counts["in the training set of A"] == 10
    known = set(two.first.training.smiles) | set(two.second.training.smiles)
    assert all(smiles in known for smiles in table.smiles[table.left_out.str.contains("set of")])
    kept = table[table.left_out == ""]
    assert not set(kept.smiles) & known
    assert f"{len(kept)} of 90 compounds are new to both models" in str(found)


def test_figures_are_those_of_the_compounds_that_are_new_to_both(two, results):
    found = compare_unseen(two, results, results.smiles)
    table = found.tables["compounds"]
    kept = table[table.left_out == ""]
    figures = found.tables["figures"].set_index("figure")
    for letter, model in (("a", two.first), ("b", two.second)):
        scores = kept[f"score_{letter}_Class"].to_numpy()
        quality = assess(kept["label_Class"], scores, model.thresholds[0])
        for key in ("roc_auc", "pr_auc", "bedroc_20", "ef_5", "mcc"):
            assert figures[letter][key] == pytest.approx(getattr(quality, key), abs=1e-6)
        alone = ScreeningClassifier.of_model(model).predict_table(list(kept.smiles))
        assert np.allclose(alone["score"], scores)
    assert found.verdict in str(found)
    again = compare_unseen(two, results, results.smiles)
    pd.testing.assert_frame_equal(again.tables["figures"], found.tables["figures"])


def test_another_stereo_form_of_a_training_compound_is_not_new(two, results):
    with_stereo = [s for s in two.first.training.smiles if "@" in s][:1]
    flat = with_stereo[0].replace("@", "")
    found = compare_unseen(two, results, [flat, *results.smiles[1:]])
    assert found.tables["compounds"].left_out[0] == "trained on in another stereo or isotopic form"


def test_a_model_against_itself_is_alike(first_model, results):
    twice = TwoModels(first_model, first_model, ("a.ebm", "b.ebm"))
    found = compare_unseen(twice, results, results.smiles)
    assert found.headline == "A and B rank equally well"
    assert any("the same model" in note for note in found.notes)


@pytest.fixture(scope="module")
def several(eighty, tiny_options) -> TwoModels:
    """Two models of several tasks, of which they share two."""
    options = replace(tiny_options, features=("morgan_counts",))
    every_second = eighty.take(range(0, 80, 2))
    first, second = (
        train_model(with_tasks(every_second, *tasks), options)
        for tasks in (("Class", "only in A", "second"), ("second", "Class"))
    )
    return TwoModels(first, second, ("first.ebm", "second.ebm"))


def test_tasks_are_compared_one_by_one_and_missing_ones_named(several, results):
    given = with_tasks(results, "Class", "second", "other")
    found = compare_unseen(several, given, given.smiles)
    assert found.verdict.startswith("Of 2 tasks: ")
    assert list(dict.fromkeys(found.tables["figures"].task)) == ["Class", "second"]
    told = " ".join(found.notes)
    assert "B has no such task: only in A" in told
    assert "Results of no task that both models have: other" in told
    given.labels[given.labels[:, 1] == 0, 1] = np.nan
    fewer = compare_unseen(several, given, given.smiles)
    assert set(fewer.tables["figures"].task) == {"Class"}
    assert "second: not judged; there is no inactive compound" in " ".join(fewer.notes)
    alone = compare_unseen(several, with_tasks(results, "second", "other"), results.smiles)
    assert any("the results lack them: Class" in note for note in alone.notes)
    with pytest.raises(UserError, match="has results of x, y, and the models share Class, second"):
        compare_unseen(several, with_tasks(results, "x", "y"), results.smiles)


def test_a_task_of_another_name_is_taken_for_the_same_and_said(two, results):
    second = replace(two.second, tasks=("hit",))
    other = TwoModels(two.first, second, two.names)
    found = compare_unseen(other, replace(results, tasks=("seen",)), results.smiles)
    assert any("'Class' in A and 'hit' in B" in note for note in found.notes)
    assert any("The column 'seen' of the results" in note for note in found.notes)


def test_results_that_do_not_suffice_are_told(two, several, results, small_assay):
    with pytest.raises(UserError, match="none of its 20 compounds is new to both"):
        compare_unseen(two, small_assay.take(range(20)), small_assay.smiles[:20])
    actives = results.take(np.flatnonzero(results.labels[:, 0] == 1))
    with pytest.raises(UserError, match="no inactive compound among the"):
        compare_unseen(two, actives, actives.smiles)
    renamed = replace(several.second, tasks=("z", "w"))
    foreign = TwoModels(several.first, renamed, two.names)
    with pytest.raises(UserError, match="there is none that both have"):
        compare_unseen(foreign, results, results.smiles)
    with pytest.raises(UserError, match="both results and an assay"):
        compare(two.first, two.second, results=results, assay=results, progress=False)


def test_equal_options_on_the_same_splits_differ_in_nothing(two, eighty, other_model):
    same = TwoModels(other_model, other_model, two.names)
    found = compare_retrained(same, eighty, eighty.smiles, Splits("random", 2))
    figures = found.tables["figures"]
    assert (figures.difference == 0).all()
    assert found.headline == "A and B rank equally well"


def test_a_comparison_that_was_stopped_goes_on_and_ends_the_same(
    two, eighty, other_model, tiny_options, tmp_path, monkeypatch
):
    second = replace(other_model, options=replace(tiny_options, features=("morgan_counts",)))
    given = TwoModels(other_model, second, two.names)
    plan = Splits("random", 2)
    whole = compare_retrained(given, eighty, eighty.smiles, plan, folder=tmp_path / "whole")
    stopped = tmp_path / "stopped"

    def stop(_, done, __):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare_retrained(given, eighty, eighty.smiles, plan, folder=stopped, on_step=stop)
    kept = [path.stat().st_mtime_ns for path in sorted(stopped.rglob("*.npz"))]
    assert len(kept) == 2
    went_on = compare_retrained(given, eighty, eighty.smiles, plan, folder=stopped)
    for name in ("figures", "splits", "parts"):
        pd.testing.assert_frame_equal(whole.tables[name], went_on.tables[name])
    assert str(whole) == str(went_on)
    other = TwoModels(second, other_model, two.names)
    with pytest.raises(UserError, match="options of A"):
        compare_retrained(other, eighty, eighty.smiles, plan, folder=stopped)


def test_each_model_sees_the_compounds_as_it_standardises_them(two, eighty, other_model):
    raw = replace(other_model, options=replace(other_model.options, standardize="none"))
    given = TwoModels(other_model, raw, two.names)
    # Counterions reach only the model that keeps them.
    texts = [f"{smiles}.Cl" for smiles in eighty.smiles]
    texts[0] = "not a molecule"
    found = compare_retrained(given, eighty, texts, Splits("random", 1))
    assert any(note.endswith("cannot read them: 1 compound.") for note in found.notes)
    assert len(found.tables["parts"]) == 79
    assert "from one split" in found.verdict


def test_two_files_alone(two):
    changed = two.second.training.labels.copy()
    changed[0] = 1 - changed[0]
    second = replace(two.second, training=replace(two.second.training, labels=changed))
    found = compare_stored(TwoModels(two.first, second, two.names))
    text = str(found)
    assert found.verdict.startswith("From the two files alone: ")
    assert "200 compounds and B from 100; 100 structures are in both, 100 in A alone" in text
    assert "the labels contradict each other for 1 shared compound" in text
    assert "are not paired" in text
    options = found.tables["options"].set_index("option")
    assert options.differs["hidden"]
    assert (options.a["hidden"], options.b["hidden"]) == ("32, 16", "12")
    training = found.tables["training"]
    assert len(training) == 200
    assert training.id_b.notna().sum() == 100
    # The held-out figures are of compounds that both held out, with the labels that agree.
    both = training.dropna(subset=["held_out_a_Class", "held_out_b_Class"])
    both = both[both["label_a_Class"] == both["label_b_Class"]]
    auc = assess(both["label_a_Class"], both["held_out_b_Class"]).roc_auc
    figures = found.tables["figures"].set_index("figure")
    assert figures.b["roc_auc"] == pytest.approx(auc)


def test_files_without_a_compound_in_common_say_what_would_help(two):
    training = replace(two.second.training, keys=two.second.training.keys + 1)
    found = compare_stored(TwoModels(two.first, replace(two.second, training=training), two.names))
    assert found.headline == "Cannot tell which is better"
    assert "--results" in found.verdict
    assert "figures" not in found.tables
