"""Features of many molecules together, computed on flat arrays instead of atom by atom."""

from screening.features.graphs.graph import MolecularGraph
from screening.features.graphs.molecules import Molecules, graphs_of

__all__ = ["MolecularGraph", "Molecules", "graphs_of"]
