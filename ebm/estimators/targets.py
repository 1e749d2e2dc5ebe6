"""What a y is: two classes, several classes, or several yes/no labels with gaps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ebm.finetune.options import Task


@dataclass(frozen=True)
class Targets:
    """Targets as numbers.

    Attributes
    ----------
    task : {'binary', 'multi_class', 'multi_label'}
    classes : ndarray
        The classes, sorted; for multi-label the numbers of the columns.
    codes : ndarray of shape (n, 1) or (n, n_labels)
        Class numbers, or 0, 1 and NaN for a missing label.
    """

    task: Task
    classes: NDArray[Any]
    codes: NDArray[np.float64]

    @property
    def n_outputs(self) -> int:
        """Number of logits."""
        return 1 if self.task == "binary" else len(self.classes)


def encode_targets(y: Any, classes: NDArray[Any] | None = None) -> Targets:
    """Turn y into numbers.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_labels)
    classes : ndarray, optional
        Known classes, where y may lack some.

    Raises
    ------
    ValueError
        If y is not a classification target, has unknown classes, or two of them are lacking.
    """
    if sp.issparse(y):
        y = y.toarray()
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        return _encode_labels(y)
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ValueError("Input y contains NaN or infinity; drop rows that have no label")
    check_classification_targets(y)
    if classes is None:
        classes = np.unique(y)
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(f"y has classes that were not there at the first call: {unknown}")
    if len(classes) < 2:
        raise ValueError(f"y has one class only ({classes[0]!r}); a classifier needs two or more")
    codes = np.searchsorted(classes, y).astype(np.float64)[:, None]
    return Targets("binary" if len(classes) == 2 else "multi_class", classes, codes)


def _encode_labels(y: NDArray[Any]) -> Targets:
    try:
        codes = y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"labels of several columns must be 0, 1 or NaN: {error}") from error
    bad = ~(np.isnan(codes) | (codes == 0) | (codes == 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"labels of several columns must be 0, 1 or NaN (missing), but y[{row}, {column}] is "
            f"{codes[row, column]}"
        )
    return Targets("multi_label", np.arange(y.shape[1]), codes)
