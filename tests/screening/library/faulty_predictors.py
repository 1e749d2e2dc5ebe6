"""What workers run in the tests of prediction: the real predictor, faulty molecules."""

from __future__ import annotations

import os

import faulty_scorers as faulty
import pyarrow as pa

from screening.features import BlockSet
from screening.library import predict
from screening.library.engines.workers import Scorer
from screening.library.predict import Predicted, PredictTask, guarded_predictor

HANGS_WHEN_DESCRIBED = "FC#CCl"


def make(task: PredictTask) -> Scorer[Predicted]:
    predict.MoleculeReader = faulty.FaultyReader  # only this process, which is a worker
    BlockSet.by_block = faulty.stopping(BlockSet.by_block)  # type: ignore[method-assign]
    return guarded_predictor(task)


def described(scored, model):
    if HANGS_WHEN_DESCRIBED in scored.rows["smiles"].to_pylist():
        faulty.hang()
    return predict.described(scored, model, risk=0.1, prevalence=None)


def process_of(scored, model):
    found = predict.scores_alone(scored, model)
    process = pa.array([os.getpid()] * found.num_rows)
    return found.append_column("process", process)
