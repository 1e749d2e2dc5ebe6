"""What workers run in the fault tests of `prepare`: the real writer with a faulty reader."""

from __future__ import annotations

import ctypes

from faulty_scorers import hang

import screening.library.prepared.prepare as prepare
from screening.library.engines.workers import Scorer
from screening.library.featurise import MoleculeReader
from screening.library.prepared.prepare import PrepareTask, part_writer

HANGS, CRASHES = "C#CC#CC", "N#CC#N"


class FaultyReader(MoleculeReader):
    def __call__(self, smiles: str):
        if smiles == HANGS:
            hang()
        if smiles == CRASHES:
            ctypes.string_at(0)
        return super().__call__(smiles)


def make(task: PrepareTask) -> Scorer:
    prepare.MoleculeReader = FaultyReader  # only this process, which is a worker
    return part_writer(task)
