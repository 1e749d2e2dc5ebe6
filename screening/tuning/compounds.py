"""The compounds of a search: cut into those it may see and those it may not, and their features."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.chemistry import murcko_scaffold
from screening.evaluation import Split
from screening.features import FeatureSet, RawFeatures
from screening.model.crossvalidation import scaffold_folds

# One of so many parts of the assay, by whole scaffolds, takes no part in the search.
PARTS = 5


class Compounds:
    """A curated assay, and each block of features computed when a trial first asks for it.

    Parameters
    ----------
    assay : Assay
    """

    def __init__(self, assay: Assay) -> None:
        self.assay = assay
        self._blocks: dict[str, RawFeatures] = {}

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels, shape (n, n_tasks), NaN where missing."""
        return self.assay.labels

    @cached_property
    def scaffolds(self) -> list[str]:
        """Bemis-Murcko scaffolds."""
        return [murcko_scaffold(mol) for mol in self.assay.mols]

    def raw(self, names: tuple[str, ...]) -> RawFeatures:
        """Return these blocks in this order."""
        found = RawFeatures()
        for name in names:
            if name not in self._blocks:
                self._blocks[name] = FeatureSet((name,)).transform(self.assay.mols)
            found.sparse.update(self._blocks[name].sparse)
            found.dense.update(self._blocks[name].dense)
        return found

    def divide(self, seed: int) -> Split | None:
        """Return what the search sees (`train`) and what it does not (`test`), whole scaffolds.

        None where no cut leaves both classes of a task in both.
        """
        everything = np.arange(len(self.assay))
        wanted = len(everything) / PARTS

        def rank(split: Split) -> tuple[int, float]:
            judged = min(
                count_judged(self.labels[split.train]), count_judged(self.labels[split.test])
            )
            # The part with the largest scaffold may be far larger than the others.
            return -judged, abs(len(split.test) - wanted)

        best = min(self.cut(everything, PARTS, seed), key=rank, default=None)
        return None if best is None or not rank(best)[0] else best

    def cut(self, rows: NDArray[np.int64], n_folds: int, seed: int) -> list[Split]:
        """Cut these rows into folds by scaffold; only folds that can be judged are returned.

        Parameters
        ----------
        rows : array of int
            Of the assay, as are those of the splits.
        n_folds, seed : int
        """
        scaffolds = [self.scaffolds[row] for row in rows]
        splits = [
            Split(rows[split.train], rows[split.test])
            for split in scaffold_folds(scaffolds, self.labels[rows], n_folds, seed)
        ]
        return [split for split in splits if count_judged(self.labels[split.test])]


def count_judged(labels: NDArray[np.float32]) -> int:
    """Return how many tasks have both classes among these labels, shape (n, n_tasks)."""
    return int(((labels == 1).any(axis=0) & (labels == 0).any(axis=0)).sum())
