"""What lies in the folder: models, runs, prepared libraries and tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from screening.errors import UserError, is_text
from workflows.web.folder.paths import Folder
from workflows.web.folder.reading import (
    ModelCard,
    RunCard,
    TableCard,
    read_model,
    read_prepared,
    read_run,
    read_table_size,
)

# Folders below the served one that are looked into, and files that are looked at.
DEEPEST = 3
MOST = 5000
TABLES = (".csv", ".tsv", ".txt", ".smi", ".smiles", ".sdf", ".sd", ".xlsx", ".parquet")


@dataclass
class Contents:
    """What was found, the newest first.

    Attributes
    ----------
    models, runs, libraries, tables : list
        Models, runs, prepared libraries, and files of compounds that may be an assay or a library.
    unreadable : int
        Files whose names are no text.
    cut : bool
        Whether there are more files than are looked at.
    """

    models: list[ModelCard] = field(default_factory=list)
    runs: list[RunCard] = field(default_factory=list)
    libraries: list[TableCard] = field(default_factory=list)
    tables: list[TableCard] = field(default_factory=list)
    unreadable: int = 0
    cut: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to work with."""
        return not (self.models or self.runs or self.libraries or self.tables)


def look(folder: Folder) -> Contents:
    """Return what lies in a folder and in the folders below it."""
    found = Contents()
    for seen, path in enumerate(_walk(folder.root, DEEPEST)):
        if seen == MOST:
            found.cut = True
            break
        if not is_text(str(path)) or not path.name.isprintable():
            found.unreadable += 1
            continue
        _sort_in(found, folder, path)
    for cards in (found.models, found.runs, found.libraries, found.tables):
        cards.sort(key=lambda card: -card.changed)
    return found


def _walk(root: Path, depth: int) -> Iterator[Path]:
    """Yield files, runs and prepared libraries; nothing hidden, and no link."""
    try:
        with os.scandir(root) as entries:
            there = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in there:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        path = Path(entry.path)
        if entry.is_file() or is_run(path) or is_prepared(path):
            yield path
        elif entry.is_dir() and depth:
            yield from _walk(path, depth - 1)


def is_run(path: Path) -> bool:
    """Tell whether a folder is that of a screen, finished or not."""
    return (path / "shards" / "manifest.json").is_file() or (
        (path / "run.json").is_file() and (path / "hits.csv").is_file()
    )


def is_prepared(path: Path) -> bool:
    """Tell whether a folder is a prepared library."""
    return (path / "_library.json").is_file()


def _sort_in(found: Contents, folder: Folder, path: Path) -> None:
    name = folder.name(path)
    try:
        changed = _changed(path)
        size = path.stat().st_size
        if path.is_dir() and is_prepared(path):
            found.libraries.append(_card(read_prepared, path, name, changed, size))
        elif path.is_dir():
            found.runs.append(_card(read_run, path, name, changed, size))
        elif path.suffix == ".ebm":
            found.models.append(_card(read_model, path, name, changed, size))
        elif is_table(path):
            found.tables.append(_card(read_table_size, path, name, changed, size))
    except (OSError, UserError):  # it went while we looked
        return


def is_table(path: Path) -> bool:
    """Tell by its name whether a file holds compounds."""
    return path.name.lower().removesuffix(".gz").endswith(TABLES)


def _changed(path: Path) -> float:
    """Return when a file, or what shows the state of a run, was last written."""
    if path.is_dir():
        inside = [path, path / "run.json", path / "shards", path / "report.html"]
        return max(p.stat().st_mtime for p in inside if p.exists())
    return path.stat().st_mtime


@lru_cache(maxsize=2000)
def _card(read: Any, path: Path, name: str, changed: float, size: int) -> Any:
    # As long as a file is not written again, what was read of it holds.
    return read(path, name, changed, size)
