"""Results that came back, read as the tasks of the model have them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.assay import Assay, Conflicts, Ledger, Threshold, make_threshold
from screening.assay.curation import gather, label_task, value_task
from screening.assay.structures import Structure, read_structures
from screening.assay.tasks import LabelTask, Task, ValueTask
from screening.assay.values.beside import columns_beside
from screening.assay.values.column import OtherUnitsError
from screening.assay.values.units import P_VALUE, Unit
from screening.chemistry import Failure, Standardiser, shortened
from screening.errors import UserError
from screening.hits.scored_rows import structures_named
from screening.model import ScreeningModel, file_hash
from screening.tables import (
    Announce,
    AssayTable,
    Columns,
    NoStructuresError,
    Origin,
    names_column,
    read_table,
    silent,
)
from screening.tables.columns import Wanted, choose_columns
from screening.turns.learning.rules import (
    columns_of_tasks,
    has_values,
    holds_labels,
    rule_of,
    threshold_of,
)

if TYPE_CHECKING:
    import pandas as pd

NO_COLUMN = "none"
# Of a table in memory.
IN_MEMORY = "the results"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class ResultsOptions:
    """How a table of results is read; see `screening.learn`."""

    run: Path | None = None
    smiles_column: str | None = None
    id_column: str | None = None
    sheet: str | None = None
    targets: tuple[str, ...] = ()
    active_above: float | str | None = None
    active_below: float | str | None = None
    relation_column: str | None = None
    units_column: str | None = None
    conflicts: Conflicts | None = None
    date: str = ""
    date_column: str | None = None

    @property
    def threshold(self) -> Threshold | None:
        """What is asked for; None where the model's own is to be used."""
        return make_threshold(self.active_above, self.active_below)


@dataclass(frozen=True)
class Results:
    """Results of a model's tasks.

    Attributes
    ----------
    assay : Assay
        Curated by themselves, with the tasks of the model in its order: labels are NaN where the
        table says nothing of a task. Its values are in the units of its own rules.
    name, sha256 : str
        Of the file.
    date : str
        Of the newest; empty where nothing says it.
    """

    assay: Assay
    name: str
    sha256: str
    date: str


def read_results(
    model: ScreeningModel,
    source: str | Path | pd.DataFrame,
    options: ResultsOptions | None = None,
    *,
    workers: int = 1,
    announce: Announce = silent,
) -> Results:
    """Read a table of results by the rules of the model: its tasks, thresholds and units.

    Parameters
    ----------
    model
    source
        A file, or a table with a column of structures.
    options
        The defaults when None.
    workers
        Processes that standardise; the result is the same for any number.
    announce
        Is told what was recognised.

    Raises
    ------
    UserError
        The file cannot be read, is of another assay, in other units, of unknown compounds, or
        holds no result.
    """
    options = options or ResultsOptions()
    table = _read(source, options, announce)
    columns = columns_of_tasks(table, model.tasks, options.targets)
    ledger = Ledger(source=table.source, read=len(table.cells), place=table.place)
    tasks = [
        _task(table, columns.get(name), name, model, options, ledger, announce)
        for name in model.tasks
    ]
    standardiser = Standardiser(model.options.standardize)
    limits = model.options.limits
    structures: list[Structure | Failure] = list(
        read_structures(_structures(table, options.run), standardiser, limits, workers)
    )
    if options.run is not None and table.columns.smiles == table.columns.id:
        structures = _with_names(structures, table, options.run)
    assay = gather(
        table,
        tasks,
        ledger,
        standardiser=standardiser,
        conflicts=options.conflicts or model.provenance.get("conflicts", "drop"),
        structures=structures,
    )
    if not len(assay):
        raise UserError(f"{table.source}: no row has a structure and a result.{_first(ledger)}")
    dates = _dates(table, options)
    by_row = dict(zip(table.rows.tolist(), dates, strict=True))
    turn = len(model.turns) + 1
    name = PurePath(table.source).name
    assay.origins = [Origin(name, by_row[int(row)], turn) for row in assay.rows]
    return Results(assay, name, _digest(source, table), _newest(dates))


def _first(ledger: Ledger) -> str:
    if not ledger.rejects:
        return ""
    first = ledger.rejects[0]
    return f" The first that cannot be used is {ledger.place} {first.row}: {first.message}."


def _read(
    source: str | Path | pd.DataFrame, options: ResultsOptions, announce: Announce
) -> AssayTable:
    wanted = Wanted(options.smiles_column, options.id_column)
    try:
        return _table(source, wanted, options.sheet, announce)
    except NoStructuresError as lacking:
        path = str(source) if isinstance(source, str | Path) else IN_MEMORY
        names = options.id_column or names_column(lacking.names)
        columns = f"columns: {', '.join(lacking.names)}"
        if options.run is None:
            raise UserError(
                f"{path}: there is no column of structures ({columns}); give one with "
                "smiles_column (--smiles-column), or, where there are the names of a run's "
                "compounds, that run with run (--run RUN)."
            ) from lacking
        if names is None:
            raise UserError(
                f"{path}: there are neither structures nor a column that is called as those of "
                f"names are ({columns}); give id_column (--id-column)."
            ) from lacking
    announce(f"{path}: names in {names!r}, and their structures from {options.run}.")
    return _table(source, Wanted(names, names), options.sheet, silent)


