"""Kernel ridge regression as a learner: one machine a task, on the Tanimoto kernel of bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from screening.assay import TaughtAs
from screening.learners.compounds import Compounds, Rows
from screening.learners.kernels.ridge import StoredRidge, fit_ridge
from screening.learners.kernels.tanimoto import TanimotoKernel, capped
from screening.learners.learner import Logits, Part
from screening.learners.options import KERNEL_BLOCK, ModelOptions
from screening.progress import OnStep, ignore_steps

# Compounds are compared by their bits, as neighbours are: counts do not know more of a series.
HIGHEST = 1
# Up to so many compounds all are known. Of more, so many stand for all: each task is a product of
# all compounds with the square of those known.
MOST_KNOWN, STAND_FOR_ALL = 3000, 1000


@dataclass(frozen=True)
class FittedRidge:
    """The machines of one part, and the learner that made them.

    Attributes
    ----------
    learner : KernelRidge
    machines : StoredRidge
    """

    learner: KernelRidge
    machines: StoredRidge

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return logits of being active, shape (n_rows, n_tasks); NaN for a task not learned."""
        return self.machines.of_counts(_counts(compounds, rows))

    def at_random(self, part: Part, folds: Sequence[Part]) -> Logits:
        """Return what machines of the other folds say of each compound, shape (n, n_tasks)."""
        del part
        out = np.full(folds[0].compounds.labels.shape, np.nan)
        for fold, fitted in zip(folds, self.learner.fit_parts(folds), strict=True):
            out[fold.asked] = fitted.logits(fold.compounds, fold.asked)
        return out

    def stored(self, wanted: Sequence[bool]) -> StoredRidge:
        """Return the machines of the wanted tasks."""
        means = np.where(wanted, self.machines.means, np.nan)
        return StoredRidge(self.machines.counts, self.machines.worth, means, HIGHEST)


@dataclass(frozen=True)
class KernelRidge:
    """The learner of the kernel machines that stand beside the networks.

    Attributes
    ----------
    labels : str
        As what labels are taught: graded or hard.
    seed : int
        Draws the known compounds where there are many.
    """

    labels: TaughtAs
    seed: int

    @classmethod
    def of(cls, options: ModelOptions) -> KernelRidge:
        """Return the kernel machine that a model with these options has."""
        return cls(options.labels, options.seed)

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedRidge]:
        """Yield the machines of each part."""
        del workers
        for done, part in enumerate(parts, start=1):
            yield FittedRidge(self, self._machines(part))
            on_step("kernel machines", done, len(parts))

    def _machines(self, part: Part) -> StoredRidge:
        """Return one machine a task; compounds without a label of it are worth nothing there."""
        taught = part.taught(self.labels)
        known = _drawn(len(part.rows), self.seed)
        counts = _counts(part.compounds, part.rows)
        similarities = TanimotoKernel(counts[known])(counts)
        worth, means = np.zeros((len(known), taught.shape[1])), np.full(taught.shape[1], np.nan)
        for task, labels in enumerate(taught.T):
            rows = part.labelled(task)
            own = np.flatnonzero(np.isin(known, [] if rows is None else rows))
            if rows is not None and len(own):
                place = np.searchsorted(rows, known[own])
                worth[own, task], means[task] = fit_ridge(
                    similarities[np.ix_(rows, own)], place, labels[rows]
                )
        return StoredRidge(counts[known], worth, means, HIGHEST)


def _drawn(n: int, seed: int) -> Rows:
    """Return which of n compounds the others are compared with, ascending."""
    if n <= MOST_KNOWN:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:STAND_FOR_ALL])


def _counts(compounds: Compounds, rows: Rows) -> csr_matrix:
    return capped(compounds.raw([KERNEL_BLOCK]).sparse[KERNEL_BLOCK][rows], HIGHEST)
