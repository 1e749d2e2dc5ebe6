"""Kernel ridge regression on the Tanimoto kernel of counts, as a voice that a model keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.features import Encoder, pack_bits
from screening.learners.kernels.tanimoto import TanimotoKernel, capped
from screening.learners.options import KERNEL_BLOCK
from screening.learners.voices.arrays import Arrays
from screening.learners.voices.voice import Seen, State
from screening.trust import Packed

# Noise of a label, in units of the kernel's 1 of a compound with itself.
RIDGE = 0.3
# Label of a compound that is like none of the known ones.
FAR = 0.0
# Similarities are whole numbers of 1/32,768: their sum is the same in any order.
_STEPS = 1 << 15
# Whole numbers that float64 adds without an error.
_EXACT = float(1 << 52)
# Rows of a sum of products at a time.
_ROWS = 4096
# Counts, and levels times compounds, of files that are no mistake.
_MOST_COUNTS, _MOST_LEVELS = 1 << 14, 1 << 31


def fit_ridge(
    similarities: NDArray[np.float32], known: NDArray[np.int64], labels: NDArray[np.float32]
) -> tuple[NDArray[np.float64], float]:
    """Return the worth of each known compound, shape (n_known,), and `FAR`.

    The prediction of a compound x is far + sum of k(x, known) times worth. Where every compound is
    known, worth = (K + ridge)^-1 (labels - far). Where fewer are, it is the least-squares fit with
    the same ridge on sums over these (subset of regressors). Most compounds of a library are like
    none that is known, and inactive: far is 0. With the mean label, foreign chemistry would rank
    above what speaks against activity.

    Parameters
    ----------
    similarities : array of shape (n, n_known)
        Of each compound to the known ones.
    known : int64 array of shape (n_known,)
        Which compounds those are.
    labels : array of shape (n,)
        From 0 to 1.

    References
    ----------
    Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, equations 2.25 and 8.11.
    """
    # Slow to import, and only training needs it.
    from scipy.linalg import solve

    away = labels.astype(np.float64) - FAR
    among = similarities[known].astype(np.float64)
    if len(known) == len(labels):
        among[np.diag_indices_from(among)] += RIDGE
        return np.asarray(solve(among, away[known], assume_a="pos")), FAR
    among[np.diag_indices_from(among)] += 1e-6
    square, told = RIDGE * among, np.zeros(len(known))
    for start in range(0, len(labels), _ROWS):
        some = similarities[start : start + _ROWS].astype(np.float64)
        square += some.T @ some
        told += some.T @ away[start : start + _ROWS]
    return np.asarray(solve(square, told, assume_a="pos")), FAR


def as_logits(labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logits of predicted labels: the tangent of the logit at one half.

    A prediction of a regression may lie outside of 0 to 1, where the logit itself ends.
    """
    return 4 * (labels - 0.5)


class SumsOfWorth:
    """Sums over known compounds of their worth times the similarity to each of n others.

    Similarities and worth are whole numbers of small units, so that the order in which they are
    added does not matter.

    Parameters
    ----------
    n : int
    means : float64 array of shape (n_tasks,)
    tasks : int64 array
        Which have a machine.
    whole : float64 array of shape (n_known, len(tasks))
        Whole numbers of `unit` that compounds are worth.
    unit : float
    """

    def __init__(
        self,
        n: int,
        means: NDArray[np.float64],
        tasks: NDArray[np.int64],
        whole: NDArray[np.float64],
        unit: float,
    ) -> None:
        self._means, self._tasks, self._whole, self._unit = means, tasks, whole, unit
        self._sums = np.zeros((n, len(tasks)))

    def add(self, rows: slice, known: slice, similar: NDArray[np.float32]) -> None:
        """Add what some of the known compounds say of some of the others.

        Parameters
        ----------
        rows, known
            Which ones.
        similar : array
            Similarity of each to each known one; it is written in.
        """
        # A power of two: 32 bits hold the steps exactly.
        similar *= _STEPS
        steps = np.rint(similar, out=similar).astype(np.float64)
        self._sums[rows] += steps @ self._whole[known]

    def logits(self) -> NDArray[np.float64]:
        """Return logits of shape (n, n_tasks); NaN for a task without a machine."""
        out = np.full((len(self._sums), len(self._means)), np.nan)
        said = self._sums * (self._unit / _STEPS) + self._means[self._tasks]
        out[:, self._tasks] = as_logits(said)
        return out


