"""One job: a command in the served folder, and its files, from which its state can be told."""

from __future__ import annotations

import json
import re
import secrets
import shlex
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from screening.errors import UserError
from screening.tables import write_atomically
from workflows.web.folder import Folder

# Ctrl-C, or a request to end: what a command says that was stopped.
STOPPED = 130
# File of a job that one process makes, and no second one can.
CLAIM = "claimed"
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
# A clock that is set moves the start of processes a little.
_SAME_START = 2.0


class State(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    # Its process ended without a word: the machine was turned off, or somebody killed it.
    INTERRUPTED = "interrupted"


ACTIVE = frozenset({State.WAITING, State.RUNNING})


@dataclass(frozen=True)
class Job:
    """A command.

    Attributes
    ----------
    folder : Path
        Of the job's own files: `job.json`, `process.json`, `progress.json`, `status.json`,
        `log.txt`.
    kind : str
        Name of the command: train or screen.
    words : tuple of str
        After `ebmscreen`; paths are relative to the served folder.
    output : str
        Name of the model or run that it makes.
    workers : int
        Processes that it may start.
    created, queued : float
        Seconds since 1970; `queued` is set anew when it is continued.
    """

    folder: Path
    kind: str
    words: tuple[str, ...]
    output: str
    workers: int
    created: float
    queued: float

    @classmethod
    def new(
        cls, served: Folder, kind: str, words: tuple[str, ...], output: str, workers: int
    ) -> Job:
        """Write a job that waits."""
        now = time.time()
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(3)}"
        job = cls(served.own / "jobs" / name, kind, words, output, workers, now, now)
        job._write()
        return job

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Read a job.

        Raises
        ------
        UserError
            The folder is none of a job.
        """
        try:
            stored = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            words = tuple(map(str, stored.pop("words")))
            return cls(folder, words=words, **stored)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError("there is no such job.") from error

    def _write(self) -> None:
        content = {k: v for k, v in asdict(self).items() if k != "folder"}
        with write_atomically(self.folder / "job.json") as temporary:
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return self.folder.name

    @property
    def command(self) -> str:
        """What does the same in a terminal, in the served folder."""
        return shlex.join(["ebmscreen", *self.words])

    @property
    def log(self) -> Path:
        """What the command said."""
        return self.folder / "log.txt"

    @property
    def state(self) -> State:
        """How it stands."""
        if self.status is None and not (self.folder / "process.json").is_file():
            return State.WAITING
        if self.status is None and self.process():
            return State.RUNNING
        # Its last word may have come while we looked at the process.
        if self.status is None:
            return State.INTERRUPTED
        return {0: State.DONE, STOPPED: State.STOPPED}.get(self.status, State.FAILED)

    @property
    def status(self) -> int | None:
        """Exit status of the command; None as long as there is none."""
        found = self._json("status.json").get("status")
        return found if isinstance(found, int) else None

    @property
    def ended(self) -> float | None:
        """When it ended, in seconds since 1970."""
        found = self._json("status.json").get("ended")
        return found if isinstance(found, float) else None

    @property
    def began(self) -> float | None:
        """When its process began."""
        found = self._json("process.json").get("started")
        return found if isinstance(found, float) else None

    def process(self) -> psutil.Process | None:
        """Return the process that does it, if there is one: by its number and when it began."""
        known = self._json("process.json")
        try:
            process = psutil.Process(int(known["pid"]))
            same = abs(process.create_time() - known["started"]) < _SAME_START
            alive = process.status() != psutil.STATUS_ZOMBIE
        except (KeyError, TypeError, ValueError, psutil.Error):
            return None
        return process if same and alive else None

    def said(self, lines: int = 12) -> list[str]:
        """Return the last lines of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 16_384))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip()][-lines:]

    def finish(self, status: int) -> None:
        """Note how the command ended."""
        content = {"status": status, "ended": time.time()}
        with write_atomically(self.folder / "status.json") as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")

    def again(self) -> Job:
        """Have it wait once more; what it did so far is left to the command."""
        for name in (CLAIM, "process.json", "progress.json", "status.json"):
            (self.folder / name).unlink(missing_ok=True)
        job = Job(**{**vars(self), "queued": time.time()})
        job._write()
        return job

    def forget(self) -> None:
        """Remove the job's own files; what it made stays."""
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def jobs_of(served: Folder) -> list[Job]:
    """Return the jobs of a folder, the newest first."""
    found = []
    with suppress(OSError):
        for path in (served.own / "jobs").iterdir():
            with suppress(UserError):
                found.append(Job.read(path))
    return sorted(found, key=lambda job: -job.created)


def job_named(served: Folder, name: str) -> Job:
    """Return the job of a name.

    Raises
    ------
    UserError
        There is none.
    """
    if not _ID.fullmatch(name):
        raise UserError("there is no such job.")
    return Job.read(served.own / "jobs" / name)
