"""From raw features to visible units: thermometer bits for counts, quantiles for descriptors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.features.levels import Levels, thermometer_bits
from screening.features.quantiles import Quantiles, ramps
from screening.features.sets import RawFeatures
from screening.features.visible import Visible

# Columns of a descriptor: more than there are quantiles say nothing.
MAX_RAMPS = 128


class VisibleBlock(NamedTuple):
    """Columns of the encoded matrix that belong together.

    Attributes
    ----------
    name : str
        The feature block.
    columns : slice
        Its columns.
    encoding : str
        thermometer (counts), bernoulli (bits) or quantile (numbers).
    """

    name: str
    columns: slice
    encoding: str


class Encoder:
    """Learns which thermometer bits occur, and how each descriptor is distributed.

    A count c becomes the bits c >= 1, c >= 2, c >= 4: bits that Bernoulli units fit, and that one
    high count cannot blow up. A descriptor becomes its quantile q among the training molecules,
    spread over `n_ramps` columns that fill one after the other, clip(n_ramps·q - i, 0, 1): a
    thermometer with soft edges, whose values a Bernoulli unit reads as probabilities and by which a
    network can treat low, middle and high values apart. A bit stays the bit it is: it passes the
    lowest threshold only.

    Parameters
    ----------
    thresholds : tuple of int
        Levels of the thermometer.
    min_molecules : int, optional
        A bit that is on in fewer training molecules is dropped. Decided by their number when None
        (see `fewest_molecules`).
    n_quantiles : int
        Grid on which a descriptor's distribution is kept.
    n_ramps : int
        Columns of a descriptor.

    References
    ----------
    Gorishniy, Rubachev and Babenko 2022, section 3.2 (piecewise linear encoding of numbers),
    https://doi.org/10.48550/arXiv.2203.05556
    """

    def __init__(
        self,
        thresholds: tuple[int, ...] = (1, 2, 4),
        min_molecules: int | None = None,
        n_quantiles: int = 129,
        n_ramps: int = 3,
    ) -> None:
        self.thresholds = thresholds
        self.min_molecules = min_molecules
        self.n_quantiles = n_quantiles
        self.n_ramps = n_ramps

    def fit(self, X: RawFeatures, y: Any = None) -> Self:
        """Learn the used bits and the quantile grids."""
        del y
        given = self.min_molecules
        self.fewest_ = fewest_molecules(len(X)) if given is None else given
        self.bits_ = {
            name: [self._used(counts, level) for level in self.thresholds]
            for name, counts in X.sparse.items()
        }
        self.levels_ = Levels(self.thresholds, self.bits_)
        self.plain_ = [name for name, block in X.sparse.items() if block.dtype == np.uint8]
        levels = np.linspace(0, 1, self.n_quantiles)
        self.grids_ = {
            name: np.quantile(values.astype(np.float64), levels, axis=0).T
            for name, values in X.dense.items()
        }
        self.quantiles_ = {name: Quantiles(grid) for name, grid in self.grids_.items()}
        return self

    def _used(self, counts: csr_matrix, level: int) -> NDArray[np.int64]:
        columns = counts.indices[counts.data >= level]
        occurrences = np.bincount(columns, minlength=counts.shape[1])
        return np.flatnonzero(occurrences >= self.fewest_)

    def transform(self, X: RawFeatures) -> csr_matrix:
        """Encode, float32 in [0, 1], one row a molecule."""
        bits = thermometer_bits(self._counts(X), self.thresholds, self.bits_)
        return Visible(bits if self.bits_ else _no_bits(X), self._dense(X)).to_csr()

    def encode(self, X: RawFeatures) -> Visible:
        """Encode into the highest bits of counts, and columns of quantiles that are rarely zero."""
        if not self.bits_:
            return Visible(_no_bits(X), self._dense(X))
        return Visible(self.levels_.tops(self._counts(X)), self._dense(X), self.levels_.implied)

    def _counts(self, X: RawFeatures) -> dict[str, csr_matrix]:
        return {name: X.sparse[name] for name in self.bits_}

    def _dense(self, X: RawFeatures) -> NDArray[np.float32]:
        dense = [
            ramps(quantiles(X.dense[name]), self.n_ramps)
            for name, quantiles in self.quantiles_.items()
        ]
        if len(dense) != 1:
            dense = [np.concatenate([np.zeros((len(X), 0), dtype=np.float32), *dense], axis=1)]
        return dense[0]

    def blocks(self) -> list[VisibleBlock]:
        """Return which columns came from which block, in order."""
        sizes = [
            (name, sum(map(len, used)), "bernoulli" if name in self.plain_ else "thermometer")
            for name, used in self.bits_.items()
        ]
        sizes += [
            (name, len(grid) * self.n_ramps, "quantile") for name, grid in self.grids_.items()
        ]
        found, start = [], 0
        for name, size, encoding in sizes:
            found.append(VisibleBlock(name, slice(start, start + size), encoding))
            start += size
        return found

    def dense_from(self) -> int:
        """Return the first column that is of a quantile, and so rarely zero; they are the last."""
        return sum(len(used) for per_level in self.bits_.values() for used in per_level)

    @property
    def implied(self) -> csr_matrix | None:
        """Which bits are on where one is, see `Levels`; None without bits."""
        return self.levels_.implied if self.bits_ else None

    def median(self, name: str) -> NDArray[np.float32]:
        """Return the median of each descriptor of a continuous block, shape (n_descriptors,)."""
        grid = self.grids_[name]
        return np.asarray(grid[:, grid.shape[1] // 2], dtype=np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return `morgan_counts_77>=2` for counts, `descriptors_3>=q0.33` for ramps of quantiles.

        The latter is the ramp that begins to fill at that quantile.
        """
        del input_features
        names = [
            f"{name}_{bit}>={level}"
            for name, per_level in self.bits_.items()
            for level, used in zip(self.thresholds, per_level, strict=True)
            for bit in used
        ]
        names += [
            f"{name}_{i}>=q{ramp / self.n_ramps:.2f}"
            for name, grid in self.grids_.items()
            for i in range(len(grid))
            for ramp in range(self.n_ramps)
        ]
        return np.array(names, dtype=object)

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the parameters as a JSON-able dict and the learned arrays by name."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, per_level in self.bits_.items():
            for level, used in zip(self.thresholds, per_level, strict=True):
                arrays[f"bits.{name}.{level}"] = used
        for name, grid in self.grids_.items():
            arrays[f"grid.{name}"] = grid
        names = {
            "fewest": self.fewest_,
            "sparse": list(self.bits_),
            "plain": list(self.plain_),
            "dense": list(self.grids_),
        }
        settings = {
            "thresholds": list(self.thresholds),
            "min_molecules": self.min_molecules,
            "n_quantiles": self.n_quantiles,
            "n_ramps": self.n_ramps,
        }
        return {**settings, **names}, arrays

    @classmethod
    def from_state(cls, config: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the encoder that `to_state` described.

        Raises
        ------
        ValueError
            A setting is out of its range, or the arrays are not those of an encoder.
        """
        if not 1 <= config["n_ramps"] <= MAX_RAMPS:
            raise ValueError(f"n_ramps is {config['n_ramps']}, and 1 to {MAX_RAMPS} are known")
        made = cls(
            tuple(config["thresholds"]),
            config["min_molecules"],
            config["n_quantiles"],
            config["n_ramps"],
        )
        made.bits_ = {
            name: [arrays[f"bits.{name}.{level}"] for level in made.thresholds]
            for name in config["sparse"]
        }
        made.levels_ = Levels(made.thresholds, made.bits_)
        made.fewest_ = config["fewest"]
        made.plain_ = list(config["plain"])
        made.grids_ = {name: arrays[f"grid.{name}"] for name in config["dense"]}
        for name, grid in made.grids_.items():
            if grid.ndim != 2 or grid.shape[1] != made.n_quantiles or (np.diff(grid) < 0).any():
                raise ValueError(f"the quantiles of {name} are not {made.n_quantiles} in order")
        made.quantiles_ = {name: Quantiles(grid) for name, grid in made.grids_.items()}
        return made


def _no_bits(X: RawFeatures) -> csr_matrix:
    return csr_matrix((len(X), 0), dtype=np.float32)


def fewest_molecules(n: int) -> int:
    """Return in how many of n molecules a bit must be on to be a column.

    A two-hundredth of them, but at least 2, and no more than 5 or a two-thousandth: 2 of 400, 5 of
    1,000 to 10,000, 20 of 41,000. Rarer bits say little, and most columns would be such bits.
    """
    return max(2, min(5, n // 200), n // 2000)
