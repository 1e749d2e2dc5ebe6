"""What networks and forest are taught of each compound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay, graded_labels
from screening.model.options import ModelOptions


def lessons(
    assay: Assay, rows: NDArray[np.int64] | slice, options: ModelOptions
) -> NDArray[np.float32]:
    """Return the labels of some compounds as they are taught, shape (n, n_tasks).

    Graded by the measured values, among these compounds alone, or 1 and 0; NaN where missing.
    """
    labels = assay.labels[rows]
    return labels if options.labels == "hard" else graded_labels(labels, assay.values[rows])


def graded_sentences(assay: Assay, options: ModelOptions) -> Iterator[str]:
    """Say for each task with measured values how many labels are graded by them."""
    taught = lessons(assay, slice(None), options)
    for name, column in zip(assay.tasks, taught.T, strict=True):
        count = int(((column > 0) & (column < 1)).sum())
        if count:
            yield (
                f"{count} labels of {name} are graded by their distance to the threshold "
                "(--labels hard: active or inactive)."
            )
