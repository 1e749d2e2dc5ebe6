"""Many structures drawn and explained under guard: one that fails leaves a sentence, no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from rdkit import Chem

from screening.chemistry import Failure, Limits
from screening.chemistry.molecule import captured
from screening.drawing import Depiction, depict_laid_out, laid_out
from screening.explain import AtomContributions, contributions_of
from screening.hits import molecule_of
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker, Workers
from screening.library.shards import Watch
from screening.model import ScreeningModel
from screening.progress import OnStep, ignore_steps
from screening.report.connections import connections

# Larger structures are no picture that anybody reads, and cost more than all others together.
LIMITS = Limits(max_atoms=150)
# The cost of an explanation grows with the cube of the atoms.
MOST_EXPLAINED = 75
# Structures explained in one pass; each has as many rows as atoms.
_TOGETHER = 64


class Wanted(NamedTuple):
    """A structure to draw, and whether its score is explained too."""

    structure: str
    explained: bool


@dataclass(frozen=True)
class Picture:
    """What became of one structure.

    Attributes
    ----------
    drawing : Depiction or None
    connections : list of str
        As `screening.report.connections`; empty where there is no drawing, or none is asked for.
    why : AtomContributions or None
        Its atoms are those of the drawing.
    missing : str
        Why one of them is not there, as a sentence; empty where nothing is missing.
    """

    drawing: Depiction | None = None
    connections: list[str] = field(default_factory=list)
    why: AtomContributions | None = None
    missing: str = ""


@dataclass(frozen=True)
class PictureTask:
    """What every worker needs to know, sent once."""

    model: ScreeningModel
    task: str
    limits: Limits


def pictures_of(
    wanted: Sequence[Wanted],
    model: ScreeningModel,
    task: str,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
    *,
    limits: Limits = LIMITS,
    make_scorer: ScorerMaker[tuple[int, list[Picture]]] | None = None,
) -> list[Picture]:
    """Draw structures, and explain those for which it is wanted, in worker processes.

    Parameters
    ----------
    wanted
    model
    task
        Whose score is explained.
    workers
        Processes; the result is the same for any number. With 0 this process does it, and nothing
        stops a molecule: for who is a guarded worker already.
    on_step
        Is told how many structures are done.
    limits
    make_scorer
        What draws and explains in the workers; another one stands in for it in tests.

    Returns
    -------
    list of Picture
        In the order given. A structure of more atoms than `limits` allows, one that takes longer,
        and one that RDKit cannot draw has a sentence instead.
    """
    if not wanted:
        return []
    starts = range(0, len(wanted), _TOGETHER)
    shards = list(enumerate(wanted[start : start + _TOGETHER] for start in starts))
    made: dict[int, list[Picture]] = {}
    done = 0
    task_of_all = PictureTask(model, task, limits)
    if not workers:
        paint = painter(task_of_all)
        return [p for shard in shards for p in paint(Assignment(*shard), Watch())[1]]
    with Workers(task_of_all, min(workers, len(shards)), make_scorer or painter) as running:
        for number, pictures in running.run(shards):
            made[number] = pictures
            done += len(pictures)
            on_step("drawing and explaining", done, len(wanted))
    return [picture for number in sorted(made) for picture in made[number]]


def painter(task: PictureTask) -> Scorer[tuple[int, list[Picture]]]:
    """Return what draws and explains a shard of structures."""

    def paint(assignment: Assignment, watch: Watch) -> tuple[int, list[Picture]]:
        wanted: Sequence[Wanted] = assignment.piece
        found: list[Picture] = []
        mols: dict[int, Chem.Mol] = {}
        for position, one in enumerate(wanted):
            failure = assignment.failures.get(position)
            if failure is None:
                watch.molecule(position)
                picture, mol = _drawn(one, task.limits)
                if mol is not None:
                    mols[position] = mol
            else:
                picture = Picture(missing=_blamed(failure, task.limits))
            found.append(picture)
        for position, why in _explained(mols, task, watch, careful=assignment.careful):
            missing = "" if why else "Its score could not be explained atom by atom."
            found[position] = replace(found[position], why=why, missing=missing)
        return assignment.number, found

    return paint


def _blamed(failure: Failure, limits: Limits) -> str:
    if failure.reason == "timeout":
        return f"It could not be drawn and explained within {limits.timeout_seconds:g} s."
    return "Drawing and explaining it ended the process that did it."


def _drawn(one: Wanted, limits: Limits) -> tuple[Picture, Chem.Mol | None]:
    """Return a structure's picture, and its molecule where the score is to be explained too."""
    try:
        with captured():
            mol = molecule_of(one.structure)
            atoms = mol.GetNumAtoms()
            if not atoms:
                return Picture(missing="RDKit cannot draw it."), None
            if atoms > limits.max_atoms:
                return Picture(
                    missing=f"It is too large to be drawn and explained: {atoms} atoms; "
                    f"the limit is {limits.max_atoms}."
                ), None
            flat = laid_out(mol)
            drawing = depict_laid_out(flat)
            if not one.explained:
                return Picture(drawing), None
            if atoms > MOST_EXPLAINED:
                missing = (
                    f"Its score is not explained atom by atom: it has {atoms} atoms; the limit is "
                    f"{MOST_EXPLAINED}."
                )
                return Picture(drawing, connections(flat), missing=missing), None
            return Picture(drawing, connections(flat)), mol
    except Exception:  # whatever RDKit raises: the page shows the sentence
        return Picture(missing="RDKit cannot draw it."), None


def _explained(
    mols: dict[int, Chem.Mol], task: PictureTask, watch: Watch, *, careful: bool
) -> Iterator[tuple[int, AtomContributions | None]]:
    """Yield the explanation of each position; together unless one of them stopped a worker."""
    if mols and not careful:
        watch.batch(sum(mol.GetNumAtoms() for mol in mols.values()))
        together = _contributions(list(mols.values()), task)
        if together is not None:
            yield from zip(mols, together, strict=True)
            return
    for position, mol in mols.items():
        watch.molecule(position)
        alone = _contributions([mol], task)
        yield position, None if alone is None else alone[0]


def _contributions(mols: list[Chem.Mol], task: PictureTask) -> list[AtomContributions] | None:
    try:
        with captured():
            found = contributions_of(task.model, mols, task.task)
    except Exception:  # whatever a fingerprint raises: the page says that it is missing
        return None
    finite = all(np.isfinite(why.atoms).all() and np.isfinite(why.descriptors) for why in found)
    return found if finite else None
