"""What workers run in the tests of pictures: the real painter with a drawing that fails."""

from __future__ import annotations

import ctypes
import time
from typing import Any

from screening.drawing import depict_laid_out
from screening.library.engines.workers import Scorer
from screening.report import pictures

HANGS, CRASHES, RAISES = "C#CC#CC", "N#CC#N", "C#CC#N"


def faulty(flat: Any) -> Any:
    smiles = pictures.Chem.MolToSmiles(flat)
    if smiles == HANGS:
        # Uses the processor: of one that sleeps the guard waits ten times as long.
        while time.process_time() < 300:
            pass
    if smiles == CRASHES:
        ctypes.string_at(0)
    if smiles == RAISES:
        raise RuntimeError("no picture")
    return depict_laid_out(flat)


def make(task: pictures.PictureTask) -> Scorer:
    pictures.depict_laid_out = faulty  # only this process, which is a worker
    return pictures.painter(task)
