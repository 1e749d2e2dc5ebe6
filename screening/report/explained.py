"""One structure read, explained and drawn under guard, for who asks for its picture."""

from __future__ import annotations

from dataclasses import dataclass

from screening.chemistry import Limits
from screening.errors import UserError
from screening.explain import draw_explanation, explain_molecule
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.shards import Watch
from screening.model import ScreeningModel

# Characters of a structure that an error repeats.
_SHOWN = 120


@dataclass(frozen=True)
class ExplainTask:
    """What the worker needs to know, sent once."""

    model: ScreeningModel
    task: str | None
    limits: Limits


@dataclass(frozen=True)
class Explained:
    """The score of a structure, and the picture of its atoms as SVG text."""

    task: str
    score: float
    svg: str


def explainer(task: ExplainTask) -> Scorer[Explained]:
    """Return what reads, explains and draws one structure."""

    def work(assignment: Assignment, watch: Watch) -> Explained:
        smiles = assignment.piece[0]
        if failure := assignment.failures.get(0):
            raise UserError(
                f"the structure {smiles[:_SHOWN]!r} cannot be explained ({failure.reason}: "
                f"{failure.message})."
            )
        watch.molecule(0)
        found = explain_molecule(task.model, smiles, task.task)
        return Explained(found.task, found.score, draw_explanation(found))

    return work


def explained_picture(
    model: ScreeningModel,
    smiles: str,
    task: str | None = None,
    *,
    limits: Limits | None = None,
    make_scorer: ScorerMaker[Explained] = explainer,
) -> Explained:
    """Explain the score of a structure and draw it, in a process that may hang or end.

    Parameters
    ----------
    model
    smiles
    task
        Whose score is explained; the first when None.
    limits
        Those the model was trained with when None.
    make_scorer
        What does it in the worker; another one stands in for it in tests.

    Raises
    ------
    UserError
        The structure cannot be read, explained or drawn, takes too long or ends the process; or
        the model has no such task, or no feature that can be traced to atoms.
    """
    given = ExplainTask(model, task, limits or model.options.limits)
    with Workers(given, 1, make_scorer) as running:
        (found,) = running.run([(0, [smiles])])
    return found
