"""Pack a library: each molecule looked at as briefly as can be, its row kept as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize
from scipy.sparse import csr_matrix, vstack

from screening.chemistry import Failure, Limits, Reject, read_molecule
from screening.chemistry.molecule import captured
from screening.library.engines.workers import Assignment, Scorer, ScorerMaker
from screening.library.featurise import BLOCK, read_block
from screening.library.packed.format import (
    FEATURES,
    packed_files,
    packed_parameters,
    packed_tables,
)
from screening.library.prepared.options import LibraryOptions
from screening.library.shards import Clock, ShardFiles, ShardRecord, Watch

# Rows of a part: larger ones are packed better, and a killed run loses a second or two of one.
PART_SIZE = 10_000
# Circular substructures depend on none of these, which take a fifth of the time of parsing.
_LEFT_OUT = (
    Chem.SanitizeFlags.SANITIZE_SETCONJUGATION
    | Chem.SanitizeFlags.SANITIZE_SETHYBRIDIZATION
    | Chem.SanitizeFlags.SANITIZE_CLEANUPCHIRALITY
    | Chem.SanitizeFlags.SANITIZE_CLEANUPATROPISOMERS
)
_SANITIZED = Chem.SanitizeFlags.SANITIZE_ALL ^ _LEFT_OUT
# An atom of hydrogen, which parsing takes into its neighbour.
_HYDROGEN = re.compile(r"\[\d*H")


@dataclass(frozen=True, kw_only=True)
class PackOptions(LibraryOptions):
    """How a library is packed: see `LibraryOptions`; its parts have more rows."""

    part_size: int = PART_SIZE

    def parameters(self) -> dict[str, Any]:
        """Return what decides the content of a part, beside the limits."""
        return packed_parameters()

    def files(self, folder: Path, made_by: str) -> ShardFiles:
        """Return where parts lie in the folder of the library."""
        return packed_files(folder, made_by)

    def task(self, folder: Path, made_by: str) -> PackTask:
        """Return what every worker needs to know."""
        return PackTask(folder, self.limits, made_by)

    @property
    def maker(self) -> ScorerMaker[ShardRecord]:
        """What makes parts in the workers."""
        return part_packer


@dataclass(frozen=True)
class PackTask:
    """What every worker needs to know, sent once."""

    run: Path
    limits: Limits
    made_by: str


def part_packer(task: PackTask) -> Scorer[ShardRecord]:
    """Return what makes one part of the packed library."""
    files = packed_files(task.run, task.made_by)
    parameters = packed_parameters()

    def pack(assignment: Assignment, watch: Watch) -> ShardRecord:
        clock = Clock()
        kept, counts, rejects = look(assignment, task.limits, watch=watch, clock=clock)
        if assignment.trial:
            return ShardRecord.of_trial(assignment.number)
        chunk = assignment.piece
        rows, bits = packed_tables(chunk, kept, counts, parameters)
        return files.write(assignment.number, chunk.digest(), rows, rejects, clock, bits=bits)

    return pack


def look(
    assignment: Assignment, limits: Limits, *, watch: Watch, clock: Clock
) -> tuple[list[int], csr_matrix, list[Reject]]:
    """Parse the rows of a chunk and count circular substructures; nothing is standardised.

    Of a salt, those of its largest organic part are counted: standardising keeps this part, and a
    counter-ion says nothing.

    Parameters
    ----------
    assignment
        Its piece is the chunk. Its failures are rows that stopped an earlier try: rejected without
        being touched. When it is careful, molecules are computed one at a time.
    limits
        That a molecule is read with.
    watch
        Is told before each piece of work.
    clock
        Is given the laps parse and features.

    Returns
    -------
    kept : list of int
        Places of the rows that are molecules.
    counts : CSR matrix of int32, shape (len(kept), 2048)
    rejects : list of Reject
        The other rows.
    """
    chunk = assignment.piece
    largest = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)

    def reader(smiles: str) -> Chem.Mol | Failure:
        mol = read_countable(smiles, limits)
        return largest.choose(mol) if "." in smiles and not isinstance(mol, Failure) else mol

    (block,) = FEATURES.blocks
    kept: list[int] = []
    rejects: list[Reject] = []
    found: list[csr_matrix] = []
    together = 1 if assignment.careful else BLOCK
    for start in range(0, max(1, len(chunk)), together):
        places = range(start, min(start + together, len(chunk)))
        mols, good, bad = read_block(chunk, places, reader, assignment.failures, watch)
        clock.lap("parse")
        if assignment.careful:
            watch.molecule(start)
        else:
            watch.batch(len(mols))
        found.append(block.columns_of(mols))
        kept += good
        rejects += bad
        clock.lap("features")
    return kept, vstack(found, format="csr"), rejects


def read_countable(smiles: str, limits: Limits) -> Chem.Mol | Failure:
    """Parse one SMILES as far as its circular substructures need it; see `read_molecule`."""
    text = smiles.strip()
    if text and len(text) <= limits.max_atoms and not _HYDROGEN.search(text):
        with captured():
            mol = Chem.MolFromSmiles(text, sanitize=False)
            if mol is not None and mol.GetNumAtoms():
                failed = Chem.SanitizeMol(mol, _SANITIZED, catchErrors=True)
                if not failed:
                    return mol
    # All others, and what is wrong with them.
    return read_molecule(smiles, limits)
