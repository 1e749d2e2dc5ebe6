"""Prepare a library once, to be scored by many models: the chemistry without the model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from screening.chemistry import Level, Limits, Standardiser
from screening.errors import UserError
from screening.features import BlockSet
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
from screening.library.prepared.options import LibraryOptions
from screening.library.shards import Clock, ShardFiles, ShardRecord, Watch
from screening.model import command_line, file_hash, versions
from screening.model.archive import as_json
from screening.tables import Announce, LibraryStream, open_library, silent, write_atomically

REJECTS = "_rejects.csv"


@dataclass(frozen=True)
class PrepareOptions(LibraryOptions):
    """How a library is prepared: beside what `LibraryOptions` has, what is computed of a molecule.

    Attributes
    ----------
    features : tuple of str
        Feature blocks.
    standardize : str
        none, parent or tautomer.
    """

    features: tuple[str, ...]
    standardize: Level = "parent"

    def parameters(self) -> dict[str, Any]:
        """Return what decides the content of a part, beside the limits.

        Raises
        ------
        UserError
            There is no such feature block.
        """
        try:
            features = BlockSet(self.features)
        except ValueError as error:
            raise UserError(f"--features: {error}.") from error
        return parameters_of(features, self.standardize)

    def files(self, folder: Path, made_by: str) -> ShardFiles:
        """Return where parts lie in the folder of the library."""
        return files_of(folder, made_by)

    def task(self, folder: Path, made_by: str) -> PrepareTask:
        """Return what every worker needs to know."""
        return PrepareTask(folder, self.features, self.standardize, self.limits, made_by)

    @property
    def maker(self) -> ScorerMaker[ShardRecord]:
        """What makes parts in the workers."""
        return part_writer


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
    features = BlockSet(task.features)
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
    options: LibraryOptions,
    *,
    announce: Announce = silent,
    warn: Announce = silent,
    on_progress: OnCounts = ignore_counts,
    make_scorer: ScorerMaker[ShardRecord] | None = None,
) -> PrepareSummary:
    """Do the chemistry of a library, or pack it; continue where an earlier call stopped.

    Parameters
    ----------
    sources
        Files, globs, or `-` for stdin.
    folder
        Of the prepared library: new, empty, or holding the same one unfinished.
    options
        What is made of it: `PrepareOptions` or `PackOptions`.
    announce
        Is told what was recognised in each file, and that a preparation is continued.
    warn
        Is told which option takes rows that were too large, when they are many.
    on_progress
        Is told the counts, and the share of the input read where that is known.
    make_scorer
        What makes parts in the workers, where it is not that of the options: in tests.

    Raises
    ------
    UserError
        The library cannot be read, the folder holds something else, or nothing can be written.
    """
    started = time.perf_counter()
    parameters = options.parameters()
    made_by = settings_hash({"parameters": parameters, "limits": asdict(options.limits)})
    files = options.files(folder, made_by)
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
    task, maker = options.task(folder, made_by), make_scorer or options.maker
    done = do_shards(stream, files, lambda: Workers(task, options.workers, maker), on_progress)
    large = write_rejects(files, done.shards, folder / REJECTS)
    if advice := large.advice(done.counts.read, "--max-atoms {atoms} takes them all"):
        warn(advice)
    done.seconds["total"] = time.perf_counter() - started
    seconds = {stage: round(spent, 3) for stage, spent in done.seconds.items()}
    _describe(files, done, stream, wanted, seconds)
    return PrepareSummary(folder, done.counts, done.continued, seconds)


def _describe(
    files: ShardFiles,
    done: ShardTotals,
    stream: LibraryStream,
    wanted: dict[str, Any],
    seconds: dict[str, float],
) -> None:
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
    with write_atomically(files.tables / DESCRIPTION) as temporary:
        temporary.write_text(as_json(content), encoding="utf-8")