@dataclass(frozen=True)
class StoredRidge:
    """The machines of a model as they are kept.

    Attributes
    ----------
    counts : CSR of shape (n_known, n_columns)
        Morgan counts of the known compounds, none above `highest`.
    worth : float64 array of shape (n_known, n_tasks)
        NaN in the column of a task that they have nothing to say of.
    means : float64 array of shape (n_tasks,)
    highest : int
        Higher counts are taken as this; 1 compares bits.
    """

    counts: csr_matrix
    worth: NDArray[np.float64]
    means: NDArray[np.float64]
    highest: int

    def logits(self, seen: Seen) -> NDArray[np.float64]:
        """Return logits of shape (n, n_tasks); NaN for a task without."""
        if seen.by_kernel is not None:
            return seen.by_kernel
        return self.of_counts(seen.raw.sparse[KERNEL_BLOCK])

    def of_counts(self, counts: csr_matrix) -> NDArray[np.float64]:
        """Return the same for compounds with these Morgan counts."""
        sums = self.sums(counts.shape[0])
        everyone = slice(0, len(self.worth))
        for rows, similar in self._kernel.blocks(capped(counts, self.highest)):
            sums.add(rows, everyone, similar)
        return sums.logits()

    def sums(self, n: int) -> SumsOfWorth:
        """Return what adds up similarities of n compounds to those known, wherever computed."""
        return SumsOfWorth(n, self.means, *self._whole)

    def knows(self, packed: Packed) -> bool:
        """Tell whether it compares with the bits of exactly these compounds, in this order."""
        shape = (packed.shape[0], 8 * packed.shape[1])
        alike = self.highest == 1 and self.counts.shape == shape
        return alike and np.array_equal(pack_bits(self.counts), packed)

    @cached_property
    def _kernel(self) -> TanimotoKernel:
        return TanimotoKernel(self.counts)

    @cached_property
    def _whole(self) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
        """Which tasks there are, what compounds are worth in whole numbers, and their unit."""
        tasks = np.flatnonzero(~np.isnan(self.means))
        worth = self.worth[:, tasks]
        largest = float(np.abs(worth).sum(axis=0).max(initial=1e-9))
        unit = 2.0 ** -np.floor(np.log2(_EXACT / (_STEPS * largest)))
        return tasks, np.rint(worth / unit), float(unit)

    def encoders(self) -> list[Encoder]:
        """Return nothing: counts are compared as they are."""
        return []

    def to_state(self, networks: Encoder) -> State:
        """Return a JSON-able description and the arrays by name."""
        del networks
        arrays = {
            "columns": self.counts.indices.astype(np.int32),
            "ends": self.counts.indptr.astype(np.int64),
            "counts": self.counts.data.astype(np.int32),
            "worth": np.nan_to_num(self.worth),
            "means": np.nan_to_num(self.means),
            "tasks": np.flatnonzero(~np.isnan(self.means)),
        }
        return {"width": int(self.counts.shape[1]), "highest": self.highest}, arrays

    @classmethod
    def from_state(
        cls, described: Mapping[str, Any], arrays: Arrays, networks: Encoder, n_tasks: int
    ) -> Self:
        """Build what `to_state` described.

        Raises
        ------
        ValueError
            Counts are no counts, or what compounds are worth is not told for each.
        """
        del networks
        columns, ends, data = (arrays[name] for name in ("columns", "ends", "counts"))
        width, worth, told = described["width"], arrays["worth"], arrays["tasks"]
        # Files of earlier versions compare counts as they are.
        highest = described.get("highest", _MOST_COUNTS)
        n = len(ends) - 1
        in_order = len(ends) and ends[0] == 0 and ends[-1] == len(columns) == len(data)
        if not in_order or (np.diff(ends) < 0).any():
            raise ValueError("the compounds of a kernel do not follow each other")
        if len(data) and not (
            0 <= columns.min() <= columns.max() < width and 1 <= data.min() <= data.max() <= highest
        ):
            raise ValueError("the compounds of a kernel have counts that are none")
        if not 1 <= highest <= _MOST_COUNTS or int(data.sum()) * n > _MOST_LEVELS:
            raise ValueError("the compounds of a kernel have more counts than compounds have")
        if worth.shape != (n, n_tasks) or arrays["means"].shape != (n_tasks,):
            raise ValueError("what the compounds of a kernel are worth is not told for each")
        if len(told) and not 0 <= told.min() <= told.max() < n_tasks:
            raise ValueError("a kernel is of tasks that there are not")
        means = np.full(n_tasks, np.nan)
        means[told] = arrays["means"][told]
        return cls(csr_matrix((data, columns, ends), shape=(n, width)), worth, means, highest)
