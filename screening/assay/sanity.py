"""What is probably not meant, or will not do: one plain sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from screening.assay.labels import Threshold
from screening.assay.tasks import ValueTask
from screening.assay.values.units import P_VALUE

FEW_COMPOUNDS = 30
FEW_OF_A_CLASS = 8
LOPSIDED = 0.02
# With fewer compounds of a class, no figure of a model means anything.
LEAST_OF_A_CLASS = 10


def warnings_before(
    task: ValueTask, asked: Threshold, types: Sequence[str] | None = None
) -> list[str]:
    """Return sentences on a threshold in the wrong direction, and on quantities that are mixed.

    Parameters
    ----------
    task
        The column, with its threshold in the unit of the column.
    asked
        The threshold as it was given.
    types
        What each row measured, where a column says it.
    """
    found = []
    scale = task.column.scale
    if scale.unit == P_VALUE and not task.threshold.active_is_above:
        found.append(
            f"{task.name} holds p-values, which are high for potent compounds, and active is "
            f"{asked.describe()}; --active-above is probably meant."
        )
    elif scale.logarithmic and task.threshold.active_is_above:
        found.append(
            f"{task.name} holds concentrations, which are low for potent compounds, and active is "
            f"{asked.describe()}; --active-below is probably meant."
        )
    measured = task.column.readings
    kinds = Counter(
        kind.strip()
        for kind, reading in zip(types or (), measured, strict=types is not None)
        if reading.measured and kind.strip()
    )
    if len(kinds) > 1:
        counts = ", ".join(f"{kind} {n}" for kind, n in kinds.most_common(6))
        more = ", ..." if len(kinds) > 6 else ""
        found.append(
            f"{task.name} mixes several measurements ({counts}{more}); "
            "they are not the same quantity, so a file of one of them makes a better model."
        )
    return found


def warnings_of(tasks: Sequence[str], labels: NDArray[np.float32]) -> list[str]:
    """Return sentences on tasks with few compounds, or few of a class.

    Parameters
    ----------
    tasks, labels
        Of the curated assay; labels of shape (n, n_tasks).
    """
    found = []
    for task, column in zip(tasks, labels.T, strict=True):
        active, inactive = int((column == 1).sum()), int((column == 0).sum())
        known = active + inactive
        if min(active, inactive) < LOPSIDED * known:
            found.append(
                f"{task}: {100 * active / known:.1f} % of {known} compounds are active; check the "
                "threshold."
            )
        if known < FEW_COMPOUNDS:
            found.append(
                f"{task}: only {known} compounds have a label; below {FEW_COMPOUNDS} a model is "
                "little better than a guess."
            )
        for name, count in (("active", active), ("inactive", inactive)):
            if count < FEW_OF_A_CLASS:
                found.append(
                    f"{task}: only {count} {name} compounds; below {FEW_OF_A_CLASS} a model learns "
                    "single compounds, not what they have in common."
                )
    return found


def too_few(tasks: Sequence[str], labels: NDArray[np.float32]) -> str:
    """Return a sentence on the first class with fewer than 10 compounds; empty if there is none."""
    for task, column in zip(tasks, labels.T, strict=True):
        for name, value in (("active", 1), ("inactive", 0)):
            count = int((column == value).sum())
            if count < LEAST_OF_A_CLASS:
                return (
                    f"{task}: {count} {name} compounds; with fewer than {LEAST_OF_A_CLASS} of a "
                    "class neither the model nor what is said of it can be trusted"
                )
    return ""
