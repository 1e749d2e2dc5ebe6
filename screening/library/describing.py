"""Hits described by guarded workers: a molecule that hangs or crashes costs its own cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screening.chemistry import Failure, Limits, prepare_molecule
from screening.hits import AboutHit, about_hits
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.shards import Watch
from screening.model import ScreeningModel

# Hits of one piece.
_TOGETHER = 50
Described = tuple[int, list[AboutHit]]


@dataclass(frozen=True)
class DescribeTask:
    """What every worker needs to know, sent once."""

    model: ScreeningModel
    task: str
    limits: Limits


def describer(task: DescribeTask) -> Scorer[Described]:
    """Return what describes one piece, a list of SMILES."""
    model = task.model

    def about(smiles: str, failure: Failure | None) -> AboutHit:
        mol = failure or prepare_molecule(smiles, model.standardiser, task.limits)
        return about_hits([mol], model, task.task)[0]

    def describe(assignment: Assignment, watch: Watch) -> Described:
        found = []
        for position, smiles in enumerate(assignment.piece):
            watch.molecule(position)
            found.append(about(smiles, assignment.failures.get(position)))
        return assignment.number, found

    # What is loaded with the first molecule is not time of its own.
    about("C", None)
    return describe


def describe_molecules(
    smiles: Sequence[str],
    model: ScreeningModel,
    task: str,
    limits: Limits,
    workers: int,
    make_scorer: ScorerMaker[Described] = describer,
) -> list[AboutHit]:
    """Tell what there is to tell of hits, in their order; the same for any number of workers.

    Parameters
    ----------
    smiles
        As the library has them; all were scored.
    model
    task
        That is ranked by.
    limits
        That they were read with; a molecule that takes longer, or ends its process, is told of as
        one of which nothing could be told.
    workers
        Processes.
    make_scorer
        What describes in the workers; another one stands in for it in tests.

    Raises
    ------
    UserError
        No worker can start.
    """
    if not smiles:
        return []
    starts = range(0, len(smiles), _TOGETHER)
    pieces = [list(smiles[start : start + _TOGETHER]) for start in starts]
    task_of_all = DescribeTask(model, task, limits)
    with Workers(task_of_all, min(workers, len(pieces)), make_scorer) as running:
        done = dict(running.run(enumerate(pieces)))
    return [hit for number in sorted(done) for hit in done[number]]
