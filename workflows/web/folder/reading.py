"""What a page says of one model, run, library or table, read from its file without loading it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screening.errors import UserError
from screening.tables import rows_about


@dataclass(frozen=True)
class ModelCard:
    """A model file.

    Attributes
    ----------
    path : Path
    name : str
        In the folder.
    changed : float
        Seconds since 1970.
    tasks : tuple of str
    compounds : int
    active : int
        Of the first task.
    quality : str
        A sentence on the first task.
    problem : str
        Why it cannot be used; empty when it can.
    """

    path: Path
    name: str
    changed: float
    tasks: tuple[str, ...] = ()
    compounds: int = 0
    active: int = 0
    quality: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RunCard:
    """The folder of a screen.

    Attributes
    ----------
    path, name, changed
        See `ModelCard`.
    model : str
        File name of the model that scores.
    finished : bool
    read, scored, rejected, hits : int
        Rows; of a run that is not finished, `read` counts what is done.
    report : bool
        Whether it has a report.
    problem : str
    """

    path: Path
    name: str
    changed: float
    model: str = ""
    finished: bool = False
    read: int = 0
    scored: int = 0
    rejected: int = 0
    hits: int = 0
    report: bool = False
    problem: str = ""


@dataclass(frozen=True)
class TableCard:
    """A file of compounds, or a prepared library.

    Attributes
    ----------
    path, name, changed
        See `ModelCard`.
    size : int
        Bytes; 0 of a prepared library.
    rows : int or None
        None where it is not known.
    exact : bool
        Whether the rows were counted to the last.
    prepared : bool
    problem : str
    """

    path: Path
    name: str
    changed: float
    size: int = 0
    rows: int | None = None
    exact: bool = True
    prepared: bool = False
    problem: str = ""


def read_model(path: Path, name: str, changed: float, size: int) -> ModelCard:
    """Read the card of a model file."""
    del size
    from screening.evaluation import quality_sentence
    from screening.model import FOREST, SHIPPED, describe_model

    try:
        described = describe_model(path)
        origin, tasks = described["provenance"], tuple(map(str, described["tasks"]))
        quality = described["quality"]["tasks"].get(tasks[0], {})
        return ModelCard(
            path,
            name,
            changed,
            tasks,
            int(origin["compounds"]),
            int(origin["counts"][tasks[0]]["active"]),
            quality_sentence(quality, SHIPPED, FOREST)
            or "There are too few compounds of both classes to say how good it is.",
        )
    except UserError as error:
        return ModelCard(path, name, changed, problem=str(error))
    except (LookupError, TypeError, ValueError, AttributeError):
        return ModelCard(path, name, changed, problem="its description cannot be read.")


def read_run(path: Path, name: str, changed: float, size: int) -> RunCard:
    """Read the card of a run's folder."""
    del size
    report = (path / "report.html").is_file()
    try:
        if not (path / "run.json").is_file():
            return _unfinished(path, name, changed)
        run = _json(path / "run.json")
        counts = run["counts"]
        return RunCard(
            path,
            name,
            changed,
            Path(run["model"]).name,
            finished=True,
            read=int(counts["read"]),
            scored=int(counts["scored"]),
            rejected=int(counts["rejected"]),
            hits=int(run["hits"]),
            report=report,
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        problem = "its run.json cannot be read; repeat the command to finish it."
        return RunCard(path, name, changed, report=report, problem=problem)


def _unfinished(path: Path, name: str, changed: float) -> RunCard:
    begun = _json(path / "shards" / "manifest.json")
    shards = sum(p.stem.isdecimal() for p in (path / "shards").glob("*.json"))
    done = shards * int(begun["options"]["shard_size"])
    return RunCard(path, name, changed, str(begun.get("model", "")), read=done)


def read_prepared(path: Path, name: str, changed: float, size: int) -> TableCard:
    """Read the card of a prepared library."""
    del size
    try:
        rows = int(_json(path / "_library.json")["counts"]["scored"])
        return TableCard(path, name, changed, rows=rows, prepared=True)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        problem = "its _library.json cannot be read; prepare it anew."
        return TableCard(path, name, changed, prepared=True, problem=problem)


def read_table_size(path: Path, name: str, changed: float, size: int) -> TableCard:
    """Count, or estimate, the rows of a file."""
    try:
        rows, exact = rows_about(path)
    except UserError as error:
        return TableCard(path, name, changed, size, problem=str(error))
    return TableCard(path, name, changed, size, rows, exact)


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError(f"{path} holds no object")
    return found
