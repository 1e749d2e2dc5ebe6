"""Compounds of a caller predicted, in their order: here when they are few, else in workers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from screening.chemistry import Limits, Reject
from screening.hits import csv_columns, describe, named
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.featurise import MoleculeReader, featurise_chunk
from screening.library.scoring import molecule_again, score_table
from screening.library.shards import Clock, Watch
from screening.model import ScreeningModel
from screening.progress import OnStep, ignore_steps
from screening.tables import Chunk

# So many are done in a second or a few, in which workers would hardly have begun.
FEW = 500
# Compounds of one piece.
TOGETHER = 250
# Makes of scored rows what the caller wants to know of them; importable by name.
Finish = Callable[[pa.Table, ScreeningModel], pd.DataFrame]


@dataclass(frozen=True)
class PredictTask:
    """What every worker needs to know, sent once."""

    model: ScreeningModel
    finish: Finish

    @property
    def limits(self) -> Limits:
        """What a molecule may cost."""
        return self.model.options.limits


@dataclass
class Predicted:
    """Compounds that were predicted.

    Attributes
    ----------
    known : DataFrame
        A row for each that became a molecule; the index has its place, from 0.
    rejects : list of Reject
        The others: their `row` is the place.
    number : int
        Of the piece.
    """

    known: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    number: int = 0

    def __len__(self) -> int:
        return len(self.known) + len(self.rejects)


def predictor(task: PredictTask) -> Scorer[Predicted]:
    """Return what predicts one piece."""
    model = task.model
    reader = MoleculeReader(model.standardiser, task.limits)

    def predict(assignment: Assignment, watch: Watch) -> Predicted:
        clock = Clock()
        found, rejects = featurise_chunk(
            assignment, reader, model.features, watch=watch, clock=clock
        )
        rows = score_table(model, found, watch=watch, clock=clock)
        known = _finished(rows, task, assignment, watch)
        return Predicted(known.set_axis(found.rows), rejects, assignment.number)

    return predict


def guarded_predictor(task: PredictTask) -> Scorer[Predicted]:
    """Return what predicts in a worker, with everything loaded.

    Alerts are loaded with the first molecule that is described: that is not time of its own.
    """
    predict = predictor(task)
    predict(Assignment(0, _piece(["C"], 0)), Watch())
    return predict


def _finished(
    rows: pa.Table, task: PredictTask, assignment: Assignment, watch: Watch
) -> pd.DataFrame:
    if not assignment.careful or not rows.num_rows:
        watch.batch(rows.num_rows)
        return task.finish(rows, task.model)
    first = int(assignment.piece.rows[0])
    parts = []
    for position, place in enumerate(rows["row"].to_pylist()):
        watch.molecule(place - first)
        parts.append(task.finish(rows.slice(position, 1), task.model))
    return pd.concat(parts)


def predict_compounds(
    model: ScreeningModel,
    smiles: Sequence[str],
    finish: Finish,
    *,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
    make_scorer: ScorerMaker[Predicted] = guarded_predictor,
) -> Predicted:
    """Predict compounds; the result is the same for any number of workers.

    More than 500 compounds are done by workers, which are guarded: a molecule that takes longer
    than the model's `limits.timeout_seconds`, or ends its process, is rejected (`timeout`,
    `crash`), and the others are done without it. Fewer are done in this process, as are all of them
    in a process that may have no children (a worker of `multiprocessing.Pool`): there nothing stops
    a molecule.

    Parameters
    ----------
    model
    smiles : sequence of n str
    finish : callable
        Makes a DataFrame, one row each, of the rows of `score_table`; see `scores_alone` and
        `described`. Must be importable by name.
    workers : int
        Processes, when compounds are many.
    on_step : callable
        Told (stage, done, total).
    make_scorer : callable
        What predicts in the workers; another one stands in for it in tests.

    Returns
    -------
    Predicted
        In the order given.

    Raises
    ------
    UserError
        No worker can start.
    """
    task = PredictTask(model, finish)
    # Without compounds there is one piece, for the columns of the result.
    pieces = [_piece(smiles, start) for start in range(0, max(1, len(smiles)), TOGETHER)]
    if len(smiles) <= FEW or multiprocessing.current_process().daemon:
        found = _done_here(task, pieces)
    else:
        found = _by_workers(task, pieces, workers, make_scorer)
    parts: list[Predicted] = []
    for part in found:
        parts.append(part)
        on_step("predicting", sum(map(len, parts)), len(smiles))
    parts.sort(key=lambda part: part.number)
    known = [part.known for part in parts if len(part.known)] or [parts[0].known]
    return Predicted(pd.concat(known), [reject for part in parts for reject in part.rejects])


def _piece(smiles: Sequence[str], start: int) -> Chunk:
    texts = list(smiles[start : start + TOGETHER])
    return Chunk("", np.arange(start, start + len(texts)), texts, [""] * len(texts))


def _done_here(task: PredictTask, pieces: Sequence[Chunk]) -> Iterator[Predicted]:
    predict = predictor(task)
    for number, piece in enumerate(pieces):
        yield predict(Assignment(number, piece), Watch())


def _by_workers(
    task: PredictTask, pieces: Sequence[Chunk], most: int, make_scorer: ScorerMaker[Predicted]
) -> Iterator[Predicted]:
    with Workers(task, min(most, len(pieces)), make_scorer) as workers:
        yield from workers.run(enumerate(pieces))


def scores_alone(rows: pa.Table, model: ScreeningModel) -> pd.DataFrame:
    """Return the score of each task, under its name."""
    scores = (rows[named("score", task, model.tasks)].to_numpy() for task in model.tasks)
    return pd.DataFrame(dict(zip(model.tasks, scores, strict=True)))


def described(
    rows: pa.Table, model: ScreeningModel, *, risk: float, prevalence: float | None
) -> pd.DataFrame:
    """Return the columns of hits.csv that are about the compound itself."""
    limits = model.options.limits
    mols = [molecule_again(model, smiles, limits) for smiles in rows["smiles"].to_pylist()]
    own = rows.drop_columns(["source", "row", "id", "smiles"])
    return csv_columns(describe(own, mols, model, risk=risk, prevalence=prevalence), model.tasks)
