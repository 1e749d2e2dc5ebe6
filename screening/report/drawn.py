"""One structure that somebody is drawing: its score at once, and then its card as of a hit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from screening.chemistry import Limits, Reject
from screening.hits import (
    TAGS,
    Ranked,
    about_hits,
    describe_hits,
    describe_scores,
    make_hits,
    named,
    tag_of,
)
from screening.hits.tag import CANNOT_TELL, LIKELY_ACTIVE, LIKELY_INACTIVE, UNLIKE
from screening.library.engines.workers import Assignment, Scorer, Workers
from screening.library.featurise import MoleculeReader, featurise_chunk
from screening.library.scoring import Scored, score_table
from screening.library.shards import Clock, Watch
from screening.model import ScreeningModel, load_model
from screening.plate import make_plate
from screening.report.cards import cards_of, valued
from screening.report.pictures import LIMITS
from screening.report.run_report import PROPERTIES
from screening.tables import Chunk

RISK = 0.1
# Longer texts are no structure that can be drawn.
LONGEST = 2_000
_FIRST = "CC(=O)Oc1ccccc1C(=O)O"


class Question(NamedTuple):
    """What is asked of a structure.

    Attributes
    ----------
    text : str
        SMILES, or the name of a compound of the assay.
    task : str
        The model's first when empty.
    card : bool
        Whether the card is asked for, and not the score alone.
    """

    text: str
    task: str = ""
    card: bool = False


@dataclass(frozen=True)
class DrawnTask:
    """What the worker needs to know."""

    model: Path
    limits: Limits = LIMITS


def drawer(task: DrawnTask) -> Scorer[dict[str, Any]]:
    """Load the model and return what answers questions, with everything loaded that they need."""
    model = load_model(task.model)
    reader = MoleculeReader(model.standardiser, task.limits)

    def answer(assignment: Assignment, watch: Watch) -> dict[str, Any]:
        question: Question = assignment.piece[0]
        failure = assignment.failures.get(0)
        if failure is not None:
            return _told(failure.message)
        watch.molecule(0)
        if question.task and question.task not in model.tasks:
            return _told(f"the model has no task {question.task[:80]!r}.")
        if len(question.text) > LONGEST:
            return _told(f"a text of more than {LONGEST:,} characters is no structure to draw.")
        scored, rejects = _scored(question.text, model, reader, watch)
        if rejects and (smiles := _known(question.text, model)):
            scored, rejects = _scored(smiles, model, reader, watch)
        if rejects:
            return {**_told(rejects[0].message), "reason": rejects[0].reason}
        task = question.task or model.tasks[0]
        return (_card if question.card else _number)(scored, model, task)

    # What is loaded with the first molecule, alerts above all, is no time of that molecule.
    for question in (Question(_FIRST), Question(_FIRST, card=True)):
        answer(Assignment(0, [question]), Watch())
    return answer


def _told(sentence: str) -> dict[str, Any]:
    return {"error": sentence[:500]}


def _known(name: str, model: ScreeningModel) -> str | None:
    """Return the structure of the assay's compound of a name."""
    ids = model.training.ids
    return model.training.smiles[ids.index(name)] if name in ids else None


def _scored(
    text: str, model: ScreeningModel, reader: MoleculeReader, watch: Watch
) -> tuple[Scored, list[Reject]]:
    assignment = Assignment(0, Chunk("", np.zeros(1, np.int64), [text], [""]))
    found, rejects = featurise_chunk(
        assignment, reader, model.features, watch=Watch(), clock=Clock()
    )
    watch.molecule(0)
    return score_table(model, found, watch=Watch(), clock=Clock()), rejects


def _number(scored: Scored, model: ScreeningModel, task: str) -> dict[str, Any]:
    """Return the score and what it means: what can be told within a moment."""
    nearest = (scored.near.index, scored.near.similarity)
    row = describe_scores(scored.rows, nearest, model, task=task, risk=RISK).to_pylist()[0]
    chosen = row[named("prediction_set", task, model.tasks)]
    tag = tag_of(chosen, row["in_domain"])
    return {
        "structure": row["structure"],
        "smiles": row["smiles"],
        "task": task,
        "score": row[named("score", task, model.tasks)],
        "std": row[named("score_std", task, model.tasks)],
        **valued(row, model, task),
        "set": chosen,
        "tag": tag,
        "meaning": _MEANINGS[tag],
    }


_MEANINGS = {
    LIKELY_ACTIVE: "At most 1 in 10 inactive compounds of the assay score as high.",
    LIKELY_INACTIVE: "At most 1 in 10 active compounds of the assay score as low.",
    CANNOT_TELL: "Both active and inactive compounds of the assay have scores like this.",
    UNLIKE: "The assay has nothing like it: take the score for a guess.",
}


def _card(scored: Scored, model: ScreeningModel, task: str) -> dict[str, Any]:
    """Return the structure as the report has its hits: drawn, explained, beside what is known."""
    mol = model.prepare(scored.rows["smiles"][0].as_py())
    found = about_hits([mol], model, task)
    rows = scored.rows.append_column("rank", pa.array([1]))
    rows = rows.append_column("duplicate_of", pa.array([""]))
    described = describe_hits(rows, found, model, task=task, risk=RISK)
    base_rate = model.calibrations[model.tasks.index(task)].base_rate
    ranked = Ranked(model.tasks, task, RISK, base_rate, None)
    plate = make_plate(make_hits(described, ["{}"], ranked))
    cards = cards_of(plate, model, {}, workers=0)
    return {
        "structure": described["structure"][0].as_py(),
        "task": task,
        "hit": {**cards.hits[0], "pick": 0, "reason": ""},
        "known": cards.known,
        "drawings": cards.drawings,
    }


def about_cards(task: str, tasks: Sequence[str]) -> dict[str, Any]:
    """Return what the script of a page with such cards needs to know before the first of them."""
    return {
        "task": task,
        "tasks": list(tasks),
        "wanted": "active",
        "risk": RISK,
        "rising": False,
        "tags": TAGS,
        "full": 1.0,
        "properties": PROPERTIES,
        "inputs": [],
        "hits": [],
        "known": [],
        "drawings": [],
    }


class Desk:
    """A model kept ready in a process of its own, where a structure can do no harm.

    The process is started with the first question, or by `prepare`, and again when the model's file
    has changed or another model is asked for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[Path, int, int] | None = None
        self._workers: Workers[dict[str, Any]] | None = None

    def ask(self, model: Path, question: Question) -> dict[str, Any]:
        """Return the answer; `error` in it says why there is none.

        Raises
        ------
        UserError
            The model cannot be loaded.
        """
        with self._lock:
            workers = self._ready(model)
            try:
                (answer,) = workers.run([(0, [question])])
            except BaseException:
                self._end()
                raise
            return answer

    def close(self) -> None:
        """End the process; one that is still loading ends with this one."""
        if self._lock.acquire(timeout=1):
            try:
                self._end()
            finally:
                self._lock.release()

    def _ready(self, model: Path) -> Workers[dict[str, Any]]:
        about = model.stat()
        key = (model, about.st_mtime_ns, about.st_size)
        if self._workers is None or key != self._key:
            self._end()
            self._workers, self._key = Workers(DrawnTask(model), 1, drawer), key
        return self._workers

    def _end(self) -> None:
        if self._workers is not None:
            self._workers.__exit__()
        self._workers = self._key = None
