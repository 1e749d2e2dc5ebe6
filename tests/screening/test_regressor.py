"""The regressor: scikit-learn's contract, values of any unit, rows in their places."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV

from screening import (
    ScreeningClassifier,
    ScreeningRegressor,
    UserError,
    load_model,
    predict,
    read_assay,
    sample,
)
from screening.model import ModelOptions
from screening.model import load_model as read_model
from tests.few_trees import few_trees

SMALL = {"folds": 2, "progress": False}


def small(**others) -> ScreeningRegressor:
    return ScreeningRegressor(**{**SMALL, **others})


@pytest.fixture(scope="module", autouse=True)
def _few_trees():
    with few_trees():
        yield


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(sample("bace.csv")).iloc[::16].reset_index(drop=True)


@pytest.fixture(scope="module")
def in_nm(table) -> pd.Series:
    return (10 ** (9 - table["pIC50"])).rename("IC50 [nM]")


@pytest.fixture(scope="module")
def fitted(table, in_nm) -> ScreeningRegressor:
    cells = in_nm.map("{:.8g}".format).where(in_nm < 5000, ">5000")
    return small().fit(table["mol"], cells)


def test_the_defaults_are_those_of_the_model():
    own = inspect.signature(ScreeningRegressor).parameters
    options = ModelOptions()
    for field in fields(ModelOptions):
        if field.name in own and field.name != "blend":
            assert own[field.name].default == getattr(options, field.name)
    assert own["max_atoms"].default == options.limits.max_atoms
    assert own["random_state"].default == options.seed
    model = small(unit="nM")
    assert clone(model).get_params() == model.get_params()


def test_values_are_in_their_unit_and_lie_in_their_interval(fitted, table, in_nm):
    assert fitted.units_ == ("nM",)
    said = fitted.predict(table["mol"])
    low, high = fitted.predict_interval(table["mol"], risk=0.2).T
    assert ((low < said) & (said < high)).all()
    wider = fitted.predict_interval(table["mol"], risk=0.1)
    assert (wider[:, 1] >= high).all()
    exact = (in_nm < 5000).to_numpy()
    logs = np.log10(in_nm[exact]), np.log10(said[exact])
    assert fitted.score(table["mol"], in_nm.where(exact)) == pytest.approx(r2_score(*logs))
    assert fitted.score(table["mol"], in_nm.where(exact)) > 0.5
    assert np.isnan(fitted.score(table["mol"][:3], [None, ">3", ""]))
    with pytest.raises(ValueError, match="risk"):
        fitted.predict_interval(["CCO"], risk=1)


def test_one_bad_compound_shifts_no_row(fitted, table):
    good = list(table["mol"][:2])
    mixed = [good[0], "C1CC", None, good[1]]
    found = fitted.predict(mixed)
    assert np.array_equal(found[[0, 3]], fitted.predict(good))
    assert np.isnan(found[1:3]).all()
    assert np.isnan(fitted.predict_interval(mixed)[1:3]).all()
    rows = fitted.predict_table(mixed, ids=list("abcd"))
    assert rows["id"].tolist() == list("abcd")
    assert rows["reason"].tolist() == ["", "parse", "empty", ""]
    np.testing.assert_array_equal(rows["value"], found)
    np.testing.assert_allclose(rows["potency"], 9 - np.log10(found), atol=1e-5)
    assert rows["in_training"].tolist()[::3] == [True, True]
    assert rows["nearest_similarity"].tolist()[::3] == [1, 1]
    assert rows["nearest_value"][3] == fitted.model_.training.values[1, 0]
    assert fitted.predict([]).shape == (0,)
    assert len(fitted.predict_table([])) == 0


def test_a_saved_model_is_the_same_regressor(fitted, table, tmp_path):
    path = tmp_path / "values.ebm"
    fitted.save(path)
    again = load_model(path)
    assert isinstance(again, ScreeningRegressor)
    assert again.get_params() == {**fitted.get_params(), "progress": True}
    texts = [*table["mol"][:5], "C1CC"]
    assert np.array_equal(again.predict(texts), fitted.predict(texts), equal_nan=True)
    pd.testing.assert_frame_equal(again.predict_table(texts), fitted.predict_table(texts))
    pd.testing.assert_frame_equal(again.quality_, fitted.quality_)
    assert again.ledger_ == fitted.ledger_
    pd.testing.assert_frame_equal(predict(texts, path), fitted.predict_table(texts))
    with pytest.raises(UserError, match="knows no classes"):
        read_model(path)
    damaged = tmp_path / "damaged.ebm"
    damaged.write_bytes(
        path.read_bytes().replace(b'"similarity_limit": 0', b'"similarity_limit": 7')
    )
    with pytest.raises(UserError, match="damaged"):
        load_model(damaged)


def test_it_is_judged_without_what_it_learned_from(fitted):
    figures = fitted.quality_.loc["IC50 [nM]"]
    assert set(figures.index) == {"ebmscreen", "Kernel machine", "Random forest"}
    said = fitted.model_.training.held_out_values["ebmscreen"][:, 0]
    known = fitted.model_.training
    exact = (known.relations[:, 0] == "=") & ~np.isnan(said)
    off = np.log10(said[exact] / known.values[exact, 0])
    assert figures.loc["ebmscreen", "rmse"] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-4)


def test_units_are_brought_to_one(table, in_nm):
    few = table["mol"][:40]
    micro = (in_nm[:40] / 1000).map("{:.8g} uM".format)
    of_texts = small(unit="nM", blend="none").fit(few, micro)
    of_numbers = small(unit="nM", blend="none").fit(few, in_nm[:40].to_numpy())
    assert of_texts.units_ == of_numbers.units_ == ("nM",)
    np.testing.assert_allclose(of_texts.predict(few), of_numbers.predict(few), rtol=1e-5)
    of_p = small(unit="p", blend="none").fit(few, micro)
    np.testing.assert_allclose(of_p.predict(few), 9 - np.log10(of_texts.predict(few)), atol=1e-4)
    with pytest.raises(UserError, match="nM"):
        small(unit="nM").fit(few, ["50 %"] * 40)


def test_too_little_to_learn_from_is_said(table):
    with pytest.raises(ValueError, match="has 9 measured values"):
        small().fit(table["mol"][:9], np.arange(9))
    with pytest.raises(ValueError, match="all alike"):
        small().fit(table["mol"][:20], np.ones(20))
    with pytest.raises(ValueError, match="no limits"):
        small().fit(table["mol"][:20], [">5"] * 20)
    with pytest.raises(ValueError, match="forest or none"):
        small(blend="all").fit(table["mol"][:20], np.arange(20))
    with pytest.warns(UserWarning, match="1 row rejected"):
        small(blend="none").fit([*table["mol"][:20], "C1CC"], np.arange(21))


def test_several_tasks_an_assay_and_a_search(table, tmp_path):
    few = table[:40]
    y = few[["pIC50", "MW"]].copy()
    y.loc[3, "MW"] = np.nan
    model = small(blend="none").fit(few["mol"], y)
    assert model.units_ == ("p", "")
    assert model.predict(few["mol"]).shape == (40, 2)
    assert model.predict_interval(few["mol"][:3]).shape == (3, 2, 2)
    assert {"value_pIC50", "potency_pIC50", "value_MW"} <= set(model.predict_table(["CCO"]))
    assert "potency_MW" not in model.predict_table(["CCO"])
    assert model.score(few["mol"], y) > 0.5

    few.to_csv(tmp_path / "assay.csv", index=False)
    assay = read_assay(tmp_path / "assay.csv", smiles_column="mol", targets="pIC50", active_above=7)
    of_assay = small(blend="none").fit(assay).predict(["CCO"])
    alone = small(blend="none").fit(few["mol"], few["pIC50"])
    assert np.array_equal(of_assay, alone.predict(["CCO"]))
    labels = read_assay(tmp_path / "assay.csv", smiles_column="mol", targets="Class")
    with pytest.raises(UserError, match="labels"):
        small().fit(labels)

    search = GridSearchCV(small(blend="none"), {"standardize": ["none", "parent"]}, cv=2)
    assert np.isfinite(search.fit(few["mol"], few["pIC50"]).best_score_)


def test_a_classifier_of_values_tells_them_too(valued_file):
    model = load_model(valued_file)
    assert isinstance(model, ScreeningClassifier)
    assert {"score", "value", "value_low", "value_high", "potency"} <= set(
        model.predict_table(["CCO"])
    )
