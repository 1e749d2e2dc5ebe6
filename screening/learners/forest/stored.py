"""A random forest as arrays: fitted by scikit-learn, kept and read without it or pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.features.visible import Visible, as_csr, as_visible
from screening.learners.forest.bits import BitForest
from screening.learners.forest.program import Trees, compile_forest

if TYPE_CHECKING:
    from screening.learners.forest.fit import AveragingTrees

# Rows walked down together: their dense form and their places in the trees stay in the cache.
_BATCH = 128
# From so many rows on, one pass through the program is faster than walking down for each.
_MANY = 128
# Nodes a tree above which it is slower: walking skips most of a large tree.
_LARGE = 4096


@dataclass(frozen=True)
class StoredForest(Trees):
    """Trees whose mean is the probability of being active."""

    @classmethod
    def from_sklearn(cls, forest: AveragingTrees, first_column: int = 0) -> Self:
        """Copy what a forest fitted to labels from 0 to 1 knows.

        Parameters
        ----------
        forest
        first_column
            Its column 0 is this one of the matrix that is scored.
        """
        trees = [estimator.tree_ for estimator in forest.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
        left, right, column = [], [], []
        for tree, root in zip(trees, roots, strict=True):
            leaf = tree.children_left < 0
            own = np.arange(tree.node_count)
            left.append(np.where(leaf, own, tree.children_left) + root)
            right.append(np.where(leaf, own, tree.children_right) + root)
            column.append(np.where(leaf, 0, first_column + tree.feature))
        values = np.concatenate([tree.value[:, 0, 0] for tree in trees])
        return cls(
            roots=roots.astype(np.int64),
            left=np.concatenate(left).astype(np.int32),
            right=np.concatenate(right).astype(np.int32),
            column=np.concatenate(column).astype(np.int32),
            # Rounded down: "x <= threshold" stays what it was for every float32 x.
            threshold=_round_down(np.concatenate([tree.threshold for tree in trees])),
            active=values.astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.roots)

    def probability(self, x: csr_matrix | Visible) -> NDArray[np.float64]:
        """Return the mean over the trees of the label in each row's leaf, shape (n,).

        Many rows are done by the program, a few by walking down: the results are the same.

        Parameters
        ----------
        x : CSR of shape (n, n_columns), or the same as an encoder splits it
        """
        seen = as_visible(x, dense_from=x.shape[1]) if isinstance(x, csr_matrix) else x
        if len(seen) >= _MANY and self._bits is not None:
            return self._bits.probability(seen)
        return self.walk(as_csr(x))

    @cached_property
    def _bits(self) -> BitForest | None:
        """The trees as one program, unless it would be slower than walking."""
        if len(self.left) > _LARGE * len(self):
            return None
        program = compile_forest(self)
        return BitForest(program, len(self)) if program.n_sets <= _LARGE * len(self) else None

    def walk(self, x: csr_matrix) -> NDArray[np.float64]:
        """Return the same by going down every tree with every row."""
        parts = [
            self._of_rows(x[start : start + _BATCH].toarray())
            for start in range(0, x.shape[0], _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of_rows(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        n, width = x.shape
        values = x.ravel()
        node = np.tile(self.roots, n)
        offset = np.repeat(np.arange(n, dtype=np.int64) * width, len(self))
        going = np.arange(len(node))
        while len(going):
            here = node[going]
            below = values[offset[going] + self.column[here]] <= self.threshold[here]
            following = np.where(below, self.left[here], self.right[here])
            node[going] = following
            going = going[self.left[following] != following]
        return np.asarray(self.active[node].reshape(n, -1).mean(axis=1, dtype=np.float64))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], n_columns: int) -> Self:
        """Build the forest that `to_arrays` described.

        Raises
        ------
        ValueError
            A child, a root or a column is out of range, or the trees do not go downwards, so that
            walking them might not end.
        """
        forest = cls(**{field.name: arrays[field.name] for field in fields(cls)})  # type: ignore[arg-type]
        own = np.arange(len(forest.left))
        downwards = ((forest.left > own) & (forest.right > own)) | (
            (forest.left == own) & (forest.right == own)
        )
        ranges = ((forest.left, len(own)), (forest.roots, len(own)), (forest.column, n_columns))
        inside = all(
            len(part) and part.min() >= 0 and part.max() < limit for part, limit in ranges
        ) and (forest.right.max() < len(own))
        if not inside or not downwards.all():
            raise ValueError("a forest whose trees do not end")
        return forest


def _round_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    rounded = values.astype(np.float32)
    return np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded)
