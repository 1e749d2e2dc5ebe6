"""From compounds and measured values in memory to an assay without classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.assay.curation import Assay, gather, measured_task
from screening.assay.ledger import Ledger
from screening.assay.reading import as_cell, table_of, target_columns
from screening.assay.values.beside import Beside
from screening.assay.values.column import OtherUnitsError, Scale, read_values
from screening.assay.values.units import P_VALUE, Unit, unit_of
from screening.chemistry import Limits, Standardiser
from screening.errors import UserError


@dataclass(frozen=True)
class MeasuredAssay:
    """Compounds with measured values.

    Attributes
    ----------
    assay : Assay
        Its labels are missing, all of them.
    scales : tuple of Scale
        What the values of each task are counted in.
    """

    assay: Assay
    scales: tuple[Scale, ...]

    @classmethod
    def of(cls, assay: Assay) -> MeasuredAssay:
        """Return the values of an assay that a threshold made classes of.

        Raises
        ------
        UserError
            A task has labels alone.
        """
        for task in assay.tasks:
            if task not in assay.rules:
                raise UserError(f"{task} has labels, and no measured values to learn from.")
        return cls(assay, tuple(assay.rules[task].scale for task in assay.tasks))


def measured_assay(
    X: Any,
    y: Any,
    *,
    unit: str | None = None,
    standardiser: Standardiser,
    limits: Limits,
    workers: int = 1,
) -> MeasuredAssay:
    """Make an assay of compounds and measured values; repeated structures get their median.

    Parameters
    ----------
    X : sequence of n str or Mol
    y : sequence of n values, or table of shape (n, n_tasks)
        Numbers, or texts with a unit or a limit (`">10 uM"`). None, NaN and empty texts are
        missing.
    unit
        That values are brought to, and that numbers without a unit are in; that of most values, or
        of the column's name, when None.
    standardiser, limits, workers
        As for `curate`.

    Raises
    ------
    ValueError
        y has another length than X.
    UserError
        A text is no value, no value can be brought to the unit, or no compound is left.
    """
    columns = target_columns(y)
    # Beside each row, for numbers that say none themselves.
    wanted = None if unit is None else named_unit(unit)
    beside = {}
    if wanted is not None:
        beside = {_beside(name): [_text(wanted)] * len(v) for name, v in columns.items()}
    table = table_of(X, {**columns, **beside})
    ledger = Ledger(source=table.source, read=len(table.cells), place=table.place)
    tasks = []
    for name in columns:
        own = Beside() if unit is None else Beside(units=_beside(name))
        try:
            tasks.append(measured_task(table, name, own, wanted, ledger))
        except OtherUnitsError as error:
            raise UserError(f"no value of {name!r} can be brought to {unit}.") from error
    assay = gather(table, tasks, ledger, standardiser=standardiser, limits=limits, workers=workers)
    if not len(assay):
        raise UserError(f"{ledger.source}: no compound is left after curation.")
    return MeasuredAssay(assay, tuple(task.column.scale for task in tasks))


def named_unit(name: str) -> Unit:
    """Return the unit of a name; `p` is -log10 of mol/L."""
    return P_VALUE if name == P_VALUE.name else unit_of(name)


def _text(unit: Unit) -> str:
    """Return a unit as a cell may have it."""
    return "-log(M)" if unit == P_VALUE else unit.name


def _beside(name: str) -> str:
    return f"{name} (unit)"


def exact_values(y: Any, units: list[Unit | None]) -> NDArray[np.float64]:
    """Return measured values in the units of a model, shape (n, n_tasks).

    NaN where there is none, where it is a limit, or where the molecular weight would be needed.

    Raises
    ------
    ValueError
        A text is no value, or y has another number of tasks.
    """
    columns = target_columns(y)
    if len(columns) != len(units):
        raise ValueError(f"the model has {len(units)} tasks, and y has {len(columns)}.")
    found = []
    for (name, values), unit in zip(columns.items(), units, strict=True):
        cells = [as_cell(value) for value in values]
        beside = None if unit is None else [_text(unit)] * len(cells)
        column = read_values(name, cells, units=beside, wanted=unit)
        readings = (column if unit is None else column.brought_to(unit)).readings
        found.append([r.value if r.usable and r.relation == "=" else np.nan for r in readings])
    return np.array(found, dtype=np.float64).T.reshape(-1, len(units))
