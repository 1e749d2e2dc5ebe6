"""What workers run in the fault tests: the real scorer, with molecules that misbehave."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import time

from rdkit import Chem

from screening.features import BlockSet
from screening.library import scoring
from screening.library.engines.workers import Assignment, Scorer
from screening.library.featurise import MoleculeReader
from screening.library.scoring import WorkerTask

KILLED_ONCE, RAISES = "C#CC#CN", "C#CC#CO"
HANGS, CRASHES, IS_KILLED, STOPS_FEATURES = "C#CC#CC", "N#CC#N", "C#CC#N", "FC#CF"


def hang() -> None:
    """Use the processor for longer than any test waits."""
    while time.process_time() < 300:
        pass


def misbehave(smiles: str) -> None:
    if smiles == HANGS:
        hang()
    if smiles == CRASHES:
        ctypes.string_at(0)
    if smiles == IS_KILLED:
        os.kill(os.getpid(), 9)


def killed_once(task: WorkerTask) -> Scorer:
    """Score properly; somebody kills the first process that comes to one molecule."""
    mark = task.run.parent / "was killed"

    class Reader(MoleculeReader):
        def __call__(self, smiles: str):
            if smiles == KILLED_ONCE and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), 9)
            return super().__call__(smiles)

    scoring.MoleculeReader = Reader
    return scoring.model_scorer(task)


def hangs_in_compiled_code(task: WorkerTask) -> Scorer:
    """Hang where no other thread of Python can run, and say which process does."""

    def score(assignment: Assignment, watch):
        (task.run / "worker.pid").write_text(str(os.getpid()))
        watch.molecule(0)
        # Backtracks for ages, and the regular expression engine never lets go of Python's lock.
        re.match(r"(a*)*b", "a" * 60)

    return score


def raises(task: WorkerTask) -> Scorer:
    """Score properly; RDKit raises at one molecule."""
    inner = make(task)

    def score(assignment: Assignment, watch):
        for position, smiles in enumerate(assignment.piece.smiles):
            if position not in assignment.failures and smiles == RAISES:
                watch.molecule(position)
                raise RuntimeError("Pre-condition Violation\n\tring info")
        return inner(assignment, watch)

    return score


def never_between_molecules(task: WorkerTask) -> Scorer:
    def score(assignment: Assignment, watch):
        watch.batch(1)
        raise RuntimeError("out of luck")

    return score


def replaces_the_model(task: WorkerTask) -> Scorer:
    """Score a shard; then the file of the model is another one, and the worker is gone."""
    inner = scoring.model_scorer(task)

    def score(assignment: Assignment, watch):
        if assignment.number == 1:
            (task.run.parent / "other.ebm").replace(task.model)
            os._exit(9)
        return inner(assignment, watch)

    return score


def takes_the_run_away(task: WorkerTask) -> Scorer:
    """Score properly; before the last shard the folder is deleted."""
    inner = scoring.model_scorer(task)

    def score(assignment: Assignment, watch):
        if assignment.number == 3:
            shutil.rmtree(task.run)
        return inner(assignment, watch)

    return score


class FaultyReader(MoleculeReader):
    def __call__(self, smiles: str):
        misbehave(smiles)
        return super().__call__(smiles)


def stopping(compute):
    """The features of molecules, of which one ends the process."""

    def transform(self, mols):
        if any(Chem.MolToSmiles(mol) == Chem.CanonSmiles(STOPS_FEATURES) for mol in mols):
            os._exit(9)
        return compute(self, mols)

    return transform


def make(task: WorkerTask) -> Scorer:
    # Only in this process, which is a worker.
    scoring.MoleculeReader = FaultyReader
    BlockSet.by_block = stopping(BlockSet.by_block)  # type: ignore[method-assign]
    return scoring.model_scorer(task)


def full_disk(task: WorkerTask) -> Scorer:
    def score(assignment: Assignment, watch):
        del assignment, watch
        raise OSError(28, "No space left on device", str(task.run))

    return score


def never_starts(task: WorkerTask) -> Scorer:
    os._exit(3)


def slow(task: WorkerTask) -> Scorer:
    """Score properly, a shard in half a second, so that a test can kill the run in between."""
    inner = make(task)

    def score(assignment: Assignment, watch):
        time.sleep(0.5)
        return inner(assignment, watch)

    return score


def only_numbers(task: WorkerTask) -> Scorer:
    """Return what answers with the number of a shard."""
    return lambda assignment, watch: assignment.number
