"""What a stored model must be before anything is built of it, or divided by its numbers.

Sums tell that a file is what was written. They do not tell that what was written is a model: that
is looked at here, once, when a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.features import Encoder
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import TrainingTable

# Of what is divided by, or has its logarithm taken.
_LEAST = 1e-9

Arrays = Mapping[str, NDArray[Any]]


def require_finite(arrays: Arrays) -> None:
    """Refuse weights, limits and thresholds that are not numbers.

    Raises
    ------
    ValueError
        An array has NaN or infinity.
    """
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are no finite numbers")


def require_columns(encoder: Encoder, width: int) -> None:
    """Refuse an encoder of another width than what reads its columns, before a row is encoded.

    Raises
    ------
    ValueError
        The widths differ.
    """
    columns = sum(block.columns.stop - block.columns.start for block in encoder.blocks())
    if columns != width:
        raise ValueError(f"its encoder gives {columns} columns, and its networks see {width}")


def require_places(columns: NDArray[Any], width: int) -> None:
    """Refuse columns of a network that are not whole numbers, ascending, of an encoder's columns.

    Raises
    ------
    ValueError
        They are something else.
    """
    whole = columns.ndim == 1 and columns.dtype == np.int64 and len(columns) > 0
    _require(whole and bool((np.diff(columns) > 0).all()), "a network's columns are not in order")
    _require(columns[0] >= 0 and columns[-1] < width, "a network sees columns that there are not")


def require_sound(model: ScreeningModel) -> None:
    """Refuse what a score would be divided by, looked up in, or have the logarithm taken of.

    Raises
    ------
    ValueError
        A number is out of its range, a list is empty or not in order, or a compound has no label
        that there is.
    """
    for calibration in model.calibrations:
        _within("a base rate", calibration.base_rate, _LEAST, 1 - _LEAST)
        for slope in (calibration.slope_against, calibration.slope_for):
            _within("a slope of the calibration", slope, 0, np.inf)
        _within("an offset of the calibration", calibration.offset, -np.inf, np.inf)
    for conformal in model.conformals:
        for known, similarity in conformal.by_class():
            _ascending("the log odds of held-out compounds", known)
            near = known.shape == similarity.shape and bool(
                ((similarity >= 0) & (similarity <= 1)).all()
            )
            _require(near, "a held-out compound has no similarity from 0 to 1")
    for threshold in model.thresholds:
        _within("a threshold", threshold, 0, 1)
    _ascending("the novelties of held-out compounds", model.domain.novelties)
    _within("the limit of similarity", model.domain.similarity_limit, 0, 1)
    _within("the centre of the novelty", model.novelty.centre, -np.inf, np.inf)
    for blending in model.blend.blendings if model.blend else ():
        for spread in blending.spreads:
            _within("a spread of the blend", spread, _LEAST, np.inf)
        for weight in blending.weights:
            _within("a weight of the blend", weight, 0, 1)
        _within("the weight of the networks", blending.weights[0], _LEAST, 1)
    limits = model.options.limits
    _within("the most atoms of a molecule", limits.max_atoms, 1, np.inf)
    _within("the time for one molecule", limits.timeout_seconds, _LEAST, np.inf)
    _require_compounds(model.training)


def _require_compounds(table: TrainingTable) -> None:
    _require(len(table) > 0, "there are no training compounds")
    _require(
        all(isinstance(text, str) for text in (*table.ids, *table.smiles)),
        "a training compound has no name or no structure",
    )
    labels = table.labels
    _require(bool(np.isin(labels[~np.isnan(labels)], (0, 1)).all()), "a label is not 0 or 1")
    _require(not np.isinf(table.values).any(), "a measured value is infinite")


def _ascending(what: str, values: NDArray[Any]) -> None:
    _require(values.ndim == 1 and len(values) > 0, f"{what} are missing")
    _require(bool((np.diff(values) >= 0).all()), f"{what} are not in order")


def _within(what: str, value: float, low: float, high: float) -> None:
    known = isinstance(value, int | float) and np.isfinite(value) and low <= value <= high
    _require(bool(known), f"{what} is {value!r}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
