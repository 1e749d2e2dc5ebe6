"""What a worker does with a shard: scores it with a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from screening.chemistry import Limits
from screening.library.featurised import MoleculeReader, featurise_chunk
from screening.library.prepared_format import PreparedPart, read_part
from screening.library.scoring import score_table
from screening.library.shard import Clock, ShardFiles, ShardRecord, Watch
from screening.library.workers import Assignment, Scorer
from screening.model import ScreeningModel, load_model


@dataclass(frozen=True)
class WorkerTask:
    """What every worker of a screen needs to know, sent once."""

    model: Path
    run: Path
    limits: Limits
    prevalence: float | None
    fault: str | None = None


def model_scorer(task: WorkerTask) -> Scorer:
    """Load the model and return what scores shards with it."""
    model = load_model(task.model)
    return scorer_of(model, MoleculeReader(model.standardiser, task.limits), task)


def scorer_of(model: ScreeningModel, reader: MoleculeReader, task: WorkerTask) -> Scorer:
    """Return what scores shards with this model and reader."""
    files = ShardFiles.of_run(task.run)

    def score(assignment: Assignment, watch: Watch) -> ShardRecord:
        clock = Clock()
        piece = assignment.piece
        if isinstance(piece, PreparedPart):
            found, rejects = read_part(piece, model.features)
            clock.lap("read")
        else:
            found, rejects = featurise_chunk(
                piece,
                reader,
                model.features,
                known_failures=assignment.failures,
                careful=assignment.careful,
                watch=watch,
                clock=clock,
            )
        table = score_table(model, found, prevalence=task.prevalence, watch=watch, clock=clock)
        return files.write(assignment.number, table, rejects, clock)

    return score
