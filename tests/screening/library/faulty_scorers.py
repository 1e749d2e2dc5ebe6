"""What workers run in the fault tests: the real scorer, with molecules that misbehave."""

from __future__ import annotations

import ctypes
import os
import time

from rdkit import Chem

from screening.features import FeatureSet
from screening.library import scoring
from screening.library.engines.workers import Assignment, Scorer
from screening.library.featurise import MoleculeReader
from screening.library.scoring import WorkerTask

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
    FeatureSet.by_block = stopping(FeatureSet.by_block)  # type: ignore[method-assign]
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
