"""What `kill -9` costs a screen: how many shards are done twice, and whether the result changes.

    python benchmarks/kills.py LIBRARY.smi.gz --model model.ebm [--kills 10] [--workers 2]

Kills the whole process group of a screen ten times, each time after some more shards, and lets the
last start finish. Prints how many shards may have been done more than once, and whether hits.csv is
that of an undisturbed run.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--shard-size", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole, run = Path(folder) / "whole", Path(folder) / "run"
        seconds = _seconds(_start(given, whole))
        shards = len(list((whole / "shards").glob("[0-9]*.json")))
        in_flight = 0
        for number in range(1, given.kills + 1):
            process = _start(given, run)
            wanted = number * shards // (given.kills + 1)
            while process.poll() is None and _done(run) < wanted:
                time.sleep(0.02)
            before = _done(run)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            in_flight += given.workers
            print(f"kill {number} with {before} of {shards} shards done", flush=True)
        last = _seconds(_start(given, run))
        same = (whole / "hits.csv").read_bytes() == (run / "hits.csv").read_bytes()
    print(
        f"{given.kills} kills, {shards} shards of {given.shard_size} rows: at most {in_flight} "
        f"shards were in flight and lost; hits.csv {'is the same' if same else 'DIFFERS'}; "
        f"undisturbed run {seconds:.0f} s, last part {last:.0f} s"
    )
    return 0 if same else 1


def _start(given: argparse.Namespace, folder: Path) -> subprocess.Popen[bytes]:
    words = ["screen", given.library, "-m", str(given.model), "-o", str(folder), "--no-report"]
    words += ["--shard-size", str(given.shard_size), "-n", str(given.workers), "-q"]
    return subprocess.Popen(
        [sys.executable, "-m", "workflows", *words],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )


def _seconds(process: subprocess.Popen[bytes]) -> float:
    started = time.monotonic()
    if process.wait():
        raise SystemExit("the screen failed")
    return time.monotonic() - started


def _done(folder: Path) -> int:
    return len(list((folder / "shards").glob("[0-9]*.json")))


if __name__ == "__main__":
    sys.exit(main())
