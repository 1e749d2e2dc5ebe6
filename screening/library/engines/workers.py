"""Worker processes that may hang or die: the molecule that did it is found, the run goes on.

Each worker writes what it is doing into shared memory before it does it. When it has been at one
molecule for longer than the limit, or is gone, that molecule is rejected, the worker is replaced,
and the shard is done again without it. When it stopped while computing several molecules together,
the shard is done again one molecule at a time.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, Self, TypeVar

from screening.chemistry import Failure, Limits
from screening.errors import UserError
from screening.library.shards import Watch
from screening.processes import begin_loading, without_main, worker_context

# How often the clock of a silent worker is looked at.
_TICK_SECONDS = 0.2
# Time that each molecule of a batch adds to what the batch may take.
_BATCH_SECONDS_PER_MOLECULE = 0.05
# A worker that dies this often before it has begun will not come up at all.
_MAX_FAILED_STARTS = 3
_IDLE, _BATCH = -1, -2
# What a worker makes of a shard; sent back whole.
Done = TypeVar("Done")
Done_co = TypeVar("Done_co", covariant=True)


class Task(Protocol):
    """What every worker needs to know, sent once."""

    @property
    def limits(self) -> Limits:
        """What a molecule may cost."""


class Piece(Protocol):
    """The rows of a shard, or where to find them; made to be sent to a worker."""


@dataclass
class Assignment:
    """A shard on its way through the workers."""

    number: int
    piece: Any
    failures: dict[int, Failure] = field(default_factory=dict)
    careful: bool = False


class _SharedWatch(Watch):
    """Writes position and time into memory that the guarding process reads."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def molecule(self, position: int) -> None:
        self._state[0], self._state[1] = position, time.time()

    def batch(self, size: int) -> None:
        self._state[0], self._state[1], self._state[2] = _BATCH, time.time(), size

    def idle(self) -> None:
        self._state[0] = _IDLE


class Scorer(Protocol[Done_co]):
    """What a worker does with an assignment."""

    def __call__(self, assignment: Assignment, watch: Watch) -> Done_co:
        """Do one shard."""


# Takes the task; must be importable by name.
ScorerMaker = Callable[[Any], Scorer[Done]]


def _work(pipe: Connection, state: Any, task: Task, make_scorer: ScorerMaker[Any]) -> None:
    """Live as a worker: load, then score what comes until the pipe closes."""
    # Ctrl-C goes to the whole group; the guarding process alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch = _SharedWatch(state)
    try:
        import torch

        torch.set_num_threads(1)
        scorer = make_scorer(task)
    except UserError as error:
        pipe.send(("failed", str(error)))
        return
    pipe.send(("ready", None))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            assignment = pipe.recv()
            try:
                record = scorer(assignment, watch)
            except UserError as error:
                pipe.send(("failed", str(error)))
                return
            except OSError as error:
                place = f"{error.filename}: " if error.filename else ""
                pipe.send(("failed", f"{place}{error.strerror or error}"))
                return
            watch.idle()
            pipe.send(("done", record))


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    state: Any
    ready: bool = False
    assignment: Assignment | None = None

    def stopped_at(self) -> int:
        return int(self.state[0])

    def is_late(self, limits: Limits) -> bool:
        """Tell whether the worker has been at one thing for too long."""
        if self.assignment is None or self.stopped_at() == _IDLE:
            return False
        allowed = limits.timeout_seconds
        if self.stopped_at() == _BATCH:
            allowed += _BATCH_SECONDS_PER_MOLECULE * self.state[2]
        return time.time() - self.state[1] > allowed


class Workers(Generic[Done]):
    """A fixed number of guarded worker processes.

    Parameters
    ----------
    task : Task
    n : int
        Processes; at most as many shards are in flight.
    make_scorer : callable
        Makes, in the worker, what scores a shard. Must be importable by name.
    """

    def __init__(self, task: Task, n: int, make_scorer: ScorerMaker[Done]) -> None:
        self._task = task
        self._make_scorer = make_scorer
        # Never forked from here: torch and RDKit hold threads that a fork would cut off.
        begin_loading()
        self._context: Any = worker_context()
        self._failed_starts = 0
        self._workers = [self._start() for _ in range(n)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(timeout=5)
            if worker.process.is_alive():
                worker.process.kill()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        state = self._context.RawArray("d", [_IDLE, 0.0, 0.0])
        process = self._context.Process(
            target=_work, args=(theirs, state, self._task, self._make_scorer), daemon=True
        )
        with without_main():
            process.start()
        theirs.close()
        return _Worker(process, ours, state)

    def run(self, shards: Iterable[tuple[int, Piece]]) -> Iterator[Done]:
        """Yield what each shard came to as it is done; shards are read only as workers are free.

        Raises
        ------
        UserError
            No worker can start, or one cannot write.
        """
        waiting: list[Assignment] = []
        source = iter(shards)
        exhausted = False
        while True:
            for index, worker in enumerate(self._workers):
                if not worker.ready or worker.assignment is not None:
                    continue
                if not waiting and not exhausted:
                    following = next(source, None)
                    exhausted = following is None
                    if following is not None:
                        waiting.append(Assignment(*following))
                if waiting:
                    self._assign(index, waiting.pop())
            if exhausted and not waiting and all(w.assignment is None for w in self._workers):
                return
            yield from self._collect(waiting)

    def _assign(self, index: int, assignment: Assignment) -> None:
        worker = self._workers[index]
        worker.assignment = assignment
        worker.state[0] = _IDLE
        # A worker that has just died is found by its silence, with the assignment still its own.
        with contextlib.suppress(BrokenPipeError):
            worker.pipe.send(assignment)

    def _collect(self, waiting: list[Assignment]) -> Iterator[Done]:
        pipes: dict[Any, int] = {w.pipe: i for i, w in enumerate(self._workers)}
        for pipe in wait(list(pipes), timeout=_TICK_SECONDS):
            index = pipes[pipe]
            worker = self._workers[index]
            try:
                kind, content = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._replace(index, waiting, "crash")
                continue
            if kind == "failed":
                raise UserError(str(content))
            if kind == "ready":
                worker.ready = True
                continue
            worker.assignment = None
            yield content
        for index, worker in enumerate(self._workers):
            if worker.is_late(self._task.limits):
                worker.process.kill()
                self._replace(index, waiting, "timeout")

    def _replace(self, index: int, waiting: list[Assignment], reason: str) -> None:
        worker = self._workers[index]
        worker.process.join(timeout=5)
        worker.pipe.close()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise UserError(
                    f"a worker process ended with status {worker.process.exitcode} before it could "
                    "begin; is there enough memory? Try fewer workers (-n)."
                )
        if worker.assignment is not None:
            blame(worker.assignment, worker.stopped_at(), reason, self._why(worker, reason))
            waiting.append(worker.assignment)
        self._workers[index] = self._start()

    def _why(self, worker: _Worker, reason: str) -> str:
        if reason == "timeout":
            return f"took longer than {self._task.limits.timeout_seconds:g} s"
        return f"the process that read it ended with status {worker.process.exitcode}"


def blame(assignment: Assignment, position: int, reason: str, message: str) -> None:
    """Reject the molecule at which a worker stopped, or have the shard done one by one."""
    if position >= 0:
        assignment.failures[position] = Failure(reason, message)
    else:
        # Killed between molecules, or among several: the next try tells which one it was, if any.
        assignment.careful = position == _BATCH or assignment.careful
