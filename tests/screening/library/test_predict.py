"""Prediction from Python: the same in any number of processes, and no molecule stops it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

import screening
from screening import ScreeningClassifier, estimator
from screening.chemistry import Limits
from screening.library import predict
from screening.library.predict import predict_compounds, scores_alone
from screening.tables import read_table

sys.path.insert(0, str(Path(__file__).parent))
import faulty_predictors
import faulty_scorers as faulty


@pytest.fixture(scope="module")
def smiles(samples) -> list[str]:
    """Real compounds, and among them what cannot be read."""
    texts = read_table(str(samples / "wehi.csv.gz")).smiles[:60]
    texts[7], texts[20], texts[59] = "C1CC", "", "C" * 300
    return texts


@pytest.fixture
def many(monkeypatch):
    """Sixty compounds are many, in pieces of twenty."""
    monkeypatch.setattr(predict, "FEW", 59)
    monkeypatch.setattr(predict, "TOGETHER", 20)


@pytest.fixture
def impatient(small_model):
    """The model, whose molecules have two seconds each."""
    return replace(small_model, options=replace(small_model.options, limits=Limits(200, 2.0)))


def of_model(model, workers: int) -> ScreeningClassifier:
    return ScreeningClassifier.of_model(model).set_params(n_jobs=workers, progress=False)


@pytest.mark.usefixtures("many")
def test_workers_change_nothing_but_where_it_is_done(small_model, smiles):
    one, two = (of_model(small_model, workers) for workers in (1, 2))
    table = one.predict_table(smiles, prevalence=0.01)
    pd.testing.assert_frame_equal(two.predict_table(smiles, prevalence=0.01), table)
    assert table["smiles"].tolist() == smiles
    assert np.flatnonzero(table["reason"]).tolist() == [7, 20, 59]
    few = [two.predict_table(smiles[at : at + 20], prevalence=0.01) for at in (0, 20, 40)]
    pd.testing.assert_frame_equal(pd.concat(few, ignore_index=True), table)
    probabilities = two.predict_proba(smiles)
    assert np.array_equal(probabilities, one.predict_proba(smiles), equal_nan=True)
    read = ~np.isnan(probabilities[:, 1])
    assert two.score(smiles, [0] * 60) == np.mean(probabilities[read, 1] <= 0.5)
    mols = [Chem.MolFromSmiles(text) for text in smiles if text != "C1CC"]
    sent = pickle.loads(pickle.dumps(mols))
    again = two.predict_proba(sent + mols[:1])
    assert np.array_equal(again[:-1], np.delete(probabilities, 7, axis=0), equal_nan=True)


@pytest.mark.usefixtures("many")
def test_many_are_done_elsewhere_and_few_here(small_model, smiles, monkeypatch):
    finish = faulty_predictors.process_of
    steps: list[tuple[str, int, int]] = []
    many = predict_compounds(
        small_model, smiles, finish, workers=2, on_step=lambda *step: steps.append(step)
    )
    assert os.getpid() not in set(many.known["process"].to_pylist())
    assert steps == [("predicting", done, 60) for done in (20, 40, 60)]
    few = predict_compounds(small_model, smiles[:59], finish, workers=2)
    assert set(few.known["process"].to_pylist()) == {os.getpid()}
    assert few.known["Class"].to_pylist() == many.known["Class"].to_pylist()
    # A process that may have no children.
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    kept = predict_compounds(small_model, smiles, finish, workers=2)
    assert set(kept.known["process"].to_pylist()) == {os.getpid()}


def test_without_compounds_there_are_columns(small_model):
    found = predict_compounds(small_model, [], scores_alone, workers=2)
    assert (len(found), found.known.column_names) == (0, ["Class"])
    table = of_model(small_model, 2).predict_table([])
    assert list(table) == list(of_model(small_model, 1).predict_table(["CCO"]))
    assert len(screening.predict([], small_model)) == 0


@pytest.mark.usefixtures("many")
def test_a_molecule_that_hangs_or_crashes_costs_itself(impatient, smiles, monkeypatch):
    bad = {
        5: (faulty.HANGS, "timeout"),
        26: (faulty.CRASHES, "crash"),
        47: (faulty.STOPS_FEATURES, "crash"),
    }
    texts = [bad[place][0] if place in bad else text for place, text in enumerate(smiles)]
    monkeypatch.setattr(
        estimator,
        "predict_compounds",
        partial(predict_compounds, make_scorer=faulty_predictors.make),
    )
    model = of_model(impatient, 2)
    table = model.predict_table(texts)
    assert {place: table["reason"][place] for place in bad} == {
        place: reason for place, (_, reason) in bad.items()
    }
    assert "2 s" in table["message"][5]
    assert table["smiles"].tolist() == texts
    good = [place for place in range(60) if place not in bad]
    clean = of_model(impatient, 1).predict_table([texts[place] for place in good])
    pd.testing.assert_frame_equal(table.loc[good].reset_index(drop=True), clean)
    texts[5] = smiles[5]  # to wait for one that hangs once is enough
    assert np.flatnonzero(np.isnan(model.predict_proba(texts)[:, 1])).tolist() == [
        *(7, 20, 26, 47, 59)
    ]


@pytest.mark.usefixtures("many")
def test_a_molecule_that_hangs_when_it_is_described_costs_itself(impatient, smiles, monkeypatch):
    monkeypatch.setattr("screening.library.engines.guard._BATCH_SECONDS_PER_MOLECULE", 0)
    texts = [faulty_predictors.HANGS_WHEN_DESCRIBED, *smiles[1:]]
    found = predict_compounds(impatient, texts, faulty_predictors.described, workers=2)
    assert [(r.row, r.reason) for r in found.rejects if r.row not in (7, 20, 59)] == [
        (0, "timeout")
    ]
    assert len(found) == 60


def test_a_fitted_classifier_can_be_sent_to_another_process(small_model):
    model = of_model(small_model, 1)
    before = model.predict_proba(["CCO"])
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(["CCO"]), before)
