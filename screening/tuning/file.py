"""The file of a search: an Optuna study in SQLite, with what it was begun with."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from screening.assay import Assay
from screening.errors import UserError
from screening.learners import ModelOptions
from screening.library.manifest import differences
from screening.model import Pretrained, versions
from screening.model.provenance import data_hash
from screening.tables import write_atomically
from screening.tuning.records import Trial
from screening.tuning.space import Space, in_words

_NAME = "ebmscreen train --tune"
_BEGUN_WITH = "begun with"
# What reading a file that is damaged, of another program or of another version can raise.
_UNREADABLE = (
    sqlite3.Error,
    SQLAlchemyError,
    optuna.exceptions.OptunaError,
    AssertionError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)


class SearchFile:
    """Trials and notes of one search; each is written whole or not at all.

    Parameters
    ----------
    path : Path
        Made when it is not there.
    wanted : dict
        Everything that a trial depends on beside its number.
    space : Space

    Raises
    ------
    UserError
        The file was begun with something else, or cannot be read.
    """

    def __init__(self, path: Path, wanted: dict[str, Any], space: Space) -> None:
        self.path = path
        self._space = space
        # Its sentences on every study and trial are for another kind of program.
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        if not path.exists():
            with write_atomically(path) as temporary:
                study = optuna.create_study(
                    storage=_storage(temporary), study_name=_NAME, direction="maximize"
                )
                study.set_user_attr(_BEGUN_WITH, wanted)
        with self._readable():
            _check(path)
            self._study = optuna.load_study(study_name=_NAME, storage=_storage(path))
            was = self._study.user_attrs[_BEGUN_WITH]
            changed = differences(was, json.loads(json.dumps(wanted)))
        if changed:
            raise UserError(
                f"{path} holds a search with other settings ({'; '.join(changed)}); repeat its "
                "command to continue it, move the file away to search anew, or write the model "
                "to another name."
            )

    def trials(self) -> list[Trial]:
        """Return the finished trials from number 0 on, without a gap.

        Raises
        ------
        UserError
            The file cannot be read.
        """
        with self._readable():
            found: dict[int, Trial] = {}
            for trial in self._study.get_trials(states=(TrialState.COMPLETE,)):
                number = int(trial.user_attrs["number"])
                folds = tuple(map(float, trial.user_attrs["folds"]))
                if trial.params.keys() != self._space.keys() or not folds:
                    raise ValueError(f"trial {number} has other settings than the search")
                # Two processes on one file do the same trial, with the same result.
                found.setdefault(number, Trial(number, dict(trial.params), folds))
        contiguous: list[Trial] = []
        while len(contiguous) in found:
            contiguous.append(found[len(contiguous)])
        return contiguous

    def add(self, trial: Trial) -> None:
        """Keep a finished trial.

        Raises
        ------
        UserError
            The file cannot be written.
        """
        with self._readable():
            self._study.add_trial(
                create_trial(
                    params=trial.settings,
                    distributions=dict(self._space),
                    value=trial.score,
                    user_attrs={"number": trial.number, "folds": list(trial.folds)},
                )
            )

    def note(self, name: str) -> Any:
        """Return what was noted under a name, or None."""
        with self._readable():
            return self._study.user_attrs.get(name)

    def write_note(self, name: str, value: Any) -> None:
        """Note a JSON-able value under a name."""
        with self._readable():
            self._study.set_user_attr(name, value)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except _UNREADABLE as error:
            what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")[:200]
            raise UserError(
                f"{self.path} cannot be used as the file of a search, it is damaged, in use or of "
                f"another program ({what}); move it away, and the search begins anew."
            ) from error


def _check(path: Path) -> None:
    """Raise ValueError when the file is not as SQLite wrote it, or holds no study.

    Before Optuna opens it: to a database without its tables it would add them.
    """
    connection = sqlite3.connect(path)
    try:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    finally:
        connection.close()
    if said != "ok":
        raise ValueError(said)
    if "studies" not in tables:
        raise ValueError("it holds no study")


def _storage(path: Path) -> RDBStorage:
    """Return what opens the file for each call: between trials of many minutes nothing holds it."""
    return RDBStorage(
        # Not as a URL: a path may hold any character.
        "sqlite://",
        engine_kwargs={"creator": lambda: sqlite3.connect(path), "poolclass": NullPool},
    )


def identity(
    assay: Assay, options: ModelOptions, space: Space, pretrained: Pretrained | None
) -> dict[str, Any]:
    """Return everything that a trial depends on beside its number."""
    return {
        "ebmscreen": versions()["ebmscreen"],
        # Another version may propose other settings.
        "optuna": version("optuna"),
        "assay": data_hash(assay),
        "tasks": list(assay.tasks),
        "options": options.to_dict(),
        "searched": in_words(space),
        "pretrained": None if pretrained is None else _stack_hash(pretrained),
    }


def _stack_hash(pretrained: Pretrained) -> str:
    """Return a hash of the weights: a stack that was never saved has no file to know it by."""
    digest = hashlib.sha256()
    for tensor in pretrained.dbn.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
