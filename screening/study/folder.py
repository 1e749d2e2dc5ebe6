"""A study's folder: what it was started with, and each result as soon as it is there."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.library.manifest import differences
from screening.tables import write_atomically

MANIFEST = "study.json"
RESULTS = "results"


@dataclass(frozen=True)
class Result:
    """What one model said on one split.

    Attributes
    ----------
    valid, test : float64 arrays of shape (n, n_tasks)
        Probabilities of the compounds of these parts, in the order of the assay.
    seconds : float
        Time it took to train and score.
    values : float64 array of shape (2, n_test, n_tasks), optional
        What was predicted for the test part, on the learned scale of each task, and how far the
        intervals reach; NaN for a task without values, and throughout where None is given.
    """

    valid: NDArray[np.float64]
    test: NDArray[np.float64]
    seconds: float
    values: NDArray[np.float64] | None = None


def begin_or_continue(folder: Path, wanted: dict[str, Any]) -> bool:
    """Write down what a new study is, or check that the one in the folder is the same.

    Returns
    -------
    bool
        True when a study is continued.

    Raises
    ------
    UserError
        The folder holds another study, or files that no study made.
    """
    path = folder / MANIFEST
    wanted = json.loads(json.dumps(wanted))
    if path.is_file():
        try:
            was = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{path} is damaged ({error}); write to another folder.") from error
        changed = differences(was, wanted)
        if changed:
            raise UserError(
                f"{folder} holds a study with other settings ({'; '.join(changed)}); "
                "repeat its command to continue it, or write to another folder."
            )
        return True
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty and holds no study; write to another folder.")
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    return False


def hash_of(values: Sequence[Any] | NDArray[Any]) -> str:
    """Return a short hash of a column, to know it again by."""
    return hashlib.sha256(json.dumps(list(map(str, values))).encode()).hexdigest()[:16]


def result_path(folder: Path, split: str, model: str, labels: int | None) -> Path:
    """Return where a result is kept; `labels` is None when all of the training part was used."""
    name = model if labels is None else f"{model}-{labels}-labels"
    return folder / RESULTS / split / f"{name}.npz"


def write_result(path: Path, result: Result) -> None:
    """Write a result whole or not at all."""
    values = np.zeros(0) if result.values is None else result.values
    with write_atomically(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            valid=result.valid,
            test=result.test,
            seconds=np.float64(result.seconds),
            values=values,
        )


def read_result(
    path: Path, n_valid: int, n_test: int, n_tasks: int, *, valued: bool = False
) -> Result | None:
    """Read a result; None when it is not there, damaged, or of another shape.

    `valued` is whether it must have values.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = stored["values"] if valued else None
            result = Result(stored["valid"], stored["test"], float(stored["seconds"]), values)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    wanted = ((n_valid, n_tasks), (n_test, n_tasks))
    if values is not None and values.shape != (2, *wanted[1]):
        return None
    return result if (result.valid.shape, result.test.shape) == wanted else None
