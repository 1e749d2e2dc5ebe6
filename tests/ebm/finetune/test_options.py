"""The settings of fine-tuning, and the learning rate as a function of the step."""

import pytest

from ebm import FinetuneOptions
from ebm.finetune.options import END_FRACTION, START_FRACTION, rate_fraction

STEPS = 101


def rates(schedule):
    return [rate_fraction(step, STEPS, schedule) for step in range(STEPS)]


def test_one_cycle_rises_then_falls():
    values = rates("one_cycle")
    assert values[0] == pytest.approx(START_FRACTION)
    assert values[30] == pytest.approx(1)
    assert values[15] == pytest.approx((START_FRACTION + 1) / 2)
    assert values[-1] == pytest.approx(END_FRACTION)
    assert values[:31] == sorted(values[:31])
    assert values[30:] == sorted(values[30:], reverse=True)


def test_cosine_falls_and_constant_stays():
    values = rates("cosine")
    assert values == sorted(values, reverse=True)
    assert (values[0], values[-1]) == (pytest.approx(1), pytest.approx(END_FRACTION))
    assert set(rates("constant")) == {1.0}


def test_a_training_of_one_step_has_a_rate():
    assert all(rate_fraction(0, 1, s) > 0 for s in ("one_cycle", "cosine", "constant"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"schedule": "linear"},
        {"task": "ranking"},
        {"optimiser": "lion"},
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"patience": 0},
        {"label_smoothing": 1.0},
        {"class_weight": "auto"},
    ],
)
def test_impossible_options_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FinetuneOptions(**wrong)


def test_options_survive_json():
    options = FinetuneOptions(task="multi_label", class_weight=[[1.0, 2.0]], patience=None)
    assert FinetuneOptions.from_dict(options.to_dict()) == options
    with pytest.raises(TypeError):
        FinetuneOptions.from_dict({"epoch": 3})
