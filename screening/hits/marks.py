"""What readers mark in the hits of a run: a selection, stars and notes, kept in its folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from screening.errors import UserError
from screening.hits.table import PARQUET
from screening.tables import write_atomically

FILE = "marks.json"
# A row of the library: its file and its line there. It stays when hits are ranked again.
Place = tuple[str, int]
LONGEST_NOTE = 5_000
# Changes come one by one, and each is made to what the one before has left.
_CHANGING = threading.Lock()


@dataclass(frozen=True)
class Mark:
    """What is marked at one hit.

    Attributes
    ----------
    source, row
        Where the hit comes from.
    id : str
        Name of the compound, for whoever reads the file.
    selected, starred : bool
    note : str
    """

    source: str
    row: int
    id: str = ""
    selected: bool = False
    starred: bool = False
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is marked."""
        return not (self.selected or self.starred or self.note.strip())


def read_marks(run: Path) -> dict[Place, Mark]:
    """Read the marks of a run; none where there is no file of them.

    Raises
    ------
    UserError
        The file is damaged.
    """
    path = run / FILE
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["marks"]
        marks = [_checked(Mark(**mark)) for mark in stored]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}: {error}); mend it, or move it away to "
            "begin without stars and notes."
        ) from error
    return {(mark.source, mark.row): mark for mark in marks}


def _checked(mark: Mark) -> Mark:
    kinds = {"source": str, "row": int, "id": str, "selected": bool, "starred": bool, "note": str}
    for name, kind in kinds.items():
        if type(getattr(mark, name)) is not kind:
            raise TypeError(f"{name} is {getattr(mark, name)!r}")
    if len(mark.note) > LONGEST_NOTE:
        raise ValueError(f"a note has more than {LONGEST_NOTE:,} characters")
    return mark


def change_marks(run: Path, changes: Iterable[tuple[Place, dict[str, Any]]]) -> None:
    """Change marks; what is not named stays as somebody else has left it.

    Parameters
    ----------
    run
        Folder of a finished screen.
    changes
        Places of hits, each with some of `selected`, `starred` and `note`.

    Raises
    ------
    UserError
        A place is no hit of the run, or a value is none that can be marked.
    """
    table = pq.read_table(run / PARQUET, columns=["source", "row", "id"])
    columns = (table[name].to_pylist() for name in ("source", "row", "id"))
    names = {(source, row): name for source, row, name in zip(*columns, strict=True)}
    with _CHANGING:
        marks = read_marks(run)
        for place, change in changes:
            if place not in names:
                raise UserError("there is no such hit any more: the run was ranked anew.")
            if not set(change) <= {"selected", "starred", "note"}:
                raise UserError(f"{sorted(change)} cannot be marked.")
            mark = marks.get(place, Mark(*place, names[place]))
            try:
                marks[place] = _checked(replace(mark, **change))
            except (TypeError, ValueError) as error:
                raise UserError(f"this cannot be kept: {error}.") from error
        kept = [asdict(mark) for _, mark in sorted(marks.items()) if not mark.empty]
        with write_atomically(run / FILE) as temporary:
            text = json.dumps({"marks": kept}, ensure_ascii=True, indent=1)
            temporary.write_text(text, encoding="utf-8", newline="\n")


def marked(run: Path) -> list[tuple[int, bool, bool, str]]:
    """Return the marks of a run's hits as a page shows them: rank, selected, starred, note."""
    marks = read_marks(run)
    if not marks:
        return []
    table = pq.read_table(run / PARQUET, columns=["rank", "source", "row"])
    ranks = (table[name].to_pylist() for name in ("rank", "source", "row"))
    found = ((rank, marks.get((source, row))) for rank, source, row in zip(*ranks, strict=True))
    return [(rank, m.selected, m.starred, m.note) for rank, m in found if m is not None]
