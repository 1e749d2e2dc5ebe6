"""Assays that are being looked at: read once, their structures standardised beside the pages."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from screening.errors import UserError

if TYPE_CHECKING:
    from screening.assay import Draft

# Kept at a time; and bytes of a file that is read whole.
_KEPT = 3
_MOST_BYTES = 200 * 10**6


@dataclass(frozen=True)
class Opened:
    """An assay as it was recognised.

    Attributes
    ----------
    draft : Draft
    said : tuple of str
        What was recognised.
    """

    draft: Draft
    said: tuple[str, ...]


class Drafts:
    """The last few assays that were looked at."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: OrderedDict[tuple[object, ...], Opened] = OrderedDict()

    def get(self, path: Path, smiles: str | None, names: str | None, sheet: str | None) -> Opened:
        """Return an assay; its structures are read from now on, if they were not before.

        Parameters
        ----------
        path
            Of the file.
        smiles, names, sheet
            See `read_table`.

        Raises
        ------
        UserError
            The file is too large, or `read_table` says so.
        """
        about = path.stat()
        if about.st_size > _MOST_BYTES:
            raise UserError(
                f"{path.name} has {about.st_size / 1e6:,.0f} MB, too many for an assay on a page; "
                "train with `ebmscreen train` in a terminal."
            )
        key = (path, about.st_mtime_ns, about.st_size, smiles, names, sheet)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = self._open(key, path, smiles, names, sheet)
            self._opened.move_to_end(key)
            while len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
            return self._opened[key]

    def _open(
        self,
        key: tuple[object, ...],
        path: Path,
        smiles: str | None,
        names: str | None,
        sheet: str | None,
    ) -> Opened:
        from screening.assay import Draft
        from screening.tables import read_table

        said: list[str] = []
        table = read_table(
            str(path), smiles_column=smiles, id_column=names, sheet=sheet, announce=said.append
        )
        draft = Draft(table)
        # Nobody waits for what was put aside meanwhile.
        reading = Thread(
            target=draft.read_structures, args=(lambda: key in self._opened,), daemon=True
        )
        self._opened[key] = Opened(draft, tuple(s.replace(f"{path}: ", "", 1) for s in said))
        reading.start()
        return self._opened[key]
