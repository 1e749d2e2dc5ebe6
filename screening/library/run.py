"""A library run from the first row to the table of hits: score, rank, describe, write."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from screening.errors import UserError
from screening.hits import LOG_ODDS, Hits, named, write_hits
from screening.library.describing import missing_of, rank
from screening.library.drift import library_drift
from screening.library.engines.cluster import DaskEngine, Recipe
from screening.library.engines.workers import ScorerMaker, Workers
from screening.library.first_pass.parts import pass_over
from screening.library.first_pass.state import Ask, Outcome
from screening.library.first_pass.when import (
    PARTS_OF_SHARDS,
    pack_into,
    packed_parts,
    started_once,
    wants_first_pass,
)
from screening.library.loop import (
    Counts,
    OnCounts,
    ShardEngine,
    ShardTotals,
    Stream,
    do_shards,
    ignore_counts,
    write_rejects,
)
from screening.library.manifest import begin_or_continue, begun, settings_hash
from screening.library.options import RankedBy, ScreenOptions, ranked_by
from screening.library.prepared.source import (
    PreparedStream,
    check_prepared,
    is_prepared,
    open_prepared,
)
from screening.library.scoring import SCORES_VERSION, WorkerTask, model_scorer
from screening.library.shards import ShardFiles, ShardRecord
from screening.model import ScreeningModel, command_line, load_model, versions
from screening.tables import Announce, LibraryStream, open_library, silent, write_atomically
from screening.trust import Drift, library_name


@dataclass
class RunSummary:
    """What a run came to.

    Attributes
    ----------
    folder : Path
    counts : Counts
    continued : int
        Shards that an earlier run had finished.
    hits : Hits
    model : ScreeningModel
        That scored.
    seconds : dict of str to float
        One entry a stage, summed over workers, and `total` by the clock.
    first_pass : Outcome or None
        What a first pass promises, where there was one.
    drift : Drift or None
        How far the library lies from what the model learned; None without a scored row.
    """

    folder: Path
    counts: Counts
    continued: int
    hits: Hits
    model: ScreeningModel = field(repr=False)
    seconds: dict[str, float] = field(default_factory=dict)
    first_pass: Outcome | None = None
    drift: Drift | None = None


def screen(
    sources: Sequence[str],
    model_path: Path,
    folder: Path,
    options: ScreenOptions | None = None,
    *,
    announce: Announce = silent,
    warn: Announce = silent,
    on_progress: OnCounts = ignore_counts,
    make_scorer: ScorerMaker[ShardRecord] = model_scorer,
) -> RunSummary:
    """Score a library, rank it, and write the run's files; continue where an earlier call stopped.

    Shards that are there are not scored again, whatever the options that rank and describe.

    Parameters
    ----------
    sources
        Files, globs, `-` for stdin, or prepared libraries.
    model_path
        The .ebm file.
    folder
        RUN/: new, empty, or holding a run of the same library, model and limits.
    options
        Settings; the defaults when None.
    announce
        Is told what was recognised in each file, and that a run is continued.
    warn
        Is told what a prepared library lacks, and which option takes rows that were too large, when
        they are many.
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
    ranked = ranked_by(options.rank_by, model.tasks, model.values)
    limits = options.limits(model.options.limits)
    before = begun(ShardFiles.of_run(folder).records)
    shard_size = before["options"]["shard_size"] if before else options.shard_size
    ask = Ask(
        named(LOG_ODDS, ranked.task, model.tasks),
        options.wanted == "inactive",
        options.top,
        options.recall,
    )
    options = _with_first_pass_for(ranked, options, before)
    first = wants_first_pass(sources, options, ask, before)
    rows_together = PARTS_OF_SHARDS * shard_size if first else shard_size
    stream = _open(sources, model, options, rows_together, announce, warn)
    now = {
        **stream.identity(),
        "model_hash": model.model_hash,
        "model": model_path.name,
        "scores_version": SCORES_VERSION,
        "options": {"shard_size": shard_size},
    }
    if isinstance(stream, LibraryStream):
        named_by_user = ("smiles_column", "id_column", "sheet")
        now["options"] |= {name: getattr(options, name) for name in named_by_user}
    if isinstance(stream, LibraryStream) or stream.packed:
        now["options"]["limits"] = asdict(limits)
    if first:
        now["options"]["first_pass"] = True
    depends_on = {name: now[name] for name in ("model_hash", "scores_version")}
    depends_on["limits"] = now["options"].get("limits")
    files = ShardFiles.of_run(folder, settings_hash(depends_on))
    if begin_or_continue(folder, files.records, now):
        announce(f"{folder}: continuing the run that is there, shards of {shard_size} rows.")
    task = WorkerTask(
        model_path.resolve(), model.model_hash, folder.resolve(), limits, files.made_by
    )

    def engine() -> AbstractContextManager[ShardEngine]:
        if options.engine == "local":
            return Workers(task, options.workers, make_scorer)
        raw = isinstance(stream, LibraryStream)
        recipe = Recipe.of(stream.sources, options, shard_size) if raw else None
        return DaskEngine(task, recipe, options.workers, options.scheduler, make_scorer)

    outcome: Outcome | None = None
    with started_once(engine) as kept:
        pieces: Stream = stream
        if first:
            parts = (
                pack_into(folder, stream, limits, options, rows_together, on_progress)
                if isinstance(stream, LibraryStream)
                else packed_parts(stream)
            )
            pieces, outcome = pass_over(
                parts, files, folder, ask, kept, options.workers, on_progress, announce
            )
            _warn_of_choice(outcome, options, warn)
        done = do_shards(pieces, files, kept, on_progress)
    large = write_rejects(files, done.shards, folder / "rejects.csv")
    if advice := large.advice(done.counts.read, _TAKE_THEM[isinstance(stream, LibraryStream)]):
        warn(advice)
    ranking_started = time.perf_counter()
    hits = rank(files, done.shards, model, options, limits, announce)
    if missing := missing_of(hits):
        warn(missing)
    write_hits(hits, folder)
    done.seconds["hits"] = time.perf_counter() - ranking_started
    drift = _tell_drift(files, done, model, hits.ranked.task, announce)
    done.seconds["total"] = time.perf_counter() - started
    seconds = {stage: round(spent, 3) for stage, spent in done.seconds.items()}
    summary = RunSummary(folder, done.counts, done.continued, hits, model, seconds, outcome, drift)
    _write_run_json(summary, stream.sources, model_path, {**asdict(options), **asdict(limits)})
    return summary


