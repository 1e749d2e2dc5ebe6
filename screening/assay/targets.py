"""Which columns hold the activity: as told, or guessed when there is one candidate."""

from __future__ import annotations

from collections.abc import Sequence

from screening.assay.labels import GIVE_THRESHOLD, Threshold, decide, read_label
from screening.assay.values.beside import columns_beside
from screening.assay.values.column import read_values
from screening.errors import UserError
from screening.tables import Announce, AssayTable


def choose_targets(
    table: AssayTable, wanted: Sequence[str], threshold: Threshold | None, announce: Announce
) -> tuple[str, ...]:
    """Return the target columns.

    Without a threshold a candidate is a column of labels of both classes; with one, a column of
    numbers.

    Raises
    ------
    UserError
        None was named and there is no candidate, or several; lists them.
    """
    if wanted:
        return tuple(table.column(name, "targets, --target-column") for name in wanted)
    taken = {table.columns.smiles, table.columns.id}
    candidates = [
        name
        for name in table.columns.names
        if name not in taken and _teaches(table, name, threshold)
    ]
    if len(candidates) == 1:
        announce(f"{table.source}: the target is {candidates[0]!r}.")
        return (candidates[0],)
    what = "numbers" if threshold else "labels of two classes"
    found = f"several columns hold {what}" if candidates else f"no column holds {what}"
    listed = candidates or table.columns.names
    hint = "" if threshold else f" For measured values {GIVE_THRESHOLD} too."
    raise UserError(
        f"{table.source}: {found} ({', '.join(listed)}); name one with targets "
        f"(--target-column).{hint}"
    )


def _teaches(table: AssayTable, name: str, threshold: Threshold | None) -> bool:
    """Tell whether a column holds labels of both classes, or values on both sides."""
    try:
        return {0.0, 1.0} <= set(_labels(table, name, threshold))
    except (ValueError, UserError):
        return False


def _labels(table: AssayTable, name: str, threshold: Threshold | None) -> list[float]:
    cells = list(table.cells[name])
    if threshold is None:
        return [read_label(cell) for cell in cells]
    units = columns_beside(table, name, (name,)).units
    column = read_values(
        name,
        cells,
        units=None if units is None else list(table.cells[units]),
        wanted=threshold.unit,
        commas_apart=table.commas_apart,
    )
    here = threshold.on(column.scale)
    return [decide(r.relation, r.value, here) for r in column.readings if r.usable]
