"""Predicted values of two models: on results that neither has seen, and trained again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from screening.assay import assay_of, make_threshold
from screening.evaluation.values import assess_values
from screening.model import ScreeningModel, load_model
from screening.turns.comparing.models.retrained import Splits, compare_retrained
from screening.turns.comparing.models.two_models import TwoModels
from screening.turns.comparing.models.unseen import compare_unseen

TASK = "IC50 [nM]"
OFF = 2.0


@pytest.fixture(scope="module")
def two(valued_file) -> TwoModels:
    """A model, and the same with values that are a hundred times too potent."""
    model = load_model(valued_file)
    wrong = replace(model.values[TASK], mean=model.values[TASK].mean + OFF)
    second = replace(model, values={TASK: wrong}, model_hash="")
    return TwoModels(model, second, ("right.ebm", "wrong.ebm"))


@pytest.fixture(scope="module")
def new_compounds(samples, nanomolar) -> pd.DataFrame:
    """Forty compounds that the model has not seen, with their pIC50."""
    table = pd.read_csv(samples / "bace.csv")
    known = set(nanomolar["smiles"])
    return table[~table["mol"].isin(known)].iloc[::30][:40].reset_index(drop=True)


def results(table: pd.DataFrame, values, unit: str, **threshold):
    column = pd.Series(values, name=f"IC50 [{unit}]" if unit else "pIC50")
    return assay_of(table["mol"], column, threshold=make_threshold(**threshold))[0]


def figures(found) -> pd.DataFrame:
    return found.tables["figures"].set_index("figure")


def test_values_of_new_compounds_are_judged_in_any_unit(two, new_compounds):
    potency = new_compounds["pIC50"].to_numpy()
    by_unit = [
        results(new_compounds, 10 ** (9 - potency), "nM", active_above=None, active_below=200.0),
        results(new_compounds, 10 ** (6 - potency), "uM", active_above=None, active_below=0.2),
        results(new_compounds, potency, "", active_above=6.7, active_below=None),
    ]
    for assay in by_unit:
        found = compare_unseen(two, assay, assay.smiles)
        table = found.tables["compounds"]
        used = (table.left_out == "").to_numpy()
        said = 9 - np.log10(table[f"value_a_{TASK}"].to_numpy())
        truth = pd.Series(potency, index=range(len(potency)))[assay.rows].to_numpy()
        own = assess_values(truth[used], said[used])
        moved = assess_values(truth[used], said[used] + OFF)
        told = figures(found)
        for key in ("rmse", "mae"):
            assert told.a[key] == pytest.approx(getattr(own, key), abs=2e-5)
            assert told.b[key] == pytest.approx(getattr(moved, key), abs=2e-5)
        assert told.difference["spearman"] == 0
        assert told.low["rmse"] > 0
        assert "The predicted values of A are closer to the measured ones: RMSE" in str(found)


def test_limits_do_not_count(two, new_compounds):
    values = [f"{10 ** (9 - p):.4g}" for p in new_compounds["pIC50"]]
    whole = results(new_compounds, values, "nM", active_above=None, active_below=200.0)
    weak = [f">{v}" if float(v) > 3000 else v for v in values]
    limited = results(new_compounds, weak, "nM", active_above=None, active_below=200.0)
    exact = sum(not value.startswith(">") for value in weak)
    assert 10 < exact < len(weak)
    told = str(compare_unseen(two, limited, limited.smiles))
    assert f"on {exact} compounds with a measured value" in told
    assert f"on {len(weak)} compounds with a measured value" in str(
        compare_unseen(two, whole, whole.smiles)
    )


def test_values_in_units_that_nothing_joins_are_named_and_not_judged(two, new_compounds):
    percent = results(
        new_compounds, 10 * new_compounds["pIC50"], "%", active_above=67.0, active_below=None
    )
    found = compare_unseen(two, percent, percent.smiles)
    assert "Predicted values are not judged: A counts in nM, B in nM, and the results" in str(found)
    assert "rmse" not in figures(found).index


def test_models_of_classes_have_no_values_to_judge(model_file, new_compounds):
    model: ScreeningModel = load_model(model_file)
    potency = results(
        new_compounds, new_compounds["pIC50"], "", active_above=6.7, active_below=None
    )
    found = compare_unseen(TwoModels(model, model, ("a", "b")), potency, potency.smiles)
    assert "values" not in str(found)
    assert not [name for name in found.tables["compounds"] if name.startswith("value_")]


def test_trained_again_values_are_judged_on_the_same_splits(two, valued_assay, tmp_path):
    second = replace(two.first.options, blend="none", seed=0)
    given = TwoModels(two.first, replace(two.second, options=second), two.names)
    texts = list(valued_assay.smiles)
    found = compare_retrained(given, valued_assay, texts, Splits("random", 2), folder=tmp_path)
    splits = found.tables["splits"]
    told = figures(found)
    for letter, column in (("A", "a"), ("B", "b")):
        own = splits[splits.model == letter]
        assert len(own) == 2
        assert (own.n_values > 10).all()
        assert told[column]["rmse"] == pytest.approx(own.rmse.mean())
    assert 0 < told.a["rmse"] < 2
    assert "The predicted values" in str(found)
    again = compare_retrained(given, valued_assay, texts, Splits("random", 2), folder=tmp_path)
    pd.testing.assert_frame_equal(again.tables["figures"], found.tables["figures"])
