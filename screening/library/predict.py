"""Compounds of a caller predicted, in their order: here when they are few, else in workers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from screening.chemistry import Limits, Reject
from screening.hits import csv_table, describe, describe_scores, named
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.featurise import MoleculeReader, featurise_chunk
from screening.library.scoring import (
    Knowing,
    Say,
    Scored,
    molecule_again,
    score_table,
    scores_said,
)
from screening.library.shards import Clock, Watch
from screening.model import ScreeningModel
from screening.progress import OnStep, ignore_steps
from screening.tables import Chunk

# So many are done in a second or a few, in which workers would hardly have begun.
FEW = 500
# Compounds of one piece.
TOGETHER = 250
# Makes of scored rows, and the model, what the caller wants to know of them; importable by name.
Finish = Callable[[Scored, Any], pa.Table]


@dataclass(frozen=True)
class PredictTask:
    """What every worker needs to know, sent once."""

    model: Knowing
    finish: Finish
    say: Say = scores_said

    @property
    def limits(self) -> Limits:
        """What a molecule may cost."""
        return self.model.options.limits


@dataclass
class Predicted:
    """Compounds that were predicted.

    Attributes
    ----------
    known : Table
        A row for each that became a molecule.
    places : int64 array
        The place of each of these, from 0.
    rejects : list of Reject
        The others: their `row` is the place.
    number : int
        Of the piece.
    keys : int64 array
        Hash of the structure of each row of `known`.
    """

    known: pa.Table
    places: NDArray[np.int64]
    rejects: list[Reject] = field(default_factory=list)
    number: int = 0
    keys: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

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
        scored = score_table(model, found, watch=watch, clock=clock, say=task.say)
        known = _finished(scored, task, assignment, watch)
        return Predicted(known, found.rows, rejects, assignment.number, found.keys)

    return predict


def guarded_predictor(task: PredictTask) -> Scorer[Predicted]:
    """Return what predicts in a worker, with everything loaded.

    Alerts are loaded with the first molecule that is described: that is not time of its own.
    """
    predict = predictor(task)
    predict(Assignment(0, _piece(["C"], 0)), Watch())
    return predict


def _finished(scored: Scored, task: PredictTask, assignment: Assignment, watch: Watch) -> pa.Table:
    rows = scored.rows
    if not assignment.careful or not rows.num_rows:
        watch.batch(rows.num_rows)
        return task.finish(scored, task.model)
    first = int(assignment.piece.rows[0])
    parts = []
    for position, place in enumerate(rows["row"].to_pylist()):
        watch.molecule(place - first)
        parts.append(task.finish(scored.one(position), task.model))
    return pa.concat_tables(parts)


def predict_compounds(
    model: Knowing,
    smiles: Sequence[str],
    finish: Finish,
    *,
    say: Say = scores_said,
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
        Makes a table, one row each, of what `score_table` gives; see `scores_alone`, `told` and
        `described`. Must be importable by name.
    say : callable
        What the model says of rows; see `scores_said`. Importable by name, too.
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
    task = PredictTask(model, finish, say)
    # Without compounds there is one piece, for the columns of the result.
    pieces = [_piece(smiles, start) for start in range(0, max(1, len(smiles)), TOGETHER)]
    if len(smiles) <= FEW or multiprocessing.current_process().daemon:
        found = predict_here(task, pieces)
    else:
        found = predict_pieces(task, pieces, workers, make_scorer)
    parts: list[Predicted] = []
    for part in found:
        parts.append(part)
        on_step("predicting", sum(map(len, parts)), len(smiles))
    parts.sort(key=lambda part: part.number)
    return Predicted(
        pa.concat_tables([part.known for part in parts]),
        np.concatenate([part.places for part in parts]),
        [reject for part in parts for reject in part.rejects],
    )


def _piece(smiles: Sequence[str], start: int) -> Chunk:
    texts = list(smiles[start : start + TOGETHER])
    return Chunk("", np.arange(start, start + len(texts)), texts, [""] * len(texts))


def predict_here(task: PredictTask, pieces: Iterable[Chunk]) -> Iterator[Predicted]:
    """Yield what this process makes of each piece, in order; nothing stops a molecule."""
    predict = predictor(task)
    for number, piece in enumerate(pieces):
        yield predict(Assignment(number, piece), Watch())


def predict_pieces(
    task: PredictTask,
    pieces: Iterable[Chunk],
    workers: int,
    make_scorer: ScorerMaker[Predicted] = guarded_predictor,
) -> Iterator[Predicted]:
    """Yield what workers make of each piece as it is done; pieces are read as workers are free.

    The `rows` of a piece are the places of its compounds, one after the other.
    """
    given = iter(pieces)
    ahead = list(islice(given, workers))
    if ahead:
        with Workers(task, len(ahead), make_scorer) as started:
            yield from started.run(enumerate(chain(ahead, given)))


# What `Finish` may be. They leave out where a row came from, which the caller knows.
_ORIGIN = ["source", "row", "id", "smiles", "structure"]


def scores_alone(scored: Scored, model: ScreeningModel) -> pa.Table:
    """Return the score of each task, under its name."""
    return pa.table({task: scored.rows[named("score", task, model.tasks)] for task in model.tasks})


def told(
    scored: Scored, model: ScreeningModel, *, risk: float, prevalence: float | None
) -> pa.Table:
    """Return the columns of hits.csv that come with a score: all but alerts and scaffold."""
    own = scored.rows.drop_columns(_ORIGIN)
    nearest = (scored.near.index, scored.near.similarity)
    return describe_scores(own, nearest, model, risk=risk, prevalence=prevalence)


def described(
    scored: Scored, model: ScreeningModel, *, risk: float, prevalence: float | None
) -> pa.Table:
    """Return the columns of hits.csv that are about the compound itself."""
    limits, texts = model.options.limits, scored.rows["smiles"].to_pylist()
    mols = [molecule_again(model, smiles, limits) for smiles in texts]
    own = scored.rows.drop_columns(_ORIGIN)
    return csv_table(describe(own, mols, model, risk=risk, prevalence=prevalence), model.tasks)
