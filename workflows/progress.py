"""Progress of long work: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click
from tqdm import tqdm

from workflows.talk import Talk

# On something that is no terminal, a line this often is enough to see that work goes on.
_SECONDS_BETWEEN_LINES = 15.0


class Stages:
    """Shows stages of known length, one after the other.

    Parameters
    ----------
    talk : Talk
        Quiet talk shows nothing.
    """

    def __init__(self, talk: Talk) -> None:
        self._shown = talk.level >= 0
        self._terminal = sys.stderr.isatty()
        self._bar: tqdm[None] | None = None
        self._stage = ""
        self._last_line = 0.0

    def __enter__(self) -> Stages:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` are ready."""
        if not self._shown:
            return
        if self._terminal:
            self._on_terminal(stage, done, total)
        elif done == total or time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            click.echo(f"{stage}: {done} of {total}", err=True)

    def _on_terminal(self, stage: str, done: int, total: int) -> None:
        if self._bar is None or stage != self._stage:
            if self._bar is not None:
                self._bar.close()
            self._stage = stage
            self._bar = tqdm(total=total, desc=stage, file=sys.stderr)
        self._bar.update(done - self._bar.n)


class Rows:
    """Shows rows of a stream whose length may not be known.

    Parameters
    ----------
    talk : Talk
        Quiet talk shows nothing.
    """

    def __init__(self, talk: Talk) -> None:
        self._shown = talk.level >= 0
        self._terminal = sys.stderr.isatty()
        self._started = self._last_line = time.monotonic()
        self._bar: tqdm[None] | None = None

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

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
        elif time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            click.echo(self._line(rows, rejects, share), err=True)

    def _line(self, rows: int, rejects: int, share: float | None) -> str:
        spent = time.monotonic() - self._started
        left = f", about {spent * (1 - share) / share:.0f} s left" if share else ""
        return f"{rows} rows, {rejects} rejected, {rows / spent:.0f} a second{left}"


Step = Callable[[str, int, int], None]
