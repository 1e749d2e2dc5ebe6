"""Molecules whose features are computed together, so that what several blocks need is shared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from rdkit import Chem

from screening.features.graphs.graph import MolecularGraph

# Molecules in a graph: enough that numpy's calls cost little, and their arrays stay in the cache.
TOGETHER = 256


class Molecules(list[Chem.Mol]):
    """A list of molecules that keeps their graphs for all blocks that ask."""

    @cached_property
    def graphs(self) -> list[MolecularGraph]:
        """The graphs, each of the next `TOGETHER` molecules."""
        return [
            MolecularGraph.of(self[start : start + TOGETHER])
            for start in range(0, len(self), TOGETHER)
        ]


def graphs_of(mols: Sequence[Chem.Mol]) -> list[MolecularGraph]:
    """Return the graphs of molecules, kept where they are `Molecules`."""
    return (mols if isinstance(mols, Molecules) else Molecules(mols)).graphs
