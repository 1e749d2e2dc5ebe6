"""A library run from the first row to hits.csv: plan, score, rank, write."""

from __future__ import annotations

import csv
import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from screening.chemistry import Reject
from screening.errors import UserError
from screening.library.hits import make_hits, write_hits
from screening.library.manifest import begin_or_continue, describe, finished
from screening.library.options import ScreenOptions
from screening.library.shard import STAGES, ShardFiles, ShardRecord
from screening.library.workers import ScorerMaker, Workers, WorkerTask, model_scorer
from screening.model import ScreeningModel, command_line, load_model, versions
from screening.tables import Announce, Chunk, LibraryStream, open_library, silent, write_atomically

REJECT_COLUMNS = ("source", "row", "id", "smiles", "reason", "message")
Progress = Callable[["Counts", float | None], None]


@dataclass
class Counts:
    """How far a run is; `read = scored + rejected` at any time."""

    read: int = 0
    scored: int = 0
    rejected: int = 0

    def add(self, record: ShardRecord) -> None:
        """Count one shard."""
        self.read += record.read
        self.scored += record.scored
        self.rejected += len(record.rejects)


@dataclass
class RunSummary:
    """What a run came to.

    Attributes
    ----------
    folder : Path
    counts : Counts
    continued : int
        Shards that an earlier run had finished.
    hits : int
    seconds : dict of str to float
        One entry a stage, summed over workers, and `total` by the clock.
    """

    folder: Path
    counts: Counts
    continued: int
    hits: int
    seconds: dict[str, float] = field(default_factory=dict)


def ignore_progress(counts: Counts, share: float | None) -> None:
    """Take no notice of progress."""
    del counts, share


def screen(
    sources: Sequence[str],
    model_path: Path,
    folder: Path,
    options: ScreenOptions | None = None,
    *,
    announce: Announce = silent,
    on_progress: Progress = ignore_progress,
    make_scorer: ScorerMaker = model_scorer,
) -> RunSummary:
    """Score a library, rank it, and write the run's files; continue where an earlier call stopped.

    Parameters
    ----------
    sources
        Files, globs, or `-` for stdin.
    model_path
        The .ebm file.
    folder
        RUN/: new, empty, or holding the same run unfinished.
    options
        Settings; the defaults when None.
    announce
        Is told what was recognised in each file, and that a run is continued.
    on_progress
        Is told the counts, and the share of the input read where that is known.
    make_scorer
        What scores shards in the workers; another one stands in for it in tests.

    Returns
    -------
    RunSummary

    Raises
    ------
    UserError
        The library or model cannot be read, the folder holds another run, or nothing can be
        written.
    """
    options = options or ScreenOptions()
    started = time.perf_counter()
    # A wrong model is told before anything is written or any process started.
    model = load_model(model_path)
    check_task(model, options.rank_by)
    stream = open_library(
        [str(source) for source in sources],
        smiles_column=options.smiles_column,
        id_column=options.id_column,
        chunk_size=options.shard_size,
        announce=announce,
    )
    files = ShardFiles(folder)
    shards = enumerate(stream)
    first = next(shards, None)
    if begin_or_continue(folder, describe(stream.sources, model.model_hash, options)):
        announce(f"{folder}: continuing the run that is there.")
    counts, seconds = Counts(), dict.fromkeys(STAGES, 0.0)
    continued = 0
    task = WorkerTask(model_path, folder, options.limits, options.prevalence)
    done: dict[int, ShardRecord] = {}

    def remaining() -> Iterator[tuple[int, Chunk]]:
        nonlocal continued
        for number, chunk in _timed(_chain(first, shards), seconds):
            record = finished(files, number)
            if record is None:
                yield number, chunk
            else:
                continued += 1
                done[number] = record
                counts.add(record)

    with _stop_on_sigterm(), Workers(task, options.workers, make_scorer) as workers:
        for record in workers.run(remaining()):
            done[record.number] = record
            counts.add(record)
            for stage, spent in record.seconds.items():
                seconds[stage] = seconds.get(stage, 0.0) + spent
            on_progress(counts, stream.share_read())
    records = [done[number] for number in sorted(done)]
    parts = [files.scores(record.number) for record in records]
    write_rejects((reject for record in records for reject in record.rejects), folder)
    ranking_started = time.perf_counter()
    hits = make_hits(parts, model, options)
    write_hits(hits, folder / "hits.csv")
    seconds["hits"] = time.perf_counter() - ranking_started
    seconds["total"] = time.perf_counter() - started
    summary = RunSummary(folder, counts, continued, len(hits), _rounded(seconds))
    _write_run_json(summary, stream, model, model_path, options)
    return summary


def check_task(model: ScreeningModel, task: str | None) -> None:
    """Raise UserError when the model has no such task."""
    if task is not None and task not in model.tasks:
        raise UserError(f"--rank-by {task!r}: the model's tasks are {', '.join(model.tasks)}.")


def _chain(
    first: tuple[int, Chunk] | None, rest: Iterator[tuple[int, Chunk]]
) -> Iterator[tuple[int, Chunk]]:
    if first is not None:
        yield first
        yield from rest


def _timed(
    shards: Iterator[tuple[int, Chunk]], seconds: dict[str, float]
) -> Iterator[tuple[int, Chunk]]:
    while True:
        started = time.perf_counter()
        following = next(shards, None)
        seconds["read"] += time.perf_counter() - started
        if following is None:
            return
        yield following


@contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    """Treat a request to end like Ctrl-C: workers are stopped, whole shards stay."""

    def stop(number: int, frame: object) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_rejects(rejects: Iterator[Reject], folder: Path) -> None:
    """Write rejects.csv, in input order."""
    with (
        write_atomically(folder / "rejects.csv") as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REJECT_COLUMNS)
        writer.writerows([getattr(r, c) for c in REJECT_COLUMNS] for r in rejects)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {stage: round(spent, 3) for stage, spent in seconds.items()}


def _write_run_json(
    summary: RunSummary,
    stream: LibraryStream,
    model: ScreeningModel,
    model_path: Path,
    options: ScreenOptions,
) -> None:
    content: dict[str, Any] = {
        "counts": asdict(summary.counts),
        "hits": summary.hits,
        "shards_continued": summary.continued,
        "sources": stream.sources,
        "model": str(model_path),
        "model_hash": model.model_hash,
        "tasks": list(model.tasks),
        "options": asdict(options),
        "versions": versions(),
        "command": command_line(),
        "seconds": summary.seconds,
    }
    with write_atomically(summary.folder / "run.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
