"""How worker processes come to be: from a server that loads the libraries once, where there is one.

A server is a fresh process that has done nothing but import: unlike this one, it holds no threads
that a fork would cut off. Its children begin within milliseconds and share its memory. Windows has
none; there each worker is started from nothing.

Light to import, so that a command can begin the loading before it loads anything itself.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.context import BaseContext

_SERVER = "forkserver"
# What workers need that score molecules: torch, RDKit, the model.
SCREENING = ("screening.library.scorers", "screening.library.prepare")
# What they need that train.
TRAINING = ("screening.model",)


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
    forkserver.ensure_running()
