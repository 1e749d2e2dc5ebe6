"""A model that predicts values: in every table, in the unit of the assay, whole in its file."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from screening import pick
from screening.errors import UserError
from screening.evaluation import assess_values, values_text
from screening.learners.values.voices import TITLES
from screening.library import ScreenOptions, screen
from screening.library.predict import predict_compounds, told
from screening.model import ScreeningModel, ValueModel, load_model, save_model

TOLD = partial(told, risk=0.1, prevalence=None)


@pytest.fixture(scope="module")
def valued(valued_file) -> ScreeningModel:
    return load_model(valued_file)


def test_it_is_told_in_the_unit_and_as_a_potency(valued, valued_assay) -> None:
    table = predict_compounds(valued, valued_assay.smiles[:60], TOLD).known.to_pandas()
    value, low, high, potency = (
        table[name] for name in ("value", "value_low", "value_high", "potency")
    )
    np.testing.assert_allclose(potency, 9 - np.log10(value), atol=1e-5)
    assert ((low < value) & (value < high)).all()
    # The same factor to both sides: intervals are of logarithms.
    np.testing.assert_allclose(value / low, high / value, rtol=1e-4)
    exact = valued_assay.relations[:60, 0] == "="
    assert spearmanr(value[exact], valued_assay.values[:60, 0][exact]).statistic > 0.8


def test_a_smaller_risk_is_a_wider_interval_and_one_too_small_has_no_end(valued) -> None:
    own = valued.values["IC50 [nM]"]
    ends = [own.interval(np.zeros(1), np.ones(1), risk) for risk in (0.3, 0.1)]
    assert ends[1][0] < ends[0][0] < ends[0][1] < ends[1][1]
    assert np.isnan(own.interval(np.zeros(1), np.ones(1), 0.001)).all()


def test_values_do_not_depend_on_company_and_are_read_as_they_were_written(
    valued, valued_assay, tmp_path
) -> None:
    mols = valued_assay.mols
    together = valued.score_molecules(mols)
    alone = valued.score_molecules(mols[5:6])
    np.testing.assert_array_equal(alone.value, together.value[5:6])
    save_model(valued, tmp_path / "again.ebm")
    again = load_model(tmp_path / "again.ebm").score_molecules(mols)
    np.testing.assert_array_equal(again.value, together.value)
    np.testing.assert_array_equal(again.value_spread, together.value_spread)


def test_voices_may_be_stored_by_their_titles(valued) -> None:
    own = valued.values["IC50 [nM]"]
    numbers, arrays = own.to_state()
    assert set(numbers["weights"]) <= set(TITLES)
    titled = {TITLES[name]: weight for name, weight in numbers["weights"].items()}
    widths = {"morgan_counts": 2048}
    again = ValueModel.from_state(
        {**numbers, "weights": titled},
        arrays,
        widths=widths,
        n_columns=len(valued.encoder.get_feature_names_out()),
    )
    assert again.weights == own.weights


def test_held_out_figures_are_kept_and_told(valued, valued_assay) -> None:
    found = valued.quality["values"]["IC50 [nM]"]
    known = valued_assay.values[:, 0]
    said = valued.training.held_out_values["ebmscreen"][:, 0]
    exact = (valued_assay.relations[:, 0] == "=") & ~np.isnan(said)
    off = np.log10(said[exact] / known[exact])
    assert found["models"]["ebmscreen"]["n"] == exact.sum() < len(known)
    assert found["models"]["ebmscreen"]["rmse"] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-4)
    assert sum(found["weights"].values()) == pytest.approx(1, abs=0.01)
    text = values_text(valued.quality)
    assert all(word in text for word in ("IC50 [nM]", "RMSE", "Random forest"))


def test_a_run_ranked_by_value_has_its_best_values_bought(valued_file, samples, tmp_path):
    library = pd.read_csv(samples / "bace.csv")[["mol"]].iloc[5::60].set_axis(["smiles"], axis=1)
    library.to_csv(tmp_path / "new.csv", index=False)
    by_value = ScreenOptions(top=20, rank_by="value")
    hits = screen([str(tmp_path / "new.csv")], valued_file, tmp_path / "run", by_value).hits
    plate = pick(tmp_path / "run", 5)
    assert plate.table["value"].is_monotonic_increasing
    assert plate.table["value"].max() < np.median(hits.described["value"].to_numpy())
    assert "(exploit: the best predicted values)" in next(plate.sentences())


def test_a_library_is_ranked_by_value_and_the_most_potent_come_first(
    valued_file, nanomolar, tmp_path
) -> None:
    library = tmp_path / "library.csv"
    nanomolar[::3].to_csv(library, index=False)
    run = tmp_path / "run"
    found = screen([str(library)], valued_file, run, ScreenOptions(top=20, rank_by="value")).hits
    values = found.described["value"].to_pylist()
    assert values == sorted(values)
    assert found.ranked.by == "value"
    header = (run / "hits.csv").read_text().splitlines()[0].split(",")
    assert header[8:12] == ["value", "value_low", "value_high", "potency"]
    assert json.loads((run / "run.json").read_text())["values"] == ["IC50 [nM]"]
    worst = ScreenOptions(top=20, rank_by="value:IC50 [nM]", wanted="inactive")
    turned = screen([str(library)], valued_file, run, worst).hits.described["value"].to_pylist()
    assert turned == sorted(turned, reverse=True)
    with pytest.raises(UserError, match="passes rows over"):
        screen(
            [str(library)],
            valued_file,
            tmp_path / "other",
            ScreenOptions(rank_by="value", first_pass="on"),
        )


def test_a_model_of_classes_has_no_values(small_model, model_file, small_assay, tmp_path) -> None:
    assert not small_model.values
    assert np.isnan(small_model.score_molecules(small_assay.mols[:3]).value).all()
    table = predict_compounds(small_model, small_assay.smiles[:3], TOLD).known
    assert not {"value", "potency"} & set(table.column_names)
    library = tmp_path / "library.csv"
    library.write_text("smiles\nCCO\n")
    with pytest.raises(UserError, match="predicts no values of Class"):
        screen([str(library)], model_file, tmp_path / "run", ScreenOptions(rank_by="value"))


def test_figures_are_what_they_are_called() -> None:
    measured, said = np.array([1.0, 2, 3, 5]), np.array([1.5, 2, 2, 6])
    found = assess_values(measured, said, reach=np.array([0.6, 0.1, 0.5, 2]))
    assert (found.n, found.mae, found.coverage) == (4, 0.625, 0.75)
    assert found.rmse == pytest.approx(np.sqrt((0.25 + 1 + 1) / 4))
    assert found.spearman == pytest.approx(spearmanr(measured, said).statistic)
    assert np.isnan(assess_values(measured, np.ones(4)).spearman)
