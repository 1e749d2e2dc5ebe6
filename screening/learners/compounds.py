"""The compounds that learners learn from: an assay with its features, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screening.assay import Assay
from screening.chemistry import murcko_scaffold
from screening.evaluation import Split, scaffold_folds
from screening.features import BlockSet, RawFeatures, stack
from screening.jobs import in_processes

# Compounds of one job, and compounds that are done before workers have begun.
_TOGETHER = 250
_FEW = 1000

Rows = NDArray[np.int64]


class Compounds:
    """A curated assay; features and scaffolds are computed when they are first asked for.

    Parameters
    ----------
    assay : Assay
    workers : int
        Processes that compute features; the result is the same for any number.
    """

    def __init__(self, assay: Assay, workers: int = 1) -> None:
        self.assay = assay
        self._workers = workers
        self._raw = RawFeatures()
        self._scaffolds: list[str] | None = None

    def __len__(self) -> int:
        return len(self.assay)

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels, shape (n, n_tasks), NaN where missing."""
        return self.assay.labels

    def raw(self, names: Sequence[str]) -> RawFeatures:
        """Return these feature blocks in this order."""
        self._compute([name for name in names if name not in self._known()])
        return RawFeatures(
            {name: self._raw.sparse[name] for name in names if name in self._raw.sparse},
            {name: self._raw.dense[name] for name in names if name in self._raw.dense},
        )

    def take(self, rows: Rows) -> Compounds:
        """Return some of the compounds, with all that has been computed of them."""
        taken = Compounds(self.assay.take(rows), self._workers)
        taken._raw = self._raw.take(rows)
        if self._scaffolds is not None:
            taken._scaffolds = [self._scaffolds[row] for row in rows]
        if "fingerprints" in vars(self):
            vars(taken)["fingerprints"] = self.fingerprints[rows]
        return taken

    @cached_property
    def fingerprints(self) -> NDArray[np.uint8]:
        """Packed Morgan bits, for neighbours."""
        # Any feature set packs them; which blocks it has does not matter.
        return BlockSet().packed_morgan(self.assay.mols, self._raw)

    @property
    def scaffolds(self) -> list[str]:
        """Murcko scaffold of each; empty without a ring."""
        if self._scaffolds is None:
            self._scaffolds = [murcko_scaffold(mol) for mol in self.assay.mols]
        return self._scaffolds

    def folds(self, rows: Rows, n_folds: int, seed: int) -> list[Split]:
        """Cut these rows into folds by scaffold; see `scaffold_folds`. The splits are of rows."""
        scaffolds = [self.scaffolds[row] for row in rows]
        splits = scaffold_folds(scaffolds, self.labels[rows], n_folds, seed)
        return [Split(rows[split.train], rows[split.test]) for split in splits]

    def _known(self) -> set[str]:
        return {*self._raw.sparse, *self._raw.dense}

    def _compute(self, names: list[str]) -> None:
        if not names:
            return
        described = _describe_all(self.assay.mols, names, self._workers)
        self._raw.sparse.update(described.raw.sparse)
        self._raw.dense.update(described.raw.dense)
        self._scaffolds = self._scaffolds or described.scaffolds


class _Described(NamedTuple):
    raw: RawFeatures
    scaffolds: list[str]


def _describe_all(mols: Sequence[Chem.Mol], names: Sequence[str], workers: int) -> _Described:
    """Compute feature blocks and scaffolds, in processes; few compounds are done in this one."""
    if workers == 1 or len(mols) <= _FEW:
        return _describe(mols, names)
    jobs = ((mols[at : at + _TOGETHER], names) for at in range(0, len(mols), _TOGETHER))
    parts = list(in_processes(_describe, jobs, workers))
    scaffolds = [scaffold for part in parts for scaffold in part.scaffolds]
    return _Described(stack([part.raw for part in parts]), scaffolds)


def _describe(mols: Sequence[Chem.Mol], names: Sequence[str]) -> _Described:
    return _Described(BlockSet(names).by_block(mols), [murcko_scaffold(mol) for mol in mols])
