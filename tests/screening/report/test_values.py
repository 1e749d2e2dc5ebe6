"""Predicted values on the page: in the unit, with their interval, beside what was measured."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from screening.evaluation import values_sentence
from screening.library.predict import predict_compounds, told
from screening.model import ScreeningModel, load_model
from screening.report.cards import valued
from screening.report.panels.values import values_of
from screening.report.qmrf import model_card, qmrf_sections
from screening.report.wording import values_range


@pytest.fixture(scope="module")
def model(valued_file) -> ScreeningModel:
    return load_model(valued_file)


def test_a_record_has_value_interval_and_potency(model, small_model) -> None:
    finish = partial(told, risk=0.1, prevalence=None)
    row = predict_compounds(model, ["CCO"], finish).known.to_pylist()[0]
    found = valued(row, model, model.tasks[0])
    low, high = found["ends"]
    assert low < found["value"] < high
    assert found["unit"] == "nM"
    assert found["potency"] == pytest.approx(9 - np.log10(found["value"]), abs=1e-4)
    few = [{"value": value, "unit": "nM"} for value in (3.0, 0.5, 40.0)]
    assert values_range(few) == " Their predicted values are 0.5 to 40 nM, half below 3."
    nothing = valued(row, small_model, small_model.tasks[0])
    assert nothing["value"] is None
    assert values_range([nothing]) == ""


def test_held_out_values_are_drawn_and_told(model, small_model) -> None:
    task = model.tasks[0]
    found = values_of(model, task)
    assert found is not None
    figures = model.quality["values"][task]["models"]
    assert f"Predicted values of {figures['ebmscreen']['n']} held-out" in found["sentence"]
    assert f"(random forest {figures['Random forest']['rmse']:.3f})" in found["sentence"]
    assert found["plot"].svg.count("<use") >= figures["ebmscreen"]["n"]
    assert "log10 of mol/L" in found["plot"].svg
    assert values_of(small_model, small_model.tasks[0]) is None
    assert values_sentence(None, "ebmscreen", "Random forest") == ""


def test_the_qmrf_says_how_values_are_predicted(model, small_model) -> None:
    text = " ".join(p for section in qmrf_sections(model) for p in section.paragraphs)
    assert "Measured values are predicted by a kernel machine" in text
    assert "Predicted values of" in text
    assert "values" in dict(model_card(model))
    assert "values" not in dict(model_card(small_model))
