"""A list of feature blocks, computed together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix, hstack, vstack

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
from screening.features.graphs.molecules import TOGETHER, Molecules
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
# Fingerprints are folded to gain by it; a file that asks for more asks for memory.
MAX_BITS = 1 << 20
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


class BlockSet:
    """The feature blocks of a model side by side; nothing is learned.

    Parameters
    ----------
    features : sequence of str or FeatureBlock
        Names of blocks (see `BLOCKS`), or blocks with settings of their own.

    Raises
    ------
    ValueError
        On first use: a name is unknown or given twice, or there is none.
    """

    def __init__(self, features: Sequence[str | FeatureBlock] = DEFAULT) -> None:
        self.features = features

    @property
    def blocks(self) -> tuple[FeatureBlock, ...]:
        """The blocks, in order."""
        names = [b.name if isinstance(b, FeatureBlock) else b for b in self.features]
        unknown = [name for name in names if name not in BLOCKS]
        if unknown or not names or len(set(names)) < len(names):
            raise ValueError(
                f"features {', '.join(map(str, names)) or '(none)'}: each of {', '.join(BLOCKS)} "
                "may be given once"
            )
        return tuple(b if isinstance(b, FeatureBlock) else BLOCKS[b]() for b in self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the blocks, in order."""
        return tuple(block.name for block in self.blocks)

    def columns_of(self, mols: Sequence[Chem.Mol]) -> csr_matrix | NDArray[np.float32]:
        """Compute every block and put them side by side: dense where none is sparse."""
        found = [block.columns_of(mols) for block in self.blocks]
        if all(isinstance(columns, np.ndarray) for columns in found):
            return np.concatenate(found, axis=1)
        return csr_matrix(hstack(found, format="csr", dtype=np.float32))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return one name a column, which begins with the name of its block."""
        del input_features
        return np.array(
            [
                name if name.startswith(f"{block.name}_") else f"{block.name}_{name}"
                for block in self.blocks
                for name in block.get_feature_names_out()
            ],
            dtype=object,
        )

    def by_block(self, mols: Sequence[Chem.Mol]) -> RawFeatures:
        """Compute every block of these molecules, and keep them apart."""
        parts = [
            self._by_block(Molecules(mols[start : start + TOGETHER]))
            for start in range(0, max(1, len(mols)), TOGETHER)
        ]
        return parts[0] if len(parts) == 1 else stack(parts)

    def _by_block(self, mols: Molecules) -> RawFeatures:
        raw = RawFeatures()
        for block in self.blocks:
            target: dict[str, Any] = raw.dense if block.kind == "continuous" else raw.sparse
            target[block.name] = block.columns_of(mols)
        return raw

    def packed_morgan(self, mols: Sequence[Chem.Mol], raw: RawFeatures) -> NDArray[np.uint8]:
        """Return packed radius-2 Morgan bits for neighbours, computed only if not in `raw`."""
        for name in ("morgan_counts", "morgan_bits"):
            found = raw.sparse.get(name)
            if found is not None and found.shape[1] == BITS:
                return pack_bits(found)
        return pack_bits(MorganCounts().columns_of(mols))

    def to_config(self) -> dict[str, Any]:
        """Describe the blocks and every parameter as a JSON-able dict."""
        return {"blocks": [{"name": b.name, **b.settings()} for b in self.blocks]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build the set that `to_config` described.

        Raises
        ------
        ValueError
            A fingerprint's length is out of its range.
        """
        for entry in config["blocks"]:
            if not 1 <= entry.get("n_bits", BITS) <= MAX_BITS:
                raise ValueError(f"{entry['name']} has {entry['n_bits']} bits, not 1 to {MAX_BITS}")
        return cls(
            [
                BLOCKS[entry["name"]](**{k: v for k, v in entry.items() if k != "name"})
                for entry in config["blocks"]
            ]
        )
