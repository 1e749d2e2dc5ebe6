"""Which columns hold the activity: as told, or guessed when there is one candidate."""

from __future__ import annotations

from collections.abc import Sequence

from screening.assay.labels import GIVE_THRESHOLD, Threshold, read_label
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
        return tuple(wanted)
    taken = {table.columns.smiles, table.columns.id}
    candidates = [
        name
        for name in table.columns.names
        if name not in taken and _holds_labels(list(table.cells[name]), threshold)
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


def _holds_labels(cells: Sequence[str], threshold: Threshold | None) -> bool:
    seen = set()
    for cell in cells:
        try:
            label = read_label(cell, threshold)
        except ValueError:
            return False
        seen.add(label.label)
    return {0.0, 1.0} <= seen
