"""scikit-learn's own checks of the estimators, by way of molecules that stand for numbers.

The checks feed tables of numbers. Each row becomes a molecule here, so that everything else that
they ask is asked of the estimator itself: labels, orders of rows, copies, repeated fits.
"""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from screening import ScreeningClassifier, ScreeningRegressor
from screening.learners.forest import learner

FAILING = {
    "check_classifiers_classes": "the labels 'one' and 'two' do not say which is the active one",
    "check_array_api_input": "molecules are no arrays of an accelerator",
}
FAILING_VALUES = {
    "check_fit2d_1feature": "its ten numbers are nine molecules, and ten are needed",
    "check_array_api_input": "molecules are no arrays of an accelerator",
}


def molecule(row: np.ndarray) -> str:
    """Return a ring that bears one chain a number, whose atoms are its digits."""
    return f"C1CC1{''.join(f'C({_chain(float(value))})' for value in row)}C"


def _chain(value: float) -> str:
    sign, number = ("N" if value < 0 else "C"), round(64 * abs(value)) % 4**6
    digits = [number // 4**place % 4 for place in range(6)]
    return sign + "".join(("CC", "OC", "SC", "NC")[digit] for digit in digits)


class OverNumbers(ScreeningClassifier):
    """The classifier, fed with numbers."""

    def _curated(self, X, y, options):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        return super()._curated([molecule(row) for row in X], y, options)

    def _active(self, X):
        return super()._active([molecule(row) for row in validate_data(self, X, reset=False)])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = tags.input_tags.allow_nan = False
        tags.target_tags.multi_output = tags.classifier_tags.multi_label = False
        # What the blobs of the checks have in common is no substructure.
        tags.classifier_tags.poor_score = True
        return tags


class ValuesOverNumbers(ScreeningRegressor):
    """The regressor, fed with numbers."""

    def _measured(self, X, y, options):
        X, y = validate_data(self, X, y, y_numeric=True)
        return super()._measured([molecule(row) for row in X], y, options)

    def _told(self, X):
        return super()._told([molecule(row) for row in validate_data(self, X, reset=False)])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = tags.input_tags.allow_nan = False
        tags.target_tags.multi_output = False
        tags.regressor_tags.poor_score = True
        return tags


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch):
    """The baseline beside the model would take most of the time, and is asked nothing."""
    monkeypatch.setattr(learner, "HELD_OUT_TREES", 3)


@parametrize_with_checks(
    [
        OverNumbers(
            features=("descriptors",),
            hidden=(4,),
            ensemble_size=1,
            pretrain="none",
            epochs=1,
            folds=2,
            blend="none",
            standardize="none",
            conflicts="majority",
            progress=False,
        ),
        ValuesOverNumbers(
            features=("descriptors",), blend="none", folds=2, standardize="none", progress=False
        ),
    ],
    expected_failed_checks=lambda estimator: (
        FAILING if isinstance(estimator, OverNumbers) else FAILING_VALUES
    ),
)
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
