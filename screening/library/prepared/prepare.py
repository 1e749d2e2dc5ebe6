"""Prepare a library once, to be scored by many models: the chemistry without the model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from screening.chemistry import Level, Limits, Standardiser
from screening.errors import UserError
from screening.features import FeatureSet
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.featurise import MoleculeReader, featurise_chunk
from screening.library.loop import (
    Counts,
    OnCounts,
    ShardTotals,
    do_shards,
    ignore_counts,
    write_rejects,
)
from screening.library.manifest import begin_or_continue, begun, settings_hash
from screening.library.prepared.format import (
    DESCRIPTION,
    description_hash,
    files_of,
    parameters_of,
    part_table,
)
from screening.library.shards import Clock, ShardRecord, Watch
from screening.model import command_line, file_hash, versions
from screening.model.archive import as_json
from screening.tables import Announce, LibraryStream, open_library, silent, write_atomically

REJECTS = "_rejects.csv"


@dataclass(frozen=True)
class PrepareOptions:
    """How a library is prepared.

    Attributes
    ----------
    features : tuple of str
        Feature blocks.
    standardize : str
        none, parent or tautomer.
    smiles_column, id_column : str, optional
        Columns of the library; guessed when None.
    sheet : str, optional
        Of Excel files; the first of each when None.
    limits : Limits
        Size and time that one molecule may take.
    part_size : int
        Rows of a part: what a killed run loses. A preparation that is there keeps its own.
    workers : int
        Processes. Does not change the result.
    """

    features: tuple[str, ...]
    standardize: Level = "parent"
    smiles_column: str | None = None
    id_column: str | None = None
    sheet: str | None = None
    limits: Limits = field(default_factory=Limits)
    part_size: int = 2000
    workers: int = 1


@dataclass(frozen=True)
class PrepareTask:
    """What every worker needs to know, sent once."""

    run: Path
    features: tuple[str, ...]
    standardize: Level
    limits: Limits
    made_by: str


@dataclass(frozen=True)
class PrepareSummary:
    """What a preparation came to."""

    folder: Path
    counts: Counts
    continued: int
    seconds: dict[str, float]


def part_writer(task: PrepareTask) -> Scorer[ShardRecord]:
    """Return what makes one part of the prepared library."""
    features = FeatureSet(task.features)
    reader = MoleculeReader(Standardiser(task.standardize), task.limits)
    files = files_of(task.run, task.made_by)
    parameters = parameters_of(features, task.standardize)

    def write(assignment: Assignment, watch: Watch) -> ShardRecord:
        clock = Clock()
        found, rejects = featurise_chunk(assignment, reader, features, watch=watch, clock=clock)
        if assignment.trial:
            return ShardRecord.of_trial(assignment.number)
        rows_hash = assignment.piece.digest()
        table = part_table(found, parameters)
        return files.write(assignment.number, rows_hash, table, rejects, clock)

    return write


def prepare_library(
    sources: Sequence[str],
    folder: Path,
    options: PrepareOptions,
    *,
    announce: Announce = silent,
    warn: Announce = silent,
    on_progress: OnCounts = ignore_counts,
    make_scorer: ScorerMaker[ShardRecord] = part_writer,
) -> PrepareSummary:
    """Parse, standardise and featurise a library; continue where an earlier call stopped.

    Parameters
    ----------
    sources
        Files, globs, or `-` for stdin.
    folder
        Of the prepared library: new, empty, or holding the same one unfinished.
    options
    announce
        Is told what was recognised in each file, and that a preparation is continued.
    warn
        Is told which option takes rows that were too large, when they are many.
    on_progress
        Is told the counts, and the share of the input read where that is known.
    make_scorer
        What makes parts in the workers; another one stands in for it in tests.

    Raises
    ------
    UserError
        The library cannot be read, the folder holds something else, or nothing can be written.
    """
    started = time.perf_counter()
    try:
        features = FeatureSet(options.features)
    except ValueError as error:
        raise UserError(f"--features: {error}.") from error
    parameters = parameters_of(features, options.standardize)
    made_by = settings_hash({"parameters": parameters, "limits": asdict(options.limits)})
    files = files_of(folder, made_by)
    before = begun(files.records)
    part_size = before["options"]["part_size"] if before else options.part_size
    stream = open_library(
        [str(source) for source in sources],
        smiles_column=options.smiles_column,
        id_column=options.id_column,
        sheet=options.sheet,
        chunk_size=part_size,
        announce=announce,
    ).begun()
    wanted = {
        **stream.identity(),
        "parameters": parameters,
        "options": {
            "smiles_column": options.smiles_column,
            "id_column": options.id_column,
            "sheet": options.sheet,
            "limits": asdict(options.limits),
            "part_size": part_size,
        },
    }
    if begin_or_continue(folder, files.records, wanted):
        announce(f"{folder}: continuing the preparation that is there, parts of {part_size} rows.")
    task = PrepareTask(folder, features.names, options.standardize, options.limits, made_by)
    done = do_shards(
        stream, files, lambda: Workers(task, options.workers, make_scorer), on_progress
    )
    large = write_rejects(files, done.shards, folder / REJECTS)
    if advice := large.advice(done.counts.read, "--max-atoms {atoms} takes them all"):
        warn(advice)
    done.seconds["total"] = time.perf_counter() - started
    seconds = {stage: round(spent, 3) for stage, spent in done.seconds.items()}
    _describe(folder, done, stream, wanted, seconds)
    return PrepareSummary(folder, done.counts, done.continued, seconds)


def _describe(
    folder: Path,
    done: ShardTotals,
    stream: LibraryStream,
    wanted: dict[str, Any],
    seconds: dict[str, float],
) -> None:
    files = files_of(folder)
    content: dict[str, Any] = {
        "parameters": wanted["parameters"],
        "options": wanted["options"],
        "sources": stream.sources,
        "counts": asdict(done.counts),
        "parts": [file_hash(files.record(number)) for number in range(done.shards)],
        "versions": versions(),
        "command": command_line(),
        "seconds": seconds,
    }
    content["sha256"] = description_hash(content)
    with write_atomically(folder / DESCRIPTION) as temporary:
        temporary.write_text(as_json(content), encoding="utf-8")
