"""Jobs done by worker processes, their results in the order of the jobs."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import starmap
from typing import Any, TypeVar

from screening.errors import UserError
from screening.processes import TRAINING, begin_loading, without_main, worker_context

_Result = TypeVar("_Result")
# Jobs on their way for each worker: one that it does, and one that waits beside it.
_IN_FLIGHT = 2


def in_processes(
    function: Callable[..., _Result], jobs: Iterable[tuple[Any, ...]], workers: int
) -> Generator[_Result, None, None]:
    """Yield what the function makes of each job, in the order of the jobs.

    Jobs are taken from the iterable only as workers are free, so that few are held at a time.

    Parameters
    ----------
    function
        Importable by name.
    jobs
        The arguments of each call.
    workers
        Processes; with 1 everything happens in this one.

    Raises
    ------
    UserError
        A worker was killed. Errors of the function are raised as they are.
    """
    if workers == 1:
        yield from starmap(function, jobs)
        return
    begin_loading(TRAINING)
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=worker_context(), initializer=_begin)
    try:
        waiting: deque[Future[_Result]] = deque()
        for job in jobs:
            with without_main():
                waiting.append(pool.submit(function, *job))
            if len(waiting) == _IN_FLIGHT * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended before its work was done; is there enough memory? "
            "Try fewer workers (-n)."
        ) from error
    except BaseException:
        # What they are at would otherwise be finished first: half a minute on a large assay.
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Begin a worker's life: Ctrl-C goes to the whole group, and is for the first process only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
