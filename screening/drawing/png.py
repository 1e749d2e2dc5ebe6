"""A structure as PNG bytes, for places that cannot show SVG."""

from __future__ import annotations

from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D


def draw_png(mol: Chem.Mol, width: int = 260, height: int = 170) -> bytes:
    """Return a picture of the molecule, black on white, `width` x `height` pixels."""
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat, canonOrient=True)
    canvas = rdMolDraw2D.MolDraw2DCairo(width, height)
    options: Any = canvas.drawOptions()
    options.useBWAtomPalette()
    options.fixedBondLength = 22
    options.padding = 0.04
    canvas.DrawMolecule(flat)
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())
