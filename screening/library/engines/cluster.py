"""The same shards on many machines, by dask.distributed.

The client reads the library only to know how many shards there are; what it sends is a shard's
number. Each worker opens the library itself and goes forward to its shards: a worker reads the
library once at most, which costs a few microseconds a row beside the millisecond that a row's
chemistry takes. A shard that comes back after a worker was lost may lie behind: the library is then
opened anew. Of a prepared library a worker reads its part alone.

A worker guards its molecules as the local engine does, with a process of its own: a molecule that
hangs or crashes costs itself, not the worker.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import process
from pathlib import Path
from typing import Any, Self

from screening.errors import UserError
from screening.library.engines.workers import ScorerMaker, Task, Workers
from screening.library.loop import LibraryPiece
from screening.library.options import ScreenOptions
from screening.library.shards import ShardRecord
from screening.tables import STDIN, Chunk, open_library, source_size

# Shards in flight for each thread of the cluster: enough to keep it busy, few enough to wait for.
_IN_FLIGHT_PER_THREAD = 2
CONNECT_SECONDS = 20


@dataclass(frozen=True)
class Recipe:
    """How a worker finds the rows of raw files.

    Attributes
    ----------
    names : tuple of str
        The files as the user named them.
    paths : tuple of str
        The same, absolute; every machine must see them there.
    smiles_column, id_column, sheet : str, optional
    chunk_size : int
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]
    smiles_column: str | None
    id_column: str | None
    sheet: str | None
    chunk_size: int

    @classmethod
    def of(cls, sources: Sequence[str], options: ScreenOptions, shard_size: int) -> Recipe:
        """Return the recipe of a run.

        Raises
        ------
        UserError
            A source is stdin or a pipe, which other processes cannot read.
        """
        pipes = [source for source in sources if source_size(source) is None]
        if pipes:
            name = "stdin" if pipes[0] == STDIN else f"the pipe {pipes[0]}"
            raise UserError(
                f"engine (--engine) dask cannot read {name}: its workers read the library "
                "themselves. Write it to a file that every worker sees."
            )
        return cls(
            names=tuple(sources),
            paths=tuple(str(Path(source).resolve()) for source in sources),
            smiles_column=options.smiles_column,
            id_column=options.id_column,
            sheet=options.sheet,
            chunk_size=shard_size,
        )

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of the library, under the names that the user gave."""
        names = dict(zip(self.paths, self.names, strict=True))
        stream = open_library(
            self.paths,
            smiles_column=self.smiles_column,
            id_column=self.id_column,
            sheet=self.sheet,
            chunk_size=self.chunk_size,
        )
        for chunk in stream:
            chunk.source = names[chunk.source]
            yield chunk


class _Position:
    """Where a worker is in the library."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._chunks = recipe.chunks()
        self._next = 0

    def chunk(self, number: int) -> Chunk:
        """Go to a chunk and return it."""
        if number < self._next:
            self._chunks = self._recipe.chunks()
            self._next = 0
        chunk = next(islice(self._chunks, number - self._next, None), None)
        if chunk is None:
            raise UserError(
                "the library became shorter while it was read; screen it again into a new folder."
            )
        self._next = number + 1
        return chunk


class _Kept:
    """What a worker process keeps between shards: its place in the library, its guarded process."""

    def __init__(
        self, task: Task, recipe: Recipe | None, make_scorer: ScorerMaker[ShardRecord]
    ) -> None:
        self.key = (task, recipe, make_scorer)
        self.position = None if recipe is None else _Position(recipe)
        # A worker of dask may be a daemon, which Python forbids to have children. This one's child
        # ends by itself when the pipe to it is closed, so nothing outlives the worker.
        process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        self.workers = Workers(task, 1, make_scorer)

    def close(self) -> None:
        self.workers.__exit__(None, None, None)


_kept: _Kept | None = None
_one_at_a_time = threading.Lock()