def _table(
    source: str | Path | pd.DataFrame, wanted: Wanted, sheet: str | None, announce: Announce
) -> AssayTable:
    if isinstance(source, str | Path):
        return read_table(
            str(source),
            smiles_column=wanted.smiles,
            id_column=wanted.id,
            sheet=sheet,
            announce=announce,
        )
    from screening.chemistry import is_missing

    cells = source.map(lambda cell: "" if is_missing(cell) else str(cell))
    cells = cells.reset_index(drop=True).set_axis([str(name) for name in source.columns], axis=1)
    rows = cells.to_numpy().tolist()
    if not rows:
        raise UserError(f"{IN_MEMORY} are an empty table.")
    columns: Columns = choose_columns(IN_MEMORY, list(cells.columns), rows[:50], wanted)
    places = np.arange(len(rows), dtype=np.int64)
    return AssayTable(IN_MEMORY, columns, places, cells, place="position")


def _task(
    table: AssayTable,
    column: str | None,
    name: str,
    model: ScreeningModel,
    options: ResultsOptions,
    ledger: Ledger,
    announce: Announce,
) -> Task:
    """Read the column of a task by the model's rule for it."""
    if column is None or not any(map(str.strip, table.cells[column])):
        return LabelTask(name, [float("nan")] * len(table.cells))
    threshold = threshold_of(model, name, options.threshold)
    if options.threshold is None and holds_labels(table.cells[column]):
        threshold = None
        if rule_of(model, name) is not None:
            announce(f"{table.source}: {column!r} holds labels, which count as they are.")
    elif threshold is None and has_values(model, name):
        raise UserError(
            f"the model learned from values of {name!r} and its file does not say from where on "
            "they are active; give active_above or active_below (--active-above, --active-below) "
            "as when it was trained."
        )
    if threshold is None:
        return replace(label_task(_in_our_words(table, column, model), column, ledger), name=name)
    others = list(columns_of_tasks(table, [name], [column]).values())
    beside = columns_beside(table, column, others, options.relation_column, options.units_column)
    if said := beside.describe(column):
        announce(f"{table.source}, {said}")
    try:
        task = value_task(table, column, threshold, beside, ledger)
    except OtherUnitsError as error:
        raise _other_units(table, column, threshold.unit) from error
    known = rule_of(model, name)
    if known is not None and known.threshold.unit is None and task.column.scale.unit is not None:
        raise UserError(
            f"{table.source}, column {column!r}: its values are in {task.column.scale.unit.name}, "
            f"and those that the model learned of {name!r} have no unit, so the two cannot be "
            "compared; train again from values with a unit."
        )
    return _renamed(task, name)


def _renamed(task: ValueTask, name: str) -> ValueTask:
    task.column.name = name
    return task


def _other_units(table: AssayTable, column: str, wanted: Unit | None) -> UserError:
    unit = "p-values" if wanted == P_VALUE else wanted.name if wanted else "no unit"
    return UserError(
        f"{table.source}, column {column!r}: the model's threshold is in {unit}, and no value here "
        "is in a unit that can be compared with it. Write the unit into the cells or the column's "
        "name, or name the column of units with units_column (--units-column)."
    )


def _in_our_words(table: AssayTable, column: str, model: ScreeningModel) -> AssayTable:
    """Return the table with 1 and 0 for the words that the model's own labels were written in."""
    classes = model.provenance.get("labels", {}).get("classes")
    if not classes:
        return table
    words = {str(label): str(place) for place, label in enumerate(classes)}
    cells = table.cells.copy()
    cells[column] = [words.get(cell.strip(), cell) for cell in cells[column]]
    return replace(table, cells=cells)


def _structures(table: AssayTable, run: Path | None) -> list[str]:
    """Return the structures of the rows; where they have names only, those of the run's rows."""
    if run is None or table.columns.smiles != table.columns.id:
        return table.smiles
    found = structures_named(run, table.ids)
    if not found:
        shown = ", ".join(map(shortened, table.ids[:3]))
        raise UserError(
            f"{table.source}: none of its {len(table.ids)} names ({shown}"
            f"{', ...' if len(table.ids) > 3 else ''}) is one of a compound of {run}; give the run "
            "that these were chosen from, or a column of structures."
        )
    return [found[name][0] if len(found.get(name, ())) == 1 else "" for name in table.ids]


def _with_names(
    structures: list[Structure | Failure], table: AssayTable, run: Path
) -> list[Structure | Failure]:
    """Say of rows without a structure that it is their name which tells nothing."""
    return [
        Failure("empty", f"{run} has no compound, or several, of the name {shortened(name)!r}")
        if isinstance(found, Failure) and found.reason == "empty"
        else found
        for found, name in zip(structures, table.ids, strict=True)
    ]


def _dates(table: AssayTable, options: ResultsOptions) -> list[str]:
    """Return the date of each row; empty where nothing says it."""
    if options.date:
        return [options.date] * len(table.cells)
    column = options.date_column
    if column is None:
        named = [n for n in table.columns.names if "date" in re.split(r"[^a-z]+", n.casefold())]
        column = named[0] if len(named) == 1 else NO_COLUMN
    elif column.casefold() != NO_COLUMN:
        column = table.column(column, "date_column, --date-column")
    if column.casefold() == NO_COLUMN:
        return [""] * len(table.cells)
    return [cell.strip() for cell in table.cells[column]]


def _newest(dates: Sequence[str]) -> str:
    """Return the newest of dates whose order is clear, or the only one."""
    known = sorted({date for date in dates if date})
    if len(known) == 1 or (known and all(_ISO.match(date) for date in known)):
        return known[-1]
    return ""


def _digest(source: Any, table: AssayTable) -> str:
    if isinstance(source, str | Path):
        return file_hash(Path(source))
    return hashlib.sha256(table.cells.to_csv(index=False).encode()).hexdigest()
