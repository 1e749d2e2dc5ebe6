"""What workers run in the tests of description: the real describer, with parts that misbehave."""

from __future__ import annotations

import ctypes

import faulty_scorers as faulty

from screening.hits import about
from screening.library.describing import Described, DescribeTask, describer
from screening.library.engines.workers import Scorer

HANGS, CRASHES, RAISES = "CCC#CCCC", "CCC#CCCN", "CCC#CCCO"


def make(task: DescribeTask) -> Scorer[Described]:
    real = about.alerts

    def alerts(mol):
        smiles = about.canonical_smiles(mol)
        if smiles == about.Chem.CanonSmiles(HANGS):
            faulty.hang()
        if smiles == about.Chem.CanonSmiles(CRASHES):
            ctypes.string_at(0)
        if smiles == about.Chem.CanonSmiles(RAISES):
            raise RuntimeError("no rings")
        return real(mol)

    about.alerts = alerts  # only this process, which is a worker
    return describer(task)
