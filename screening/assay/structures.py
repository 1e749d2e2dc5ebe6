"""The structures of an assay, read and standardised in processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rdkit import Chem

from screening.chemistry import (
    Failure,
    Level,
    Limits,
    Standardiser,
    canonical_smiles,
    prepare_molecule,
)
from screening.jobs import in_processes

# Rows of one job, and rows that are done before workers have begun.
_TOGETHER = 250
_FEW = 4000


class Structure(NamedTuple):
    """A standardised molecule.

    Attributes
    ----------
    mol : Mol
    smiles : str
        Canonical.
    """

    mol: Chem.Mol
    smiles: str


def read_structures(
    smiles: Sequence[str], standardiser: Standardiser, limits: Limits | None, workers: int
) -> Iterator[Structure | Failure]:
    """Yield the structure of each row, or why there is none; the same for any number of workers."""
    if workers == 1 or len(smiles) <= _FEW:
        for text in smiles:
            yield _read(text, standardiser, limits)
        return
    jobs = (
        (smiles[at : at + _TOGETHER], standardiser.level, limits)
        for at in range(0, len(smiles), _TOGETHER)
    )
    for part in in_processes(_read_all, jobs, workers):
        yield from part


def _read_all(
    smiles: Sequence[str], level: Level, limits: Limits | None
) -> list[Structure | Failure]:
    standardiser = Standardiser(level)
    return [_read(text, standardiser, limits) for text in smiles]


def _read(text: str, standardiser: Standardiser, limits: Limits | None) -> Structure | Failure:
    mol = prepare_molecule(text, standardiser, limits)
    return mol if isinstance(mol, Failure) else Structure(mol, canonical_smiles(mol))
