"""What a worker is at, and what it has spent on it: told by the worker, watched by its guard.

A molecule has a limit of processor time. The clock on the wall would also count what a paused or
crowded machine takes from the worker. A molecule that sleeps uses no processor: for it there is a
limit of time in which the guard itself has seen the process asleep, ten times as long. A guard that
is paused together with its workers sees nothing, and a process that is paused, or that would run if
it were its turn, is not asleep.
"""

from __future__ import annotations

import time
from typing import Any

import psutil

from screening.chemistry import Limits
from screening.library.shards import Watch
from screening.systems import may_sleep

# How often a silent worker is looked at.
TICK_SECONDS = 0.2
# What a worker may be at instead of a molecule.
IDLE, BATCH = -1, -2
# Time that each molecule of a batch adds to what the batch may take.
_BATCH_SECONDS_PER_MOLECULE = 0.05
# How much longer than its limit a molecule may sleep.
_PATIENCE = 10
_MEGABYTE = 1 << 20


class SharedWatch(Watch):
    """Writes position and processor time into memory that the guard reads.

    Parameters
    ----------
    state : shared array of three numbers
        Position, processor time at which the worker came to it, molecules of a batch.
    """

    def __init__(self, state: Any) -> None:
        self._state = state

    def molecule(self, position: int) -> None:
        """Note that a molecule is being read or computed."""
        # Time first: a guard that looks in between must not count time of what went before.
        self._state[1] = time.process_time()
        self._state[0] = position

    def batch(self, size: int) -> None:
        """Note that so many molecules are being computed together."""
        self._state[1], self._state[2] = time.process_time(), size
        self._state[0] = BATCH

    def idle(self) -> None:
        """Note that there is nothing to do."""
        self._state[0] = IDLE


class Guard:
    """Looks at one worker process from outside.

    Parameters
    ----------
    pid : int
    state : shared array
        See `SharedWatch`.
    limits : Limits

    Attributes
    ----------
    seconds : float
        Processor time since `begin`, as last seen.
    megabytes : float
        Most memory since `begin`, as far as it was seen.
    """

    def __init__(self, pid: int, state: Any, limits: Limits) -> None:
        self._pid, self._state, self._limits = pid, state, limits
        self._process: psutil.Process | None = None
        self._begun = self.seconds = self.megabytes = 0.0
        self._seen: tuple[float, float] = (IDLE, 0.0)
        self._waited = 0.0
        self._last_look = time.monotonic()

    @property
    def position(self) -> int:
        """What the worker is at, or was when it ended: a molecule, BATCH or IDLE."""
        return int(self._state[0])

    def begin(self) -> None:
        """Note that the worker is given something to do."""
        self._state[0] = IDLE
        self._begun = self._spent()
        self.seconds = self.megabytes = 0.0
        self._spent()

    def is_late(self) -> bool:
        """Look at the worker; tell whether it has been at one thing for too long."""
        now = time.monotonic()
        # The guard may have been away, or paused: no more has gone by than it was there to see.
        passed, self._last_look = min(now - self._last_look, 2 * TICK_SECONDS), now
        stamp = (float(self._state[0]), float(self._state[1]))
        if stamp != self._seen or stamp[0] == IDLE:
            self._seen, self._waited = stamp, 0.0
            return False
        self._waited += passed if self._is_asleep() else 0.0
        allowed = self._limits.timeout_seconds
        if stamp[0] == BATCH:
            allowed += _BATCH_SECONDS_PER_MOLECULE * self._state[2]
        return self._spent() - stamp[1] > allowed or self._waited > _PATIENCE * allowed

    def _is_asleep(self) -> bool:
        try:
            return may_sleep(psutil.Process(self._pid))
        except psutil.Error:
            return False

    def _spent(self) -> float:
        """Return the processor time of the worker's life; note it and its memory."""
        try:
            if self._process is None:
                self._process = psutil.Process(self._pid)
            times = self._process.cpu_times()
            memory = self._process.memory_info().rss / _MEGABYTE
        except psutil.Error:  # it is gone: that is for others to find
            return self._begun + self.seconds
        spent = float(times.user + times.system)
        self.seconds = spent - self._begun
        self.megabytes = max(self.megabytes, memory)
        return spent
