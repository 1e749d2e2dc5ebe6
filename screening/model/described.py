"""What is computed of each compound once, before anything is learned: features and scaffold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rdkit import Chem

from screening.chemistry import murcko_scaffold
from screening.features import FeatureSet, RawFeatures, stack
from screening.jobs import in_processes

# Compounds of one job, and compounds that are done before workers have begun.
_TOGETHER = 250
_FEW = 1000


class Described(NamedTuple):
    """Compounds as models and splits see them.

    Attributes
    ----------
    raw : RawFeatures
    scaffolds : list of str
        Murcko scaffold of each; empty without a ring.
    """

    raw: RawFeatures
    scaffolds: list[str]


def describe(mols: Sequence[Chem.Mol], names: Sequence[str], workers: int = 1) -> Described:
    """Compute feature blocks and scaffolds, in processes; the same for any number of them.

    Parameters
    ----------
    mols
    names
        Of the feature blocks.
    workers
        Processes; few compounds are done in this one.
    """
    if workers == 1 or len(mols) <= _FEW:
        return _describe(mols, names)
    jobs = ((mols[at : at + _TOGETHER], names) for at in range(0, len(mols), _TOGETHER))
    parts = list(in_processes(_describe, jobs, workers))
    scaffolds = [scaffold for part in parts for scaffold in part.scaffolds]
    return Described(stack([part.raw for part in parts]), scaffolds)


def _describe(mols: Sequence[Chem.Mol], names: Sequence[str]) -> Described:
    return Described(FeatureSet(names).transform(mols), [murcko_scaffold(mol) for mol in mols])
