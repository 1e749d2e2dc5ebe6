"""The queue: jobs begin in the order they were asked for, as cores become free."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from screening.errors import UserError
from screening.systems import ask_to_end, on_its_own
from workflows.web.folder import Folder
from workflows.web.jobs.job import ACTIVE, STOPPED, Job, State, job_named, jobs_of

# A command that was asked to end and does not is killed after this.
_PATIENCE = 30.0


@dataclass
class Queue:
    """The jobs of a folder.

    Parameters
    ----------
    served : Folder
    cores : int
        Worker processes of all jobs together.
    """

    served: Folder
    cores: int
    _begun: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _asked_to_end: dict[str, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def jobs(self) -> list[Job]:
        """Return all jobs, the newest first."""
        return jobs_of(self.served)

    def job(self, name: str) -> Job:
        """Return one job; UserError when there is none."""
        return job_named(self.served, name)

    def add(self, kind: str, words: tuple[str, ...], output: str, workers: int) -> Job:
        """Have a command wait for its turn.

        Parameters
        ----------
        kind
            Name of the command.
        words
            After `ebmscreen`, with the command; `-n` is added.
        output
            What it makes.
        workers
            Processes that it may use, at most `cores`.

        Raises
        ------
        UserError
            A job that waits or runs writes the same.
        """
        workers = max(1, min(workers, self.cores))
        with self._lock:
            self._refuse_twice(output)
            job = Job.new(self.served, kind, (*words, f"--num-workers={workers}"), output, workers)
        self.turn()
        return job

    def _refuse_twice(self, output: str) -> None:
        busy = [job for job in self.jobs() if job.output == output and self.state(job) in ACTIVE]
        if busy:
            raise UserError(f"a job that is {self.state(busy[0])} writes {output} already.")

    def state(self, job: Job) -> State:
        """Return how a job stands; one whose process is being started runs."""
        state = job.state
        if state is State.WAITING and job.id in self._begun:
            return State.RUNNING
        return state

    def turn(self) -> None:
        """Begin what waits and has cores, and note what ended: to be called now and then."""
        with self._lock:
            self._reap()
            jobs = self.jobs()
            states = {job.id: self.state(job) for job in jobs}
            free = self.cores - sum(j.workers for j in jobs if states[j.id] is State.RUNNING)
            waiting = [job for job in jobs if states[job.id] is State.WAITING]
            for job in sorted(waiting, key=lambda job: job.queued):
                # With fewer cores than it was made for, a job has them all.
                if free < min(job.workers, self.cores):
                    break
                self._begin(job)
                free -= job.workers

    def stop(self, job: Job) -> None:
        """End a job; what it has finished stays."""
        with self._lock:
            state = self.state(job)
            if state is State.WAITING:
                job.finish(STOPPED)
            elif state is State.RUNNING:
                self._asked_to_end.setdefault(job.id, time.monotonic())
                process = job.process()
                begun = self._begun.get(job.id)
                with suppress(psutil.Error, OSError):
                    if process is not None:
                        ask_to_end(process)
                    elif begun is not None:
                        ask_to_end(psutil.Process(begun.pid))

    def go_on(self, job: Job) -> Job:
        """Have a job that ended early wait again.

        Raises
        ------
        UserError
            It waits or runs, or is done; or another one writes the same.
        """
        with self._lock:
            state = self.state(job)
            if state in ACTIVE or state is State.DONE:
                raise UserError(f"the job is {state}; there is nothing to continue.")
            self._refuse_twice(job.output)
            # Its earlier process, which may be about to leave, says nothing of the next one.
            self._begun.pop(job.id, None)
            self._asked_to_end.pop(job.id, None)
            job = job.again()
        self.turn()
        return job

    def take_over(self) -> list[Job]:
        """Have jobs wait again whose process ended without a word, as when a machine goes off.

        To be called once, when a server begins.
        """
        broken = [job for job in self.jobs() if job.state is State.INTERRUPTED]
        return [job.again() for job in broken]

    def _begin(self, job: Job) -> None:
        command = [sys.executable, "-m", "workflows.web.jobs.child", str(job.folder), *job.words]
        with job.log.open("ab") as log:
            log.write(f"$ {job.command}\n".encode())
            log.flush()
            self._begun[job.id] = subprocess.Popen(
                command,
                cwd=self.served.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Nothing that lies in the served folder may be taken for a module.
                env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"},
                **on_its_own(),
            )

    def _reap(self) -> None:
        for name, process in list(self._begun.items()):
            ended = process.poll()
            if ended is not None:
                del self._begun[name]
                with suppress(UserError, OSError):
                    job = self.job(name)
                    if job.state is State.WAITING:  # it did not come so far as to note who it is
                        job.finish(STOPPED if name in self._asked_to_end else ended or 1)
        for name, asked in list(self._asked_to_end.items()):
            with suppress(UserError, psutil.Error, OSError):
                self._see_to_end(self.job(name), time.monotonic() - asked)

    def _see_to_end(self, job: Job, waited: float) -> None:
        process = job.process()
        if process is None:
            del self._asked_to_end[job.id]
            if job.state is State.INTERRUPTED:
                job.finish(STOPPED)
        elif waited > _PATIENCE:
            for child in [*process.children(recursive=True), process]:
                with suppress(psutil.Error):
                    child.kill()
