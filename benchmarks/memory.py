"""Run a command and print the memory of all its processes together, over time.

    python benchmarks/memory.py [--every 10] -- ebmscreen screen LIBRARY -m model.ebm -o run/

Memory is the proportional set size (shared pages counted once), from /proc; Linux only. The last
lines have the mean of each tenth of the run, the peak, and the seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=float, default=10.0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    words = given.command[1:] if given.command[:1] == ["--"] else given.command
    process = subprocess.Popen(words)
    started = time.monotonic()
    found: list[float] = []
    while process.poll() is None:
        found.append(sum(map(pss_megabytes, family(process.pid))))
        print(f"{time.monotonic() - started:8.0f} s {found[-1]:8.0f} MB", flush=True)
        try:
            process.wait(given.every)
        except subprocess.TimeoutExpired:
            continue
    tenths = [float(np.mean(part)) for part in np.array_split(found, 10) if len(part)]
    print("MB by tenth of the run: " + ", ".join(f"{mean:.0f}" for mean in tenths))
    print(f"peak {max(found):.0f} MB; {time.monotonic() - started:.1f} s")
    return process.returncode


def family(root: int) -> list[int]:
    """Return a process and everything that came from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are wanted, not paths
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:  # gone meanwhile
                continue
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        number = waiting.pop()
        found.append(number)
        waiting += children.get(number, [])
    return found


def pss_megabytes(number: int) -> float:
    """Return the proportional set size of a process; 0 when it is gone."""
    try:
        text = Path(f"/proc/{number}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return (
        next(float(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024
    )


if __name__ == "__main__":
    sys.exit(main())
