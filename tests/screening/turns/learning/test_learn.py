"""A turn: judged before seen, then trained on all; the ledger only grows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screening import ScreeningClassifier, UserError, learn
from screening.model import Turn, file_hash, save_model
from screening.model import load_model as read_model
from screening.model.archive import as_json
from screening.turns import Results, learn_from, read_results
from screening.turns.learning.foretold import foretell
from screening.turns.learning.judgement import judge
from screening.turns.learning.pooling import learned_assay, pooled

SMALLEST = {
    "hidden": (8,),
    "ensemble_size": 1,
    "epochs": 8,
    "blend": "none",
    "folds": 2,
    "features": ("morgan_counts",),
}


@pytest.fixture(scope="module")
def read(tiny_model, values) -> Results:
    return read_results(tiny_model, values[120:160])


@pytest.fixture(scope="module")
def learned(tiny_model, read):
    return learn_from(tiny_model, read)


def test_what_the_model_says_does_not_depend_on_what_was_measured(tiny_model, read):
    """Were a label seen before the judgement, turning all labels would change what was said."""
    turned = replace(read.assay, labels=1 - read.assay.labels, values=-read.assay.values)
    as_is, other = (foretell(tiny_model, assay) for assay in (read.assay, turned))
    for name, said in vars(as_is.scores).items():
        np.testing.assert_array_equal(said, getattr(other.scores, name))
    (right,), (wrong,) = (
        judge(tiny_model, said, assay).values()
        for said, assay in ((as_is, read.assay), (other, turned))
    )
    assert right.roc_auc is not None
    assert wrong.roc_auc is not None
    assert wrong.roc_auc.value == pytest.approx(1 - right.roc_auc.value, abs=1e-3)
    assert wrong.promised == right.promised
    assert wrong.n_active == right.n - right.n_active


def test_the_judgement_is_made_before_anything_is_trained(tiny_model, read, learned, monkeypatch):
    told = []

    def train(*_, **__):
        assert told
        raise RuntimeError("training began")

    monkeypatch.setattr("screening.turns.learning.learn.train_model", train)
    with pytest.raises(RuntimeError, match="training began"):
        learn_from(tiny_model, read, on_judged=told.append)
    # With training or without, it is the same judgement.
    assert told == [learned.judged]


def test_the_judged_model_is_left_as_it_was(tiny_model, read, tmp_path):
    save_model(tiny_model, tmp_path / "before.ebm")
    judge(tiny_model, foretell(tiny_model, read.assay), read.assay)
    pooled(learned_assay(tiny_model), read.assay, "drop")
    save_model(tiny_model, tmp_path / "after.ebm")
    assert file_hash(tmp_path / "after.ebm") == file_hash(tmp_path / "before.ebm")


def test_the_new_model_has_learned_all_with_the_settings_of_the_old(tiny_model, read, learned):
    new = learned.model
    assert new.options == tiny_model.options
    assert new.training.smiles == [*tiny_model.training.smiles, *read.assay.smiles]
    np.testing.assert_allclose(new.training.values[-40:, 0], read.assay.values[:, 0])
    assert {origin.turn for origin in new.training.origins[:120]} == {0}
    assert {origin.turn for origin in new.training.origins[120:]} == {1}
    assert learned.turn.added == 40
    assert learned.turn.on_known["pIC50"].n == 120
    assert "ROC-AUC" in str(learned)


def test_the_ledger_grows_and_keeps_earlier_lines_to_the_byte(learned, values, tmp_path):
    save_model(learned.model, tmp_path / "second.ebm")
    second = read_model(tmp_path / "second.ebm")
    assert second.turns == learned.model.turns
    first_line = as_json([turn.to_dict() for turn in second.turns])
    again = learn(
        tmp_path / "second.ebm",
        values[160:190].assign(date="2026-11-02"),
        output=tmp_path / "third.ebm",
        progress=False,
        workers=1,
    )
    third = read_model(tmp_path / "third.ebm")
    assert as_json([turn.to_dict() for turn in third.turns[:1]]) == first_line
    assert [turn.number for turn in third.turns] == [1, 2]
    assert third.turns[1].judged_model == second.model_hash
    assert third.turns[1].date == "2026-11-02"
    assert {origin.date for origin in third.training.origins[160:]} == {"2026-11-02"}
    # A compound of the first results is no new one for the second model.
    assert again.judged["pIC50"].seen == 0
    assert third.provenance["rules"] == learned.model.provenance["rules"]


def test_a_turn_is_read_back_as_it_was_written(learned):
    stored = json.loads(as_json(learned.turn.to_dict()))
    assert Turn.from_dict(stored) == learned.turn


def test_compounds_that_were_learned_are_counted_and_not_judged(tiny_model, values):
    table = pd.concat([values[:10].assign(pIC50=2.0), values[120:130]])
    read = read_results(tiny_model, table)
    judged = judge(tiny_model, foretell(tiny_model, read.assay), read.assay)["pIC50"]
    assert (judged.n, judged.seen) == (10, 10)
    known = tiny_model.training.labels[:10, 0]
    assert judged.seen_otherwise == int((known == 1).sum())


def test_results_that_teach_nothing_are_refused(tiny_model, values):
    with pytest.raises(UserError, match="has learned all 5 compounds already"):
        learn(tiny_model, values[:5], progress=False)


def test_a_classifier_learns_in_its_own_words(tmp_path):
    acids = ["C" * n + "C(=O)O" for n in range(1, 16)]
    amines = ["C" * n + "CN" for n in range(1, 16)]
    model = ScreeningClassifier(active_class="good", progress=False, **SMALLEST).fit(
        acids + amines, ["good"] * 15 + ["bad"] * 15
    )
    plate = pd.DataFrame({"smiles": ["OCCC(=O)O", "OCCCN"], "active": ["good", "bad"]})
    learned, again = (
        learn(model, plate, output=tmp_path / name, progress=False, workers=1)
        for name in ("a.ebm", "b.ebm")
    )
    # No clock is in the file: the same results make the same model.
    assert again.model.model_hash == learned.model.model_hash
    assert learned.judged["active"].n_active == 1
    assert learned.classifier.predict(["CCCCCC(=O)O"]).tolist() == ["good"]
    assert list(learned.classifier.classes_) == ["bad", "good"]
