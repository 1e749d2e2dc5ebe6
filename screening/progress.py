"""Progress of long work: told by who works; shown by a bar, or now and then by a line.

Where the environment names a file (`EBMSCREEN_PROGRESS`), it is written there too, for whoever
follows the work from another process.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from screening.systems import move_into_place

FOLLOWED = "EBMSCREEN_PROGRESS"

# Told the stage's name, how much of it is done, and how much there is.
OnStep = Callable[[str, int, int], None]

# Where no bar can be drawn, a line this often is enough to see that work goes on.
_SECONDS_BETWEEN_LINES = 15.0
# Work that is done sooner needs no bar.
_SECONDS_BEFORE_BAR = 0.5
_SECONDS_BETWEEN_FILES = 0.25


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


class _Followed:
    """Writes how far work is to the file that the environment names; nothing where there is none.

    The file has one JSON object: `stage`, `done` and `total` (or null), `share` (0-1, or null),
    `rejects`; `began` and `at` (seconds since 1970), and `first`, what was done when it began.
    """

    def __init__(self) -> None:
        name = os.environ.get(FOLLOWED)
        self._path = Path(name) if name else None
        self._stage = ""
        self._done = 0
        self._began = self._at = 0.0
        self._first: tuple[int, float | None] = (0, None)

    def tell(
        self,
        stage: str,
        done: int,
        total: int | None,
        *,
        share: float | None = None,
        rejects: int = 0,
    ) -> None:
        """Write how far a stage is, unless it was written a moment ago."""
        if self._path is None:
            return
        now = time.time()
        again, self._done = done < self._done, done
        if stage != self._stage or again:
            self._stage, self._began, self._first = stage, now, (done, share)
        elif now - self._at < _SECONDS_BETWEEN_FILES and done != total:
            return
        self._at = now
        content = {
            "stage": stage,
            "done": done,
            "total": total,
            "share": share,
            "rejects": rejects,
            "began": self._began,
            "at": now,
            "first": self._first[0],
            "first_share": self._first[1],
        }
        temporary = self._path.with_name(f".{self._path.name}.part")
        # Work does not end because nobody can follow it.
        with suppress(OSError):
            temporary.write_text(json.dumps(content), encoding="utf-8")
            move_into_place(temporary, self._path)


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
        self._followed = _Followed()

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
        self._followed.tell(stage, done, total)
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
    """Shows rows of a stream whose length may not be known.

    Fewer rows than were told before are those of another pass, with a rate of its own.
    """

    def __init__(self, shown: bool = True) -> None:
        super().__init__(shown)
        self._started = self._told = time.monotonic()
        self._rows = 0

    def show(self, rows: int, rejects: int, share: float | None) -> None:
        """Show rows so far, rejects among them, and the share of the input that was read."""
        self._followed.tell("screening", rows, None, share=share, rejects=rejects)
        if rows < self._rows:
            self._started = self._told
            self._close()
            self._bar = None
        self._rows, self._told = rows, time.monotonic()
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
