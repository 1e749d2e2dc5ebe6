"""A gain is a gain only beyond its error."""

import json

import numpy as np
import pytest

from screening.learners import ModelOptions
from screening.tuning import Comparison, Trial, Tuned, Verdict


def test_the_standard_error_knows_that_folds_overlap():
    default, chosen = (0.80, 0.70, 0.75, 0.90), (0.82, 0.71, 0.80, 0.90)
    comparison = Comparison(default, chosen)
    differences = np.subtract(chosen, default)
    assert comparison.gain == pytest.approx(differences.mean())
    # Nadeau and Bengio: 1/J + test/train, and of four folds each learns from three times its size.
    wanted = differences.std(ddof=1) * np.sqrt(1 / 4 + 1 / 3)
    assert comparison.standard_error == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("default", "chosen", "better"),
    [
        ((0.80, 0.70, 0.75), (0.85, 0.75, 0.80), True),
        ((0.80, 0.70, 0.75), (0.85, 0.65, 0.76), False),
        ((0.80, 0.70, 0.75), (0.75, 0.65, 0.70), False),
        ((0.80, 0.70, 0.75), (0.80, 0.70, 0.75), False),
        ((0.80,), (0.99,), False),
    ],
)
def test_a_gain_within_its_error_is_noise(default, chosen, better):
    assert Comparison(default, chosen).is_more_than_noise is better


def test_the_record_can_be_kept_in_the_model_file():
    trials = (Trial(0, {"epochs": 30}, (0.7, 0.8)), Trial(1, {"epochs": 12}, (0.9, 0.8)))
    tuned = Tuned(
        ModelOptions(epochs=12),
        ModelOptions(),
        trials,
        trials[1],
        Comparison((0.7,), (0.8,)),
        Verdict(40, 0.7, 0.75),
    )
    stored = json.loads(json.dumps(tuned.to_dict(), allow_nan=False))
    assert stored["changed"]
    assert stored["best"] == 1
    assert [trial["score"] for trial in stored["trials"]] == [0.75, 0.85]
    assert stored["trials"][1]["settings"] == {"epochs": 12}
    assert stored["confirmed"]["gain"] == pytest.approx(0.1)
    assert stored["confirmed"]["standard_error"] is None
    assert stored["unseen"] == {"n": 40, "default": 0.7, "chosen": 0.75}
