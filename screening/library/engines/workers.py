"""Worker processes that may hang or die: the molecule that did it is found, the run goes on.

Each worker writes what it is doing into shared memory before it does it. When it has been at one
molecule for longer than the limit, or is gone, that molecule is under suspicion: it may be at
fault, or somebody ended the process. The worker is replaced, and the fresh process is given the
molecule alone. Only if it stops that one too, it is rejected. Then the shard is done again. When a
worker stopped while computing several molecules together, the shard is done again one by one.
"""

from __future__ import annotations

import contextlib
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, Self, TypeVar

from threadpoolctl import threadpool_limits

from screening.chemistry import Failure, Limits
from screening.errors import UserError
from screening.library.engines.guard import BATCH, IDLE, TICK_SECONDS, Guard, SharedWatch
from screening.library.shards import Watch
from screening.processes import begin_loading, without_main, worker_context
from screening.systems import end_with

# A worker that dies this often before it has begun will not come up at all.
_MAX_FAILED_STARTS = 3
# A molecule that stops a shard this often is at fault, though it does no harm alone.
_MAX_STOPS_AT_ONE = 4
# A shard that stops this often between molecules will not be done.
_MAX_STOPS_BETWEEN = 8
# What a worker makes of a shard; sent back whole.
Done = TypeVar("Done")
Done_co = TypeVar("Done_co", covariant=True)


class Task(Protocol):
    """What every worker needs to know, sent once."""

    @property
    def limits(self) -> Limits:
        """What a molecule may cost."""


class Piece(Protocol):
    """The rows of a shard, or where to find them; made to be sent to a worker.

    A piece whose molecules are told to the watch is a sequence of rows, or has `alone(position)`,
    the piece of that row only.
    """


@dataclass
class Assignment:
    """A shard on its way through the workers.

    Attributes
    ----------
    number : int
    piece : Piece
    failures : dict of int to Failure
        Molecules that are at fault, by position: not to be touched again.
    careful : bool
        Molecules are to be done one at a time.
    trial : bool
        The piece is one molecule under suspicion; nothing is kept of what comes out.
    stops : Counter
        How often a worker stopped at each molecule, or between two (BATCH, IDLE).
    """

    number: int
    piece: Any
    failures: dict[int, Failure] = field(default_factory=dict)
    careful: bool = False
    trial: bool = False
    stops: Counter[int] = field(default_factory=Counter)

    def of_one(self, position: int) -> Assignment:
        """Return the trial of one molecule."""
        if isinstance(self.piece, Sequence):
            only = self.piece[position : position + 1]
        else:
            only = self.piece.alone(position)
        return Assignment(self.number, only, careful=True, trial=True)


class Scorer(Protocol[Done_co]):
    """What a worker does with an assignment."""

    def __call__(self, assignment: Assignment, watch: Watch) -> Done_co:
        """Do one shard; what a trial comes to is not looked at, and writes no file."""


# Takes the task; must be importable by name.
ScorerMaker = Callable[[Any], Scorer[Done]]


def _work(
    pipe: Connection, leash: Connection, state: Any, task: Task, make_scorer: ScorerMaker[Any]
) -> None:
    """Live as a worker: load, then score what comes until the pipe closes."""
    # Ctrl-C goes to the whole group; the guarding process alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(leash)
    watch = SharedWatch(state)
    try:
        threadpool_limits(1)
        scorer = make_scorer(task)
    except UserError as error:
        pipe.send(("failed", str(error)))
        return
    pipe.send(("ready", None))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            assignment = pipe.recv()
            kind, content = _outcome(scorer, assignment, watch)
            if kind == "done":
                watch.idle()
            pipe.send((kind, content))
            if kind != "done":
                return


