"""Prepare a library once, to be scored by many models: the chemistry without the model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from screening.chemistry import Level, Limits, Standardiser
from screening.errors import UserError
from screening.features import FeatureSet
from screening.library.complete import (
    Completed,
    Counts,
    Progress,
    complete_shards,
    ignore_progress,
    rejects_of,
    stop_on_sigterm,
    write_rejects,
)
from screening.library.featurised import MoleculeReader, featurise_chunk
from screening.library.manifest import begin_or_continue
from screening.library.prepared_format import DESCRIPTION, files_of, parameters_of, part_table
from screening.library.raw_source import RawStream
from screening.library.shard import Clock, ShardRecord, Watch
from screening.library.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.model import command_line, versions
from screening.tables import Announce, silent, write_atomically

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
    limits : Limits
        Size and time that one molecule may take.
    part_size : int
        Rows of a part: what a killed run loses.
    workers : int
        Processes. Does not change the result.
    """

    features: tuple[str, ...]
    standardize: Level = "parent"
    smiles_column: str | None = None
    id_column: str | None = None
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


@dataclass(frozen=True)
class PrepareSummary:
    """What a preparation came to."""

    folder: Path
    counts: Counts
    continued: int
    seconds: dict[str, float]


def part_writer(task: PrepareTask) -> Scorer:
    """Return what makes one part of the prepared library."""
    features = FeatureSet(task.features)
    reader = MoleculeReader(Standardiser(task.standardize), task.limits)
    files = files_of(task.run)
    parameters = parameters_of(features, task.standardize)

    def write(assignment: Assignment, watch: Watch) -> ShardRecord:
        clock = Clock()
        found, rejects = featurise_chunk(
            assignment.piece,
            reader,
            features,
            known_failures=assignment.failures,
            careful=assignment.careful,
            watch=watch,
            clock=clock,
        )
        return files.write(assignment.number, part_table(found, parameters), rejects, clock)

    return write


def prepare_library(
    sources: Sequence[str],
    folder: Path,
    options: PrepareOptions,
    *,
    announce: Announce = silent,
    on_progress: Progress = ignore_progress,
    make_scorer: ScorerMaker = part_writer,
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
    stream = RawStream(
        sources, options.smiles_column, options.id_column, options.part_size, announce
    )
    parameters = parameters_of(features, options.standardize)
    wanted = {
        "sources": stream.sources,
        "bytes": stream.identity(),
        "parameters": parameters,
        "options": {
            "smiles_column": options.smiles_column,
            "id_column": options.id_column,
            "limits": asdict(options.limits),
            "part_size": options.part_size,
        },
    }
    files = files_of(folder)
    if begin_or_continue(folder, files.records, wanted):
        announce(f"{folder}: continuing the preparation that is there.")
    task = PrepareTask(folder, features.names, options.standardize, options.limits)
    with stop_on_sigterm(), Workers(task, options.workers, make_scorer) as workers:
        done = complete_shards(stream, files, workers, on_progress)
    write_rejects(rejects_of(files, done.shards), folder / REJECTS)
    done.seconds["total"] = time.perf_counter() - started
    seconds = {stage: round(spent, 3) for stage, spent in done.seconds.items()}
    _describe(folder, done, stream, wanted, seconds)
    return PrepareSummary(folder, done.counts, done.continued, seconds)


def _describe(
    folder: Path,
    done: Completed,
    stream: RawStream,
    wanted: dict[str, Any],
    seconds: dict[str, float],
) -> None:
    files = files_of(folder)
    content = {
        "parameters": wanted["parameters"],
        "options": wanted["options"],
        "sources": stream.sources,
        "counts": asdict(done.counts),
        "parts": [files.read_record(number).scores_hash for number in range(done.shards)],
        "versions": versions(),
        "command": command_line(),
        "seconds": seconds,
    }
    with write_atomically(folder / DESCRIPTION) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
