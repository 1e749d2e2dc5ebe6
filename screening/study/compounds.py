"""The compounds of a study with every feature that some model wants, computed once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.assay import Assay
from screening.chemistry import murcko_scaffold
from screening.features import Encoder, FeatureSet, RawFeatures
from screening.model import ModelOptions, Pretrained
from screening.plate.clusters import clusters


class Compounds:
    """A curated assay and its features, computed when first asked for.

    Parameters
    ----------
    assay : Assay
    options : ModelOptions
        Of the DBN: its feature blocks are `raw`.
    pretrained : Pretrained, optional
        A stack for the model `dbn-library`, made with the same features.
    """

    def __init__(
        self, assay: Assay, options: ModelOptions, pretrained: Pretrained | None = None
    ) -> None:
        self.assay = assay
        self.options = options
        self.pretrained = pretrained
        self._blocks: dict[str, RawFeatures] = {}

    def __len__(self) -> int:
        return len(self.assay)

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels, shape (n, n_tasks), NaN where missing."""
        return self.assay.labels

    @cached_property
    def raw(self) -> RawFeatures:
        """The model's own features: the networks', and those of its forest."""
        return FeatureSet(self.options.blocks).transform(self.assay.mols)

    @cached_property
    def fingerprints(self) -> NDArray[np.uint8]:
        """Packed Morgan bits."""
        return FeatureSet(self.options.blocks).packed_morgan(self.assay.mols, self.raw)

    @cached_property
    def scaffolds(self) -> list[str]:
        """Bemis-Murcko scaffolds."""
        return [murcko_scaffold(mol) for mol in self.assay.mols]

    @cached_property
    def clusters(self) -> list[int]:
        """Clusters around leaders, in the order of the assay."""
        return [int(number) for number in clusters(self.fingerprints)]

    def encoded(
        self, learn: NDArray[np.int64], asked: NDArray[np.int64]
    ) -> tuple[csr_matrix, csr_matrix]:
        """Return the DBN's visible units of both, as `learn` alone teaches them."""
        return self._encoded(self.raw.only(self.options.features), learn, asked)

    def encoded_for_forest(
        self, learn: NDArray[np.int64], asked: NDArray[np.int64]
    ) -> tuple[csr_matrix, csr_matrix]:
        """Return what the model's forest sees of both, as `learn` alone teaches it."""
        return self._encoded(self.raw, learn, asked)

    def _encoded(
        self, raw: RawFeatures, learn: NDArray[np.int64], asked: NDArray[np.int64]
    ) -> tuple[csr_matrix, csr_matrix]:
        known, unknown = raw.take(learn), raw.take(asked)
        encoder = Encoder().fit(known)
        return encoder.transform(known), encoder.transform(unknown)

    def sparse(self, block: str) -> csr_matrix:
        """Return one block of counts or bits as float32."""
        return self._block(block).sparse[block].astype(np.float32)

    def dense(self, blocks: tuple[str, ...]) -> NDArray[np.float32]:
        """Return several blocks side by side."""
        parts = []
        for name in blocks:
            raw = self._block(name)
            parts += [block.toarray() for block in raw.sparse.values()] + list(raw.dense.values())
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def _block(self, name: str) -> RawFeatures:
        if name in self.options.blocks:
            return self.raw.only([name])
        if name not in self._blocks:
            self._blocks[name] = FeatureSet((name,)).transform(self.assay.mols)
        return self._blocks[name]
