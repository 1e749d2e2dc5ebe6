"""How worker processes come to be: from a server that loads the libraries once, where there is one.

A server is a fresh process that has done nothing but import: unlike this one, it holds no threads
that a fork would cut off. Its children begin within milliseconds and share its memory. Windows has
none; there each worker is started from nothing.

Light to import, so that a command can begin the loading before it loads anything itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from threading import Thread
from types import ModuleType

_SERVER = "forkserver"
# What workers need that score molecules: numpy, RDKit, the model.
SCREENING = ("screening.library.scoring", "screening.library.prepared.prepare")
# What they need that train.
TRAINING = ("screening.model",)


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call
        return os.cpu_count() or 1


@contextmanager
def without_main() -> Iterator[None]:
    """Start processes that do not run the caller's script again.

    Python has each worker import the main script, in case what it works on is defined there; a
    script without `if __name__ == "__main__":` would train and screen again in every worker. All
    that workers need here is importable by name.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def stops_on_sigterm() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does: what is begun is tidied away before the process ends."""

    def stop(number: int, frame: object) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def has_server() -> bool:
    """Tell whether this system can fork workers from a server."""
    return _SERVER in multiprocessing.get_all_start_methods()


def worker_context() -> BaseContext:
    """Return what makes worker processes."""
    return multiprocessing.get_context(_SERVER if has_server() else "spawn")


def begin_loading(modules: Sequence[str] = SCREENING) -> None:
    """Have the server load what workers need, beside whatever this process does meanwhile.

    A server that runs already stays as it is: its children load what they lack.
    """
    if not has_server():
        return
    from multiprocessing import forkserver

    multiprocessing.get_context(_SERVER).set_forkserver_preload(list(modules))
    with without_main():
        forkserver.ensure_running()


def end_with(leash: Connection) -> None:
    """End this process as soon as nobody holds the other end of a pipe any more.

    Parameters
    ----------
    leash
        Nothing is ever sent through it. Its other end is held by the process that started this one,
        and by no other, so that it is closed when that process is gone, however it ended.
    """
    if sys.platform == "linux":
        import fcntl

        # The kernel sends SIGIO when the pipe is closed, which ends a process that knows nothing of
        # it: even one that hangs in compiled code and holds Python's lock.
        fcntl.fcntl(leash, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(leash, fcntl.F_SETFL, fcntl.fcntl(leash, fcntl.F_GETFL) | os.O_ASYNC)
        if leash.poll():  # closed before that
            os._exit(1)
    else:
        Thread(target=_wait_for_end, args=(leash,), daemon=True).start()


def _wait_for_end(leash: Connection) -> None:
    with suppress(EOFError, OSError):
        leash.recv()
    os._exit(1)
