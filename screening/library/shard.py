"""One shard: rows in, a Parquet file of scores and a record of counts and rejects out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem

from screening.chemistry import Failure, Reject, canonical_smiles, structure_key
from screening.features import stack
from screening.library.columns import score_columns
from screening.model import ScreeningModel, file_hash
from screening.tables import Chunk, write_atomically

STAGES = ("read", "parse", "features", "network", "write")


class Watch:
    """Told what a shard is busy with, so that whoever guards it knows where it stopped."""

    def molecule(self, position: int) -> None:
        """Note that a molecule is being read or computed."""

    def batch(self, size: int) -> None:
        """Note that so many molecules are being computed together."""


@dataclass
class ShardRecord:
    """What became of one shard; its file is the proof that the shard is done.

    Attributes
    ----------
    number : int
    read, scored : int
        Rows; `read - scored` were rejected.
    scores_hash : str
        SHA-256 of the Parquet file.
    rejects : list of Reject
    seconds : dict of str to float
        One entry a stage.
    """

    number: int
    read: int
    scored: int
    scores_hash: str
    rejects: list[Reject] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ShardRecord:
        """Read what `to_json` wrote."""
        stored = json.loads(text)
        return cls(**{**stored, "rejects": [Reject(**reject) for reject in stored["rejects"]]})


@dataclass(frozen=True)
class ShardFiles:
    """Where the files of a run's shards lie."""

    run: Path

    def scores(self, number: int) -> Path:
        """Scores of a shard, for anyone to read."""
        return self.run / "scores" / f"part-{number:05d}.parquet"

    def record(self, number: int) -> Path:
        """Record of a shard, for the run itself."""
        return self.run / "shards" / f"{number:05d}.json"


Prepare = Callable[[str], Chem.Mol | Failure]


def process_shard(
    model: ScreeningModel,
    chunk: Chunk,
    number: int,
    files: ShardFiles,
    *,
    prepare: Prepare,
    known_failures: Mapping[int, Failure],
    careful: bool,
    prevalence: float | None,
    watch: Watch,
) -> ShardRecord:
    """Score the rows of a shard and write its two files.

    Parameters
    ----------
    model
    chunk
        The rows.
    number
        Of the shard, from 0 in input order.
    files
        Where to write.
    prepare
        From text to molecule; `model.prepare` with the run's limits.
    known_failures
        Rows, by position, that stopped an earlier try: rejected without being touched.
    careful
        Compute features of one molecule at a time, to find which one stops the process.
    prevalence
        Restates the score; None leaves it at the assay's base rate.
    watch
        Is told before each piece of work.
    """
    clock = _Clock()
    mols, places, rejects = _read(chunk, prepare, known_failures, watch)
    clock.lap("parse")
    if careful:
        parts = []
        for place, mol in zip(places, mols, strict=True):
            watch.molecule(place)
            parts.append(model.featurise([mol]))
        raw = stack(parts) if parts else model.featurise([])
    else:
        watch.batch(len(mols))
        raw = model.featurise(mols)
    clock.lap("features")
    watch.batch(len(mols))
    scores = model.score(raw, model.fingerprints(mols, raw))
    clock.lap("network")
    keys = [structure_key(canonical_smiles(mol)) for mol in mols]
    in_training = np.isin(np.array(keys, dtype=np.int64), model.training.keys)
    columns: dict[str, pa.Array] = {
        "source": pa.array([chunk.source] * len(mols), pa.string()),
        "row": pa.array(chunk.rows[places], pa.int64()),
        "id": pa.array([chunk.ids[place] for place in places], pa.string()),
        "smiles": pa.array([chunk.smiles[place] for place in places], pa.string()),
        **{
            name: pa.array(values)
            for name, values in score_columns(model, scores, prevalence).items()
        },
        "structure_key": pa.array(keys, pa.int64()),
        "in_training": pa.array(in_training, pa.bool_()),
        "input": pa.array([_extra(chunk, place) for place in places], pa.string()),
    }
    with write_atomically(files.scores(number)) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")
        digest = file_hash(temporary)
    clock.lap("write")
    record = ShardRecord(number, len(chunk), len(mols), digest, rejects, clock.seconds)
    with write_atomically(files.record(number)) as temporary:
        temporary.write_text(record.to_json(), encoding="utf-8")
    return record


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 6)
        self._last = now


def _read(
    chunk: Chunk, prepare: Prepare, known_failures: Mapping[int, Failure], watch: Watch
) -> tuple[list[Chem.Mol], list[int], list[Reject]]:
    mols, places, rejects = [], [], []
    for place, smiles in enumerate(chunk.smiles):
        outcome = known_failures.get(place)
        if outcome is None and place in chunk.problems:
            outcome = Failure("parse", chunk.problems[place])
        if outcome is None:
            watch.molecule(place)
            outcome = prepare(smiles)
        if isinstance(outcome, Failure):
            row, name = int(chunk.rows[place]), chunk.ids[place]
            rejects.append(Reject(chunk.source, row, name, smiles, outcome.reason, outcome.message))
        else:
            mols.append(outcome)
            places.append(place)
    return mols, places, rejects


def _extra(chunk: Chunk, place: int) -> str:
    values: dict[str, Any] = {name: cells[place] for name, cells in chunk.extra.items()}
    return json.dumps(values, ensure_ascii=False)
