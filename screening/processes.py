"""How worker processes come to be: from a server that loads the libraries once, where there is one.

A server is a fresh process that has done nothing but import: unlike this one, it holds no threads
that a fork would cut off. Its children begin within milliseconds and share its memory. Windows has
none; there each worker is started from nothing.

Light to import, so that a command can begin the loading before it loads anything itself.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from types import ModuleType

from screening.systems import start_method

_SERVER = "forkserver"
# What workers need that score molecules: numpy, RDKit, the model; and pandas, which Arrow imports
# with the first array of numpy that it is given.
SCREENING = ("screening.library.scoring", "screening.library.prepared.prepare", "pandas")
# What they need that describe hits too. It is loaded while the command itself is.
DESCRIBING = (*SCREENING, "screening.chemistry.loaded")
# What they need that train: torch and scikit-learn, which neither package loads by itself.
TRAINING = ("screening.model.training", "screening.learners.baselines")


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


def worker_context() -> BaseContext:
    """Return what makes worker processes."""
    return multiprocessing.get_context(start_method())


def begin_loading(modules: Sequence[str] = SCREENING) -> None:
    """Have the server load what workers need, beside whatever this process does meanwhile.

    A server that runs already stays as it is: its children load what they lack.
    """
    if start_method() != _SERVER:
        return
    from multiprocessing import forkserver

    multiprocessing.get_context(_SERVER).set_forkserver_preload(list(modules))
    with without_main():
        forkserver.ensure_running()
