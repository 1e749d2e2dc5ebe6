"""Progress of long work: told by who works; shown by a bar, or now and then by a line."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, Self

# Told the stage's name, how much of it is done, and how much there is.
OnStep = Callable[[str, int, int], None]

# Where no bar can be drawn, a line this often is enough to see that work goes on.
_SECONDS_BETWEEN_LINES = 15.0
# Work that is done sooner needs no bar.
_SECONDS_BEFORE_BAR = 0.5


def ignore_steps(stage: str, done: int, total: int) -> None:
    """Take no notice of progress."""
    del stage, done, total


def in_notebook() -> bool:
    """Tell whether this code runs in a Jupyter kernel."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _new_bar(**options: Any) -> Any:
    with warnings.catch_warnings():
        # Without ipywidgets a notebook gets a bar of characters, and needs no warning about it.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm
    return tqdm(file=sys.stderr, delay=_SECONDS_BEFORE_BAR, **options)


class _Shown:
    """A bar in a terminal or a notebook; elsewhere a line now and then.

    Parameters
    ----------
    shown : bool
        False shows nothing.
    """

    def __init__(self, shown: bool = True) -> None:
        self._shown = shown
        self._draws = shown and (sys.stderr.isatty() or in_notebook())
        self._bar: Any = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _line_is_due(self) -> bool:
        due = time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES
        if due:
            self._last_line = time.monotonic()
        return due


class Stages(_Shown):
    """Shows stages of known length, one after the other; its `step` is an `OnStep`."""

    _stage = ""

    def step(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` are ready."""
        if self._draws:
            self._draw(stage, done, total)
        elif self._shown and (self._line_is_due() or done == total):
            print(f"{stage}: {done} of {total}", file=sys.stderr)  # noqa: T201

    def _draw(self, stage: str, done: int, total: int) -> None:
        if self._bar is None or stage != self._stage:
            self._close()
            self._stage = stage
            self._bar = _new_bar(total=total, desc=stage)
        self._bar.update(done - self._bar.n)


class Rows(_Shown):
    """Shows rows of a stream whose length may not be known."""

    def __init__(self, shown: bool = True) -> None:
        super().__init__(shown)
        self._started = time.monotonic()

    def show(self, rows: int, rejects: int, share: float | None) -> None:
        """Show rows so far, rejects among them, and the share of the input that was read."""
        if self._draws:
            if self._bar is None:
                self._bar = _new_bar(desc="screening", unit="mol")
            # The whole is known only by the bytes of the input.
            self._bar.total = round(rows / share) if share else None
            self._bar.set_postfix(rejects=rejects, refresh=False)
            self._bar.update(rows - self._bar.n)
        elif self._shown and self._line_is_due():
            print(self._line(rows, rejects, share), file=sys.stderr)  # noqa: T201

    def _line(self, rows: int, rejects: int, share: float | None) -> str:
        spent = time.monotonic() - self._started
        left = f", about {spent * (1 - share) / share:.0f} s left" if share else ""
        return f"{rows} rows, {rejects} rejected, {rows / spent:.0f} a second{left}"
