"""A list of feature blocks, computed together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix, vstack

from screening.features.blocks import BITS, FeatureBlock
from screening.features.descriptors import Descriptors
from screening.features.fingerprints import (
    AtomPairs,
    FeatureMorganBits,
    FeatureMorganCounts,
    MorganBits,
    MorganCounts,
    RDKitPath,
    Torsions,
    pack_bits,
)
from screening.features.other import MACCS, AvalonCounts, ErG, RDKitDescriptors

BLOCKS: dict[str, type[FeatureBlock]] = {
    block.name: block
    for block in (
        MorganCounts,
        MorganBits,
        FeatureMorganCounts,
        FeatureMorganBits,
        AtomPairs,
        Torsions,
        RDKitPath,
        MACCS,
        AvalonCounts,
        ErG,
        Descriptors,
        RDKitDescriptors,
    )
}
# Rectified units and a forest gain by all of them; sigmoid ones are better with the first and last.
DEFAULT = ("morgan_counts", "atom_pairs", "torsions", "descriptors")


@dataclass
class RawFeatures:
    """What the blocks computed, before anything learned is applied.

    Attributes
    ----------
    sparse : dict of str to CSR
        Counts and bits, one matrix a block.
    dense : dict of str to float32 array
        Continuous blocks.
    """

    sparse: dict[str, csr_matrix] = field(default_factory=dict)
    dense: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def __len__(self) -> int:
        blocks: list[Any] = [*self.sparse.values(), *self.dense.values()]
        return int(blocks[0].shape[0]) if blocks else 0

    def only(self, names: Collection[str]) -> RawFeatures:
        """Return the named blocks."""
        return RawFeatures(
            {name: block for name, block in self.sparse.items() if name in names},
            {name: block for name, block in self.dense.items() if name in names},
        )

    def take(self, rows: Any) -> RawFeatures:
        """Return the given rows (indices, slice or mask) of every block."""
        return RawFeatures(
            {name: block[rows] for name, block in self.sparse.items()},
            {name: block[rows] for name, block in self.dense.items()},
        )


def stack(parts: Sequence[RawFeatures]) -> RawFeatures:
    """Put the rows of several parts below each other."""
    return RawFeatures(
        {n: vstack([p.sparse[n] for p in parts], format="csr") for n in parts[0].sparse},
        {n: np.concatenate([p.dense[n] for p in parts]) for n in parts[0].dense},
    )


class FeatureSet:
    """The blocks of a model, in order.

    Parameters
    ----------
    names : sequence of str
        Names of blocks; see `BLOCKS`.

    Raises
    ------
    ValueError
        A name is unknown or given twice, or there is none.
    """

    def __init__(self, names: Sequence[str] = DEFAULT) -> None:
        unknown = [name for name in names if name not in BLOCKS]
        if unknown or not names or len(set(names)) < len(names):
            raise ValueError(
                f"features {', '.join(names) or '(none)'}: each of {', '.join(BLOCKS)} "
                "may be given once"
            )
        self.names = tuple(names)
        self.blocks = tuple(BLOCKS[name]() for name in names)

    def transform(self, mols: Sequence[Chem.Mol]) -> RawFeatures:
        """Compute every block for these molecules."""
        raw = RawFeatures()
        for block in self.blocks:
            target: dict[str, Any] = raw.dense if block.kind == "continuous" else raw.sparse
            target[block.name] = block.transform(mols)
        return raw

    def packed_morgan(self, mols: Sequence[Chem.Mol], raw: RawFeatures) -> NDArray[np.uint8]:
        """Return packed radius-2 Morgan bits for neighbours, computed only if not in `raw`."""
        for name in ("morgan_counts", "morgan_bits"):
            found = raw.sparse.get(name)
            if found is not None and found.shape[1] == BITS:
                return pack_bits(found)
        return pack_bits(MorganCounts().transform(mols))

    def to_config(self) -> dict[str, Any]:
        """Describe the blocks and every parameter as a JSON-able dict."""
        return {"blocks": [{"name": b.name, **b.get_params()} for b in self.blocks]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build the set that `to_config` described."""
        made = cls([entry["name"] for entry in config["blocks"]])
        for block, entry in zip(made.blocks, config["blocks"], strict=True):
            block.set_params(**{key: value for key, value in entry.items() if key != "name"})
        return made
