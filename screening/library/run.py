"""A library run from the first row to hits.csv: plan, score, rank, write."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from screening.errors import UserError
from screening.library.complete import (
    Counts,
    Engine,
    Progress,
    complete_shards,
    ignore_progress,
    rejects_of,
    stop_on_sigterm,
    write_rejects,
)
from screening.library.dask_engine import DaskEngine, Recipe
from screening.library.hits import make_hits, write_hits
from screening.library.manifest import begin_or_continue
from screening.library.options import ScreenOptions
from screening.library.prepared_source import (
    PreparedStream,
    check_prepared,
    is_prepared,
    open_prepared,
)
from screening.library.raw_source import RawStream
from screening.library.scorers import WorkerTask, model_scorer
from screening.library.shard import ShardFiles
from screening.library.workers import ScorerMaker, Workers
from screening.model import ScreeningModel, command_line, load_model, versions
from screening.tables import Announce, silent, write_atomically


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
        Files, globs, `-` for stdin, or prepared libraries.
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
    stream = open_sources([str(source) for source in sources], model, options, announce)
    wanted = {
        "sources": stream.sources,
        "bytes": stream.identity(),
        "model_hash": model.model_hash,
        "options": options.identity(),
    }
    files = ShardFiles.of_run(folder)
    if begin_or_continue(folder, files.records, wanted):
        announce(f"{folder}: continuing the run that is there.")
    task = WorkerTask(model_path.resolve(), folder.resolve(), options.limits, options.prevalence)
    with stop_on_sigterm(), _engine(task, stream, options, make_scorer) as engine:
        done = complete_shards(stream, files, engine, on_progress)
    write_rejects(rejects_of(files, done.shards), folder / "rejects.csv")
    ranking_started = time.perf_counter()
    parts = [files.scores(number) for number in range(done.shards)]
    hits = make_hits(parts, model, options)
    write_hits(hits, folder / "hits.csv")
    done.seconds["hits"] = time.perf_counter() - ranking_started
    done.seconds["total"] = time.perf_counter() - started
    seconds = {stage: round(spent, 3) for stage, spent in done.seconds.items()}
    summary = RunSummary(folder, done.counts, done.continued, len(hits), seconds)
    _write_run_json(summary, stream, model, model_path, options)
    return summary


def _engine(
    task: WorkerTask,
    stream: RawStream | PreparedStream,
    options: ScreenOptions,
    make_scorer: ScorerMaker,
) -> AbstractContextManager[Engine]:
    """Return what does the shards: processes here, or a dask cluster."""
    if options.engine == "local":
        return Workers(task, options.workers, make_scorer)
    recipe = Recipe.of(stream.sources, options) if isinstance(stream, RawStream) else None
    return DaskEngine(task, recipe, options.workers, options.scheduler, make_scorer)


def open_sources(
    sources: list[str], model: ScreeningModel, options: ScreenOptions, announce: Announce
) -> RawStream | PreparedStream:
    """Open raw files or prepared libraries.

    Raises
    ------
    UserError
        A source cannot be read, does not fit the model, or both kinds are mixed.
    """
    prepared = [source for source in sources if is_prepared(source)]
    if not prepared:
        return RawStream(
            sources, options.smiles_column, options.id_column, options.shard_size, announce
        )
    if len(prepared) < len(sources):
        raise UserError(
            f"{prepared[0]} is a prepared library and other sources are not; "
            "screen the two kinds in two runs."
        )
    libraries = [open_prepared(source) for source in prepared]
    for library in libraries:
        counts = library.description["counts"]
        announce(
            f"{library.folder}: prepared library, {counts['scored']} molecules in "
            f"{len(library.parts)} parts; chemistry is not done again."
        )
        for warning in check_prepared(library, model):
            announce(f"warning: {warning}")
    return PreparedStream(libraries)


def check_task(model: ScreeningModel, task: str | None) -> None:
    """Raise UserError when the model has no such task."""
    if task is not None and task not in model.tasks:
        raise UserError(f"--rank-by {task!r}: the model's tasks are {', '.join(model.tasks)}.")


def _write_run_json(
    summary: RunSummary,
    stream: RawStream | PreparedStream,
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
