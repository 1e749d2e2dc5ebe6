"""Progress of long work: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

import click
from tqdm import tqdm

from workflows.talk import Talk

# On something that is no terminal, a line this often is enough to see that work goes on.
_SECONDS_BETWEEN_LINES = 15.0


class _Shown:
    """A bar on a terminal, or now and then a line."""

    def __init__(self, talk: Talk) -> None:
        self._shown = talk.shows_progress
        self._terminal = sys.stderr.isatty()
        self._bar: tqdm[None] | None = None
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
    """Shows stages of known length, one after the other.

    Parameters
    ----------
    talk : Talk
        Quiet talk shows nothing.
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self._stage = ""

    def step(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` are ready."""
        if not self._shown:
            return
        if self._terminal:
            self._on_terminal(stage, done, total)
        elif self._line_is_due() or done == total:
            click.echo(f"{stage}: {done} of {total}", err=True)

    def _on_terminal(self, stage: str, done: int, total: int) -> None:
        if self._bar is None or stage != self._stage:
            self._close()
            self._stage = stage
            self._bar = tqdm(total=total, desc=stage, file=sys.stderr)
        self._bar.update(done - self._bar.n)


class Rows(_Shown):
    """Shows rows of a stream whose length may not be known.

    Parameters
    ----------
    talk : Talk
        Quiet talk shows nothing.
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk)
        self._started = time.monotonic()

    def show(self, rows: int, rejects: int, share: float | None) -> None:
        """Show rows so far, rejects among them, and the share of the input that was read."""
        if not self._shown:
            return
        if self._terminal:
            if self._bar is None:
                self._bar = tqdm(desc="screening", unit="mol", file=sys.stderr)
            # The whole is known only by the bytes of the input.
            self._bar.total = round(rows / share) if share else None
            self._bar.set_postfix(rejects=rejects, refresh=False)
            self._bar.update(rows - self._bar.n)
        elif self._line_is_due():
            click.echo(self._line(rows, rejects, share), err=True)

    def _line(self, rows: int, rejects: int, share: float | None) -> str:
        spent = time.monotonic() - self._started
        left = f", about {spent * (1 - share) / share:.0f} s left" if share else ""
        return f"{rows} rows, {rejects} rejected, {rows / spent:.0f} a second{left}"