def do_shard(
    task: Task,
    recipe: Recipe | None,
    make_scorer: ScorerMaker[ShardRecord],
    number: int,
    part: LibraryPiece | None,
    digest: str,
) -> ShardRecord:
    """Do one shard in a worker of the cluster; its rows must be those of which the hash is given.

    Raises
    ------
    UserError
        The worker reads other rows.
    """
    global _kept
    with _one_at_a_time:
        if _kept is None or _kept.key != (task, recipe, make_scorer):
            if _kept is not None:
                _kept.close()
            _kept = _Kept(task, recipe, make_scorer)
        piece: Any = part if part is not None else _kept.position and _kept.position.chunk(number)
        if piece.digest() != digest:
            raise UserError(
                f"a worker reads other rows than this process ({piece.place()}); does every "
                "machine see the same file, and does nobody write to it?"
            )
        try:
            (record,) = list(_kept.workers.run([(number, piece)]))
        except BaseException:
            # Whatever went wrong, the next shard begins anew.
            _kept.close()
            _kept = None
            raise
    return record


class DaskEngine:
    """Has shards done by a dask.distributed cluster.

    Parameters
    ----------
    task : Task
        With absolute paths that every worker sees.
    recipe : Recipe or None
        How workers find the rows; None for prepared libraries.
    n : int
        Processes of a cluster on this machine, where there is no address.
    address : str, optional
        Of a running scheduler.
    make_scorer : callable
        Makes, in the worker, what scores a shard.

    Raises
    ------
    UserError
        dask.distributed is not installed, or the scheduler cannot be reached.
    """

    def __init__(
        self,
        task: Task,
        recipe: Recipe | None,
        n: int,
        address: str | None,
        make_scorer: ScorerMaker[ShardRecord],
    ) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UserError(
                "engine (--engine) dask needs dask.distributed; install it with "
                "`pip install 'ebmscreen[dask]'`."
            ) from error
        self._task, self._recipe, self._make_scorer = task, recipe, make_scorer
        self._cluster: Any = None
        if address is None:
            self._cluster = distributed.LocalCluster(
                n_workers=n, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1"
            )
        try:
            self.client: Any = distributed.Client(self._cluster or address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise UserError(
                f"the dask scheduler at {address} cannot be reached ({error}); is it running, and "
                "is the address right?"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()
        if self._cluster is not None:
            self._cluster.close()

    def run(self, shards: Iterator[tuple[int, LibraryPiece]]) -> Iterator[ShardRecord]:
        """Yield the record of each shard as it is done; at most a few are in flight.

        Raises
        ------
        UserError
            A worker cannot read or write, a shard was lost with several workers, or the scheduler
            is gone.
        """
        from distributed import CancelledError
        from distributed.comm.core import CommClosedError

        try:
            yield from self._run(shards)
        except (CancelledError, CommClosedError, OSError, TimeoutError) as error:
            raise UserError(
                f"the dask scheduler was lost ({type(error).__name__}). Every shard that is done "
                "stays: once a scheduler is there again, the same command continues the run."
            ) from error

    def _run(self, shards: Iterator[tuple[int, LibraryPiece]]) -> Iterator[ShardRecord]:
        from distributed import as_completed

        running = as_completed()
        # Names of tasks are the cluster's: another run's must not be taken for ours.
        token = uuid.uuid4().hex
        for number, piece in shards:
            part = None if isinstance(piece, Chunk) else piece
            future = self.client.submit(
                do_shard,
                self._task,
                self._recipe,
                self._make_scorer,
                number,
                part,
                piece.digest(),
                key=f"shard-{token}-{number}",
                pure=False,
            )
            running.add(future)
            if running.count() >= self._most():
                yield self._result(next(running))
        while not running.is_empty():
            yield self._result(next(running))

    def _most(self) -> int:
        threads = sum(self.client.nthreads().values())
        return max(1, _IN_FLIGHT_PER_THREAD * threads)

    def _result(self, future: Any) -> ShardRecord:
        from distributed.scheduler import KilledWorker

        try:
            record: ShardRecord = future.result()
        except KilledWorker as error:
            raise UserError(
                f"a shard was lost with several workers one after the other ({error}); are they "
                "short of memory? The same command continues the run."
            ) from error
        future.release()
        return record