def _outcome(scorer: Scorer[Any], assignment: Assignment, watch: Watch) -> tuple[str, Any]:
    try:
        done = scorer(assignment, watch)
    except UserError as error:
        return "failed", str(error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return "failed", f"{place}{error.strerror or error}"
    except Exception as error:  # RDKit raises what it likes; it costs the molecule
        return "raised", " ".join(f"{type(error).__name__}: {error}".split())
    return "done", None if assignment.trial else done


@dataclass
class _Worker:
    """A process, what it is at, and what it is to do once it is ready.

    `suspect` is the molecule of the assignment that it has alone, if any.
    """

    process: Any
    pipe: Connection
    guard: Guard
    ready: bool = False
    busy: bool = False
    assignment: Assignment | None = None
    suspect: int | None = None

    def start(self) -> None:
        """Give the process what it is to do."""
        assert self.assignment is not None
        given = self.assignment
        self.busy = True
        self.guard.begin()
        # A worker that has just died is found by its silence, with the assignment still its own.
        with contextlib.suppress(BrokenPipeError):
            self.pipe.send(given if self.suspect is None else given.of_one(self.suspect))


class Workers(Generic[Done]):
    """A fixed number of guarded worker processes.

    Parameters
    ----------
    task : Task
    n : int
        Processes at most: no more than there are shards. At most as many shards are in flight.
    make_scorer : callable
        Makes, in the worker, what scores a shard. Must be importable by name.
    """

    def __init__(self, task: Task, n: int, make_scorer: ScorerMaker[Done]) -> None:
        self._task = task
        self._make_scorer = make_scorer
        # Never forked from here: libraries hold threads that a fork would cut off.
        begin_loading()
        self._context: Any = worker_context()
        # Nothing is ever sent: workers end when this process, which alone holds one end, is gone.
        self._leash, self._held = self._context.Pipe(duplex=False)
        self._failed_starts = 0
        self._most = n
        # The others are started when there is a shard for them.
        self._workers = [self._start()]

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
        self._held.close()
        self._leash.close()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        state = self._context.RawArray("d", [IDLE, 0.0, 0.0])
        process = self._context.Process(
            target=_work,
            args=(theirs, self._leash, state, self._task, self._make_scorer),
            daemon=True,
        )
        with without_main():
            process.start()
        theirs.close()
        return _Worker(process, ours, Guard(process.pid, state, self._task.limits))

    def run(self, shards: Iterable[tuple[int, Piece]]) -> Iterator[Done]:
        """Yield what each shard came to as it is done; shards are read only as workers are free.

        Raises
        ------
        UserError
            No worker can start, one cannot write, or one shard stops every worker that is given it.
        """
        source = iter(shards)
        exhausted = False
        while True:
            exhausted = exhausted or not self._hand_out(source)
            for worker in self._workers:
                if worker.ready and not worker.busy and worker.assignment is not None:
                    worker.start()
            if exhausted and all(worker.assignment is None for worker in self._workers):
                return
            yield from self._collect()

    def _hand_out(self, source: Iterator[tuple[int, Piece]]) -> bool:
        """Give a shard to each worker that has none, and to new ones; tell if there were enough."""
        for index in range(self._most):
            if index < len(self._workers) and self._workers[index].assignment is not None:
                continue
            following = next(source, None)
            if following is None:
                return False
            if index == len(self._workers):
                self._workers.append(self._start())
            self._workers[index].assignment = Assignment(*following)
        return True

    def _collect(self) -> Iterator[Done]:
        pipes: dict[Any, int] = {w.pipe: i for i, w in enumerate(self._workers)}
        for pipe in wait(list(pipes), timeout=TICK_SECONDS):
            worker = self._workers[pipes[pipe]]
            try:
                kind, content = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._stopped(pipes[pipe], "crash")
                continue
            if kind == "failed":
                raise UserError(str(content))
            if kind == "raised":
                self._stopped(pipes[pipe], "crash", content)
            elif kind == "ready":
                worker.ready = True
                self._failed_starts = 0
            else:
                worker.busy = False
                if worker.suspect is not None:  # innocent: the shard is done again with it
                    worker.suspect = None
                else:
                    worker.assignment = None
                    yield content
        for index, worker in enumerate(self._workers):
            if worker.busy and worker.guard.is_late():
                worker.process.kill()
                self._stopped(index, "timeout")

    def _stopped(self, index: int, reason: str, words: str = "") -> None:
        """Replace a worker that ended or was ended; the fresh one gets what it was at."""
        worker = self._workers[index]
        worker.process.join(timeout=5)
        worker.pipe.close()
        status = worker.process.exitcode
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise UserError(
                    f"a worker process ended with status {status} before it could begin; is there "
                    "enough memory? Try fewer workers (-n)."
                )
        fresh = self._start()
        self._workers[index] = fresh
        fresh.assignment, fresh.suspect = worker.assignment, worker.suspect
        if worker.busy and worker.assignment is not None:
            if reason == "timeout":
                why = f"took longer than {self._task.limits.timeout_seconds:g} s"
            else:
                why = words or f"the process that read it ended with status {status}"
            fresh.suspect = _suspect_of(worker, worker.assignment, Failure(reason, why))


def _suspect_of(worker: _Worker, shard: Assignment, why: Failure) -> int | None:
    """Note that a worker stopped; return the molecule that is to be tried alone, if any."""
    guard = worker.guard
    if worker.suspect is not None:
        spent = f"{guard.seconds:.1f} s of processor time, {guard.megabytes:.0f} MB"
        message = f"{why.message}, also alone in a fresh process ({spent})"
        shard.failures[worker.suspect] = Failure(why.reason, message)
        return None
    position = guard.position
    shard.stops[position] += 1
    if position >= 0:
        if shard.stops[position] < _MAX_STOPS_AT_ONE:
            return position
        message = f"{why.message}, {_MAX_STOPS_AT_ONE} times, though not alone"
        shard.failures[position] = Failure(why.reason, message)
        return None
    if shard.stops[BATCH] + shard.stops[IDLE] >= _MAX_STOPS_BETWEEN:
        raise UserError(
            f"shard {shard.number} stopped {_MAX_STOPS_BETWEEN} workers one after the other, and "
            f"no single molecule did it ({why.message}); is there enough memory? Try fewer workers "
            "(-n). The same command continues."
        )
    # Ended among several molecules: the next try tells which one it was, if any.
    shard.careful = position == BATCH or shard.careful
    return None
