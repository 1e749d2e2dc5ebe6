"""How alike compounds are to the kernel machine, by fingerprints and by descriptors.

k(a, b) is the mean of Tanimoto kernels, one for each fingerprint of counts, and of a Gaussian
kernel of the descriptors' quantiles, exp(-|a - b|² / (2 w²)), where there are any: a mean of
kernels is a kernel, and each knows neighbours that the others do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ebm.rowwise import by_rows
from screening.features import RawFeatures
from screening.learners.kernels.tanimoto import TanimotoKernel, capped

# Higher counts of a substructure are taken for this: nothing is lost, and the tables stay small.
HIGHEST = 3
# Rows compared at a time.
_ROWS = 256
# The blocks that are compared by their counts, where a model has them.
COUNTED = ("morgan_counts", "atom_pairs", "torsions")


@dataclass(frozen=True, eq=False)
class Compared:
    """What the machine compares of some compounds.

    Attributes
    ----------
    counts : dict of str to CSR
        Fingerprints by block, each of shape (n, n_bits).
    dense : float32 array of shape (n, n_dense)
        Quantiles of descriptors as an encoder spreads them, 0-1; of width 0 without any.
    """

    counts: dict[str, csr_matrix]
    dense: NDArray[np.float32]

    @classmethod
    def of(cls, raw: RawFeatures, dense: NDArray[np.float32]) -> Self:
        """Return what is compared of these features."""
        return cls({name: raw.sparse[name] for name in COUNTED if name in raw.sparse}, dense)

    def __len__(self) -> int:
        return len(self.dense)

    @property
    def n_kernels(self) -> int:
        """How many kernels there are."""
        return len(self.counts) + (self.dense.shape[1] > 0)

    def take(self, rows: NDArray[np.int64] | slice) -> Self:
        """Return some of the compounds."""
        return type(self)({n: block[rows] for n, block in self.counts.items()}, self.dense[rows])

    def capped(self) -> Self:
        """Return the same with counts of `HIGHEST` at most."""
        few = {name: capped(block, HIGHEST) for name, block in self.counts.items()}
        return type(self)({n: block.astype(np.uint8) for n, block in few.items()}, self.dense)


class Similarity:
    """Known compounds, laid out to be compared with others, many times.

    Parameters
    ----------
    known : Compared
        Capped.
    width : float
        w of the Gaussian kernel.
    """

    def __init__(self, known: Compared, width: float) -> None:
        self.known = known
        self._tables = {name: TanimotoKernel(block) for name, block in known.counts.items()}
        self._rate = np.float32(1 / (2 * width**2))
        self._across = np.ascontiguousarray(known.dense.T)
        self._square = (known.dense**2).sum(axis=1)

    def blocks(self, asked: Compared) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yield rows of compounds, and their kernel with each known one, (n_rows, n_known).

        A row depends on its compound alone.
        """
        asked = asked.capped()
        for start in range(0, len(asked), _ROWS):
            rows = slice(start, min(start + _ROWS, len(asked)))
            some = asked.take(rows)
            total = np.zeros((len(some), len(self.known)), dtype=np.float32)
            for name, table in self._tables.items():
                total += table(some.counts[name])
            if self._across.size:
                total += by_rows(self._gauss, some.dense)
            total /= self.known.n_kernels
            yield rows, total

    def __call__(self, asked: Compared) -> NDArray[np.float32]:
        """Return the kernel of compounds with each known one, shape (n, n_known)."""
        parts = [found for _, found in self.blocks(asked)]
        return np.concatenate([np.zeros((0, len(self.known)), np.float32), *parts])

    def _gauss(self, dense: NDArray[Any]) -> NDArray[np.float32]:
        apart = (dense**2).sum(axis=1)[:, None] + self._square
        apart -= 2 * (dense @ self._across)
        return np.asarray(np.exp(-self._rate * np.maximum(apart, 0)))


def typical_distance(dense: NDArray[np.float32], seed: int) -> float:
    """Return the median distance of pairs of compounds over the square root of 2; 1 without any.

    So that the Gaussian kernel of half the pairs is above exp(-1).
    """
    if not dense.size:
        return 1.0
    left, right = np.random.default_rng(seed).integers(0, len(dense), (2, _PAIRS))
    apart = ((dense[left] - dense[right]) ** 2).sum(axis=1)[left != right]
    middle = float(np.median(apart)) if len(apart) else 0.0
    return float(np.sqrt(middle / 2)) if middle > 0 else 1.0


_PAIRS = 2000


def to_arrays(known: Compared) -> dict[str, NDArray[Any]]:
    """Return known compounds as arrays by name."""
    found: dict[str, NDArray[Any]] = {"dense": known.dense}
    for name, block in known.counts.items():
        found[f"{name}.counts"] = block.data.astype(np.uint8)
        found[f"{name}.columns"] = block.indices.astype(np.int32)
        found[f"{name}.ends"] = block.indptr.astype(np.int64)
    return found


def from_arrays(arrays: Mapping[str, NDArray[Any]], widths: Mapping[str, int]) -> Compared:
    """Build what `to_arrays` described.

    Parameters
    ----------
    arrays
    widths
        Of the fingerprints of the model by block.

    Raises
    ------
    ValueError
        The arrays are not those of counts of as many compounds.
    """
    dense = arrays["dense"]
    names = [name for name in COUNTED if f"{name}.counts" in arrays]
    counts = {}
    for name in names:
        data, columns, ends = (arrays[f"{name}.{part}"] for part in ("counts", "columns", "ends"))
        whole = (
            dense.ndim == 2
            and len(ends) == len(dense) + 1
            and ends[0] == 0
            and ends[-1] == len(columns) == len(data)
            and bool((np.diff(ends) >= 0).all())
            and data.min(initial=1) >= 1
            and data.max(initial=1) <= HIGHEST
            and columns.min(initial=0) >= 0
            and columns.max(initial=0) < widths.get(name, 0)
        )
        if not whole:
            raise ValueError(f"the known compounds of the kernel machine have no whole {name}")
        counts[name] = csr_matrix((data, columns, ends), shape=(len(dense), widths[name]))
    return Compared(counts, dense)
