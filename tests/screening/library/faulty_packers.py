"""What workers run in the fault tests of packing: the real packer with a faulty reader."""

from __future__ import annotations

import ctypes

import screening.library.packed.pack as pack
from screening.library.engines.workers import Scorer
from screening.library.packed.pack import PackTask, part_packer, read_countable

CRASHES = "FC#CF"


def read(smiles: str, limits):
    if smiles == CRASHES:
        ctypes.string_at(0)
    return read_countable(smiles, limits)


def make(task: PackTask) -> Scorer:
    pack.read_countable = read  # only this process, which is a worker
    return part_packer(task)
