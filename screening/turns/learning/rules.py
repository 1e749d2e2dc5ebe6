"""The rules of a model for its tasks: their columns in a table of results, their thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from screening.assay import Rule, Threshold, read_label
from screening.errors import UserError
from screening.model import ScreeningModel
from screening.tables import AssayTable

if TYPE_CHECKING:
    import pandas as pd


def columns_of_tasks(
    table: AssayTable, tasks: Sequence[str], targets: Sequence[str]
) -> dict[str, str]:
    """Return the column of each task that the table has results of.

    Parameters
    ----------
    table
    tasks
        Of the model.
    targets
        Names of columns, or `TASK=COLUMN`; columns with the names of the tasks where there are
        none.

    Raises
    ------
    UserError
        There is no such column, or it is not clear of which task one is.
    """
    if targets:
        return dict(_told(table, tasks, target) for target in targets)
    by_name = {name.casefold(): name for name in table.columns.names}
    found = {task: by_name[task.casefold()] for task in tasks if task.casefold() in by_name}
    if not found:
        one = "the column" if len(tasks) == 1 else "any column"
        raise UserError(
            f"{table.source} holds no results of this model's assay: it has not {one} "
            f"{', '.join(map(repr, tasks))} (its columns are {', '.join(table.columns.names)}). "
            "If it is the same assay under another name, give that with targets "
            "(--target-column)."
        )
    return found


def _told(table: AssayTable, tasks: Sequence[str], target: str) -> tuple[str, str]:
    task, divided, column = target.partition("=")
    option = "targets, --target-column"
    if divided and task in tasks:
        return task, table.column(column, option)
    name = table.column(target, option)
    if len(tasks) == 1:
        return tasks[0], name
    alike = [task for task in tasks if task.casefold() == name.casefold()]
    if not alike:
        raise UserError(
            f"{table.source}, column {name!r}: the model has the tasks {', '.join(tasks)}; say of "
            f"which one it is: --target-column {tasks[0]}={name}."
        )
    return alike[0], name


def has_values(model: ScreeningModel, task: str) -> bool:
    """Tell whether a model learned from measured values of a task."""
    values = model.training.values[:, model.tasks.index(task)]
    return not bool(np.isnan(values).all())


def rule_of(model: ScreeningModel, task: str) -> Rule | None:
    """Return the rule that the model's labels of a task were made by; None if there is none."""
    stored = model.provenance.get("rules", {}).get(task)
    return None if stored is None else Rule.from_dict(stored)


def threshold_of(model: ScreeningModel, task: str, given: Threshold | None) -> Threshold | None:
    """Return the threshold by which results of a task become labels; None for labels.

    Raises
    ------
    UserError
        The one that is given is another than the model's.
    """
    rule = rule_of(model, task)
    if rule is None:
        return given
    own = rule.threshold
    if given is not None:
        here = given.on(rule.scale)
        alike = here.active_is_above == own.active_is_above and np.isclose(here.value, own.value)
        if not alike:
            raise UserError(
                f"the model calls {task!r} active {own.describe()}, and this asks for "
                f"{given.describe()}: results are judged by the threshold that the model has. "
                "Leave the option out, or train a model with the other threshold."
            )
    return own


def holds_labels(cells: Sequence[str] | pd.Series[str]) -> bool:
    """Tell whether a column holds labels, and no values: words, or both 0 and 1 and nothing else.

    Examples
    --------
    >>> holds_labels(["1", "0", ""]), holds_labels(["active"]), holds_labels(["1", "1"])
    (True, True, False)
    """
    filled = {cell.strip() for cell in cells if cell.strip()}
    try:
        known = {cell: read_label(cell) for cell in filled}
    except ValueError:
        return False
    said = {cell: label for cell, label in known.items() if not np.isnan(label)}
    return any(cell[0].isalpha() for cell in said) or set(said.values()) == {0.0, 1.0}
