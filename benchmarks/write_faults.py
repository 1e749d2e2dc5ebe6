"""Fail every file operation of a small screen, one at a time, and repeat the command.

    python benchmarks/write_faults.py model.ebm data/samples/wehi.csv.gz [--rows 40] [--every 1]

A screen of a few rows is run once for each of its file operations (open to write, make a folder,
flush, move, remove, write Parquet), of the command and of its worker. That operation finds the disk
full, the disk read-only, or the process killed. The command must end in one sentence or be killed;
the same command again must end well and leave the bytes of an undisturbed run, and nothing beside.
Ends with status 1 otherwise.
"""

from __future__ import annotations

import argparse
import builtins
import errno
import gzip
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tqdm import tqdm

from screening.library import run as library_run
from screening.library.engines.workers import Scorer
from screening.library.scoring import WorkerTask, model_scorer
from screening.processes import begin_loading, worker_context
from workflows.cli import main as command_line

WAYS = ("full", "read-only", "killed")
PLACES = ("command", "worker")
_ERRORS = {"full": errno.ENOSPC, "read-only": errno.EROFS}
# What a run says of how it went, and not of its result.
_OWN = ("seconds", "shards_continued", "command")


@dataclass
class Fault:
    """Lets file operations of this process pass, but for one.

    Attributes
    ----------
    at : int
        The operation that fails, from 1; 0 counts only.
    way : str
        full, read-only or killed.
    folder : str
        Operations outside are no concern of the run.
    """

    at: int
    way: str
    folder: str
    count: int = 0

    def before(self, path: Any) -> None:
        """Count an operation on a path; fail if it is the one."""
        if not str(path).startswith(self.folder):
            return
        self.count += 1
        if self.count != self.at:
            return
        if self.way == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(_ERRORS[self.way], os.strerror(_ERRORS[self.way]), str(path))

    def watch(self) -> None:
        """Put this in front of every operation that writes."""
        for module, name, place in (
            (os, "replace", 0),
            (os, "mkdir", 0),
            (os, "unlink", 0),
            (os, "remove", 0),
            (pq, "write_table", 1),
        ):
            setattr(module, name, self._watched(getattr(module, name), place))
        opened, flushed, low = io.open, os.fsync, os.open

        def open_watched(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if set(mode) & set("wax+"):
                self.before(file)
            return opened(file, mode, *rest, **named)

        def low_open_watched(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR):
                self.before(path)
            return low(path, flags, *rest, **named)

        def flush_watched(file: Any) -> None:
            self.before(self.folder)
            flushed(file)

        builtins.open = io.open = open_watched
        os.open, os.fsync = low_open_watched, flush_watched

    def _watched(self, operation: Callable[..., Any], place: int) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            self.before(given[place])
            return operation(*given, **named)

        return watched


def faulty_scorer(task: WorkerTask, fault: Fault, counted: str) -> Scorer:
    """Return the real scorer, in a worker of which one file operation fails.

    One worker may follow another: only the first is to fail.
    """
    inner = model_scorer(task)
    if not Path(counted).exists():
        Path(counted).touch()
        fault.watch()

    def score(assignment: Any, watch: Any) -> Any:
        record = inner(assignment, watch)
        Path(counted).write_text(str(fault.count))
        return record

    return score


def screen_with(arguments: list[str], place: str, fault: Fault, said: str, counted: str) -> None:
    """Run the command in this process, with a fault in it or in its worker."""
    if place == "worker":
        maker = partial(faulty_scorer, fault=fault, counted=counted)
        library_run.screen.__kwdefaults__["make_scorer"] = maker
    else:
        fault.watch()
    with Path(said).open("w") as err, redirect_stderr(err), redirect_stdout(io.StringIO()):
        status = command_line(arguments)
    if place == "command":
        Path(counted).write_text(str(fault.count))
    os._exit(status)


def start(arguments: list[str], place: str, fault: Fault, folder: Path) -> tuple[int, str, int]:
    """Run the command in a process; return its status, what it said, and the operations seen."""
    said, counted = folder / "said.txt", folder / "counted.txt"
    counted.unlink(missing_ok=True)
    process = worker_context().Process(
        target=screen_with, args=(arguments, place, fault, str(said), str(counted))
    )
    process.start()
    process.join()
    seen = counted.read_text() if counted.exists() else ""
    return process.exitcode or 0, said.read_text() if said.exists() else "", int(seen or 0)


def contents(run: Path) -> dict[str, bytes]:
    """Return every file of a run that must be the same again, by name."""
    found = {}
    for path in sorted(p for p in run.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.suffix == ".json":
            data = json.dumps(_without_own(json.loads(data))).encode()
        found[str(path.relative_to(run))] = data
    return found


def _without_own(value: Any) -> Any:
    return {k: v for k, v in value.items() if k not in _OWN} if isinstance(value, dict) else value


def cases(
    arguments: list[str], run: Path, folder: Path, every: int = 1
) -> Iterator[tuple[str, str]]:
    """Yield what each case was, and its verdict: mended, or what is wrong.

    Parameters
    ----------
    arguments
        Of a `screen` with one worker.
    run
        The folder that it writes to.
    folder
        For what the command says.
    every
        One of so many cases is tried.
    """
    counts = {}
    whole: dict[str, bytes] = {}
    for place in PLACES:
        shutil.rmtree(run, ignore_errors=True)
        status, said, counts[place] = start(arguments, place, Fault(0, "", str(run)), folder)
        assert status == 0, said
        assert counts[place] > 0, f"no operation of the {place} was seen"
        whole = contents(run)
    tried = [(p, way, at) for p in PLACES for way in WAYS for at in range(1, counts[p] + 1)]
    for place, way, at in tried[::every]:
        shutil.rmtree(run, ignore_errors=True)
        status, said, _ = start(arguments, place, Fault(at, way, str(run)), folder)
        what = f"{place}, operation {at} of {counts[place]}, {way}"
        yield what, wrong_end(status, said) or again(arguments, run, folder, whole)


def wrong_end(status: int, said: str) -> str:
    """Return what is wrong with how the disturbed command ended; nothing where all is well."""
    if status in (0, -signal.SIGKILL):
        return ""
    lines = [line for line in said.splitlines() if line.startswith("ebmscreen: ")]
    if status != 1 or len(lines) != 1 or "Traceback" in said:
        return f"status {status}: {said[-400:]}"
    return ""


def again(arguments: list[str], run: Path, folder: Path, whole: dict[str, bytes]) -> str:
    """Repeat the command undisturbed, and compare what it leaves with what it should leave."""
    status, said, _ = start(arguments, "command", Fault(0, "", str(run)), folder)
    if status:
        return f"again, status {status}: {said[-400:]}"
    found = contents(run)
    odd = [n for n in sorted(found.keys() | whole.keys()) if found.get(n) != whole.get(n)]
    return f"differs: {', '.join(odd)}" if odd else "mended"


def few_rows(library: Path, rows: int, path: Path) -> Path:
    """Write the first rows of a gzipped table."""
    with gzip.open(library, "rt", encoding="utf-8") as file:
        path.write_text("".join(islice(file, rows)), encoding="utf-8")
    return path


def small_screen(model: Path, library: Path, run: Path) -> list[str]:
    """Return the words of a screen with one worker and without a report."""
    words = ["screen", str(library), "-m", str(model), "-o", str(run)]
    return [*words, "--no-report", "--top", "5", "-n", "1", "-q"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    begin_loading()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        library = few_rows(asked.library, asked.rows, folder / "library.csv")
        run = folder / "run"
        arguments = small_screen(asked.model, library, run)
        for what, verdict in tqdm(cases(arguments, run, folder, asked.every), unit=" cases"):
            counts[verdict if verdict == "mended" else "wrong"] += 1
            if verdict != "mended":
                tqdm.write(f"{what}: {verdict}")
    print(", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items())))
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    # Workers look the scorer up by the name of this module, not by that of a script.
    from write_faults import main as run_as_module

    sys.exit(run_as_module())