def _tell_drift(
    files: ShardFiles, done: ShardTotals, model: ScreeningModel, task: str, announce: Announce
) -> Drift | None:
    """Say how far the library lies from what the model learned, and return it."""
    started = time.perf_counter()
    drift = library_drift(files, done.scored, model, task)
    if drift is not None:
        for sentence in drift.sentences(library_name(done.counts.passed_over)):
            announce(sentence)
    done.seconds["drift"] = time.perf_counter() - started
    return drift


def _warn_of_choice(outcome: Outcome, options: ScreenOptions, warn: Announce) -> None:
    if options.require or options.exclude:
        warn(
            f"what the first pass promises is of the best {outcome.ask.top:,} of all rows; of "
            "those that --require and --exclude leave, more may have been passed over."
        )


_TAKE_THEM = {
    True: "max_atoms (--max-atoms) {atoms} takes them all, into another folder",
    False: "prepare the library with --max-atoms {atoms} to take them all",
}


def _open(
    sources: Sequence[str],
    model: ScreeningModel,
    options: ScreenOptions,
    shard_size: int,
    announce: Announce,
    warn: Announce,
) -> LibraryStream | PreparedStream:
    """Open raw files or prepared libraries.

    Raises
    ------
    UserError
        A source cannot be read, does not fit the model, or both kinds are mixed.
    """
    names = [str(source) for source in sources]
    prepared = [name for name in names if is_prepared(name)]
    if not prepared:
        return open_library(
            names,
            smiles_column=options.smiles_column,
            id_column=options.id_column,
            sheet=options.sheet,
            chunk_size=shard_size,
            announce=announce,
        ).begun()
    if len(prepared) < len(names):
        raise UserError(
            f"{prepared[0]} is a prepared library and other sources are not; "
            "screen the two kinds in two runs."
        )
    libraries = [open_prepared(name) for name in prepared]
    if len({library.packed for library in libraries}) > 1:
        raise UserError(
            "some of these libraries are packed and others are not; screen the two kinds in two "
            "runs."
        )
    for library in libraries:
        announce(
            f"{library.folder}: {'packed' if library.packed else 'prepared'} library, "
            f"{library.description['counts']['scored']} molecules in {len(library.parts)} parts"
            f"{'' if library.packed else '; chemistry is not done again'}."
        )
        for warning in check_prepared(library, model):
            warn(warning)
    return PreparedStream(libraries)


def _with_first_pass_for(
    ranked: RankedBy, options: ScreenOptions, before: Mapping[str, Any] | None
) -> ScreenOptions:
    """Return options whose run scores every row where values rank: a scout knows scores alone.

    Raises
    ------
    UserError
        A first pass is asked for, or has passed rows of the run over.
    """
    if ranked.by == "score":
        return options
    was = before is not None and bool(before["options"].get("first_pass", False))
    if was or options.first_pass == "on":  # noqa: S105 - no password
        raise UserError(
            "a first pass (--first-pass) passes rows over by their score; to rank by value, score "
            "all of them (--first-pass off) in another folder."
        )
    return replace(options, first_pass="off")  # noqa: S106 - no password


def _write_run_json(
    summary: RunSummary, sources: list[str], model_path: Path, options: dict[str, Any]
) -> None:
    ranked = summary.hits.ranked
    content: dict[str, Any] = {
        "counts": asdict(summary.counts),
        "hits": len(summary.hits),
        "looked_at": ranked.looked_at,
        "required": [asdict(pattern) for pattern in ranked.required],
        "excluded": [asdict(pattern) for pattern in ranked.excluded],
        "first_pass": None if summary.first_pass is None else asdict(summary.first_pass),
        "drift": None if summary.drift is None else summary.drift.to_dict(),
        "shards_continued": summary.continued,
        "sources": sources,
        "model": str(model_path),
        "model_hash": summary.model.model_hash,
        "tasks": list(summary.model.tasks),
        "values": list(summary.model.values),
        "options": options,
        "versions": versions(),
        "command": command_line(),
        "seconds": summary.seconds,
    }
    _save_run_json(summary.folder, content)


def add_seconds(folder: Path, stage: str, spent: float) -> dict[str, float]:
    """Add a stage that followed the scoring to the times of a run; return them all.

    A stage that is done again replaces its time before.
    """
    content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    seconds: dict[str, float] = content["seconds"]
    total = seconds.pop("total") - seconds.pop(stage, 0.0) + spent
    seconds |= {stage: round(spent, 3), "total": round(total, 3)}
    _save_run_json(folder, content)
    return seconds


def _save_run_json(folder: Path, content: dict[str, Any]) -> None:
    with write_atomically(folder / "run.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
