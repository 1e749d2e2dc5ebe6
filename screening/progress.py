"""Progress of long work: who works tells (stage, done, total); who watches decides what to show."""

from __future__ import annotations

from collections.abc import Callable

# Told the stage's name, how much of it is done, and how much there is.
OnStep = Callable[[str, int, int], None]


def ignore_steps(stage: str, done: int, total: int) -> None:
    """Take no notice of progress."""
    del stage, done, total
