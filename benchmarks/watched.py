"""Run a command, and say how long it took and how much memory all its processes had together."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import family, pss_megabytes

EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes
    ----------
    seconds : float
        By the clock, from start to end.
    peak : float
        Largest sum over its processes of the proportional set size, in MB.
    output : str
        What it printed, both streams together.
    """

    seconds: float
    peak: float
    output: str


def watch(words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Watched:
    """Run a command to its end.

    Parameters
    ----------
    words
    log
        Where its output goes.
    environment
        Variables on top of this process's.

    Raises
    ------
    RuntimeError
        It failed; the message has the end of its output.
    """
    started = time.perf_counter()
    peak = 0.0
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        while process.poll() is None:
            peak = max(peak, sum(map(pss_megabytes, family(process.pid))))
            try:
                process.wait(EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    seconds = time.perf_counter() - started
    output = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}:\n{output[-3000:]}")
    return Watched(seconds, peak, output)
