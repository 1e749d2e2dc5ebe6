"""From rows to features: what is computed of a molecule before any model is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.chemistry import (
    Failure,
    Limits,
    Reject,
    Standardiser,
    canonical_smiles,
    read_molecule,
    standardise_molecule,
    structure_key,
)
from screening.features import BlockSet, RawFeatures, stack
from screening.library.engines.workers import Assignment
from screening.library.shards import Clock, Watch
from screening.tables import Chunk


@dataclass
class Featurised:
    """Rows of one source that have become molecules, in input order, by column.

    Attributes
    ----------
    source : str
    rows : int64 array
    ids, smiles : list of str
        Name and structure as the file has them.
    standardised : list of str
        Canonical SMILES after standardisation.
    keys : int64 array
        Hash of that, for duplicates.
    inputs : list of str
        Every other column of the row, as JSON.
    raw : RawFeatures
    fingerprints : uint8 array of shape (n, 256)
        Packed Morgan bits, for neighbours.
    """

    source: str
    rows: NDArray[np.int64]
    ids: list[str]
    smiles: list[str]
    standardised: list[str]
    keys: NDArray[np.int64]
    inputs: list[str]
    raw: RawFeatures
    fingerprints: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)


class MoleculeReader:
    """Parses and standardises one structure after the other, and knows what each took.

    Parameters
    ----------
    standardiser : Standardiser
    limits : Limits

    Attributes
    ----------
    standardise_seconds : float
        Spent on standardising since this was last set to zero.
    """

    def __init__(self, standardiser: Standardiser, limits: Limits) -> None:
        self.standardiser = standardiser
        self.limits = limits
        self.standardise_seconds = 0.0

    def __call__(self, smiles: str) -> Chem.Mol | Failure:
        """Return the molecule, or why there is none."""
        mol = read_molecule(smiles, self.limits)
        if isinstance(mol, Failure):
            return mol
        started = time.perf_counter()
        outcome = standardise_molecule(mol, self.standardiser)
        self.standardise_seconds += time.perf_counter() - started
        return outcome


# Molecules held at a time: one of RDKit's takes some 80 kB, its features less than one.
BLOCK = 256


def featurise_chunk(
    assignment: Assignment,
    reader: MoleculeReader,
    features: BlockSet,
    *,
    watch: Watch,
    clock: Clock,
) -> tuple[Featurised, list[Reject]]:
    """Read and featurise the rows of a chunk; every row is in one of the two results.

    Parameters
    ----------
    assignment
        Its piece is the chunk. Its failures are rows that stopped an earlier try: rejected without
        being touched. When it is careful, features are computed of one molecule at a time, to find
        which one stops the process.
    reader
        From text to molecule.
    features
        The blocks to compute.
    watch
        Is told before each piece of work.
    clock
        Is given the laps parse, standardise and features.
    """
    chunk: Chunk = assignment.piece
    kept: list[int] = []
    rejects: list[Reject] = []
    standardised: list[str] = []
    parts: list[RawFeatures] = []
    packed: list[NDArray[np.uint8]] = []
    together = 1 if assignment.careful else BLOCK
    for start in range(0, max(1, len(chunk)), together):
        block = range(start, min(start + together, len(chunk)))
        reader.standardise_seconds = 0.0
        mols, places, bad = read_block(chunk, block, reader, assignment.failures, watch)
        clock.lap("parse")
        clock.move(reader.standardise_seconds, "parse", "standardise")
        if assignment.careful:
            watch.molecule(start)
        else:
            watch.batch(len(mols))
        # First, because RDKit copies a molecule to write it, with all that features leave on it.
        standardised += [canonical_smiles(mol) for mol in mols]
        clock.lap("standardise")
        raw = features.by_block(mols)
        packed.append(features.packed_morgan(mols, raw))
        clock.lap("features")
        parts.append(raw)
        kept += places
        rejects += bad
    found = Featurised(
        source=chunk.source,
        rows=chunk.rows[kept],
        ids=[chunk.ids[place] for place in kept],
        smiles=[chunk.smiles[place] for place in kept],
        standardised=standardised,
        keys=np.array([structure_key(smiles) for smiles in standardised], dtype=np.int64),
        inputs=[input_of(chunk, place) for place in kept],
        raw=stack(parts),
        fingerprints=np.concatenate(packed),
    )
    clock.lap("features")
    return found, rejects


def read_block(
    chunk: Chunk,
    block: range,
    reader: Callable[[str], Chem.Mol | Failure],
    known_failures: Mapping[int, Failure],
    watch: Watch,
) -> tuple[list[Chem.Mol], list[int], list[Reject]]:
    """Read some rows of a chunk, one after the other.

    Parameters
    ----------
    chunk
    block
        Places of the rows in the chunk.
    reader
        From text to molecule.
    known_failures
        Rows not to be touched, by place.
    watch
        Is told before each molecule.

    Returns
    -------
    mols, places, rejects : list
        Molecules with their places in the chunk, and the other rows.
    """
    mols, places, rejects = [], [], []
    for place in block:
        smiles = chunk.smiles[place]
        outcome = known_failures.get(place)
        if outcome is None and place in chunk.problems:
            outcome = Failure("parse", chunk.problems[place])
        if outcome is None:
            watch.molecule(place)
            outcome = reader(smiles)
        if isinstance(outcome, Failure):
            row, name = int(chunk.rows[place]), chunk.ids[place]
            rejects.append(Reject(chunk.source, row, name, smiles, outcome.reason, outcome.message))
        else:
            mols.append(outcome)
            places.append(place)
    return mols, places, rejects


def input_of(chunk: Chunk, place: int) -> str:
    """Return the other cells of a row as JSON."""
    values: dict[str, Any] = {name: cells[place] for name, cells in chunk.extra.items()}
    return json.dumps(values, ensure_ascii=False)
