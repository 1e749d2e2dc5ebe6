"""Molecules drawn: as a few paths and labels, a tenth of RDKit's SVG in size, and as PNG."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, NamedTuple

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

# RDKit's measure; atoms come to lie about 30 pixels apart.
BOND_LENGTH = 22
FONT_SIZE = 12
_PATH = re.compile(r"<path (?:class='[^']*' )?d='(?P<d>[^']*)' style='(?P<style>[^']*)'")
_TEXT = re.compile(
    r"<text x='(?P<x>[-\d.]+)' y='(?P<y>[-\d.]+)' .*?font-size:(?P<size>\d+)px[^>]*>"
    r"(?P<text>[^<]*)<"
)
_NUMBER = re.compile(r"-?\d+\.\d+")


class AtomLabel(NamedTuple):
    """A piece of an atom's label, most often one character, in pixels; the text is plain."""

    x: float
    y: float
    size: int
    text: str


class Depiction(NamedTuple):
    """A drawing without colours.

    Attributes
    ----------
    width, height : int
        In pixels, at the same bond length for every molecule.
    lines, fills : str
        SVG path data: what is stroked, and what is filled (wedges).
    labels : tuple of AtomLabel
    atoms : tuple of (float, float)
        Position of each atom.
    """

    width: int
    height: int
    lines: str
    fills: str
    labels: tuple[AtomLabel, ...]
    atoms: tuple[tuple[float, float], ...]

    def to_json(self) -> list[Any]:
        """Return the drawing as short lists, for a page that draws it itself."""
        labels = [[label.x, label.y, label.size, label.text] for label in self.labels]
        flat = [coordinate for atom in self.atoms for coordinate in atom]
        return [self.width, self.height, self.lines, self.fills, labels, flat]


def depict(mol: Chem.Mol) -> Depiction:
    """Draw a molecule in two dimensions.

    Atoms keep their numbers: position i of `atoms` is atom i.
    """
    # Without FreeType labels are text, not outlines; a width of -1 fits the canvas to the drawing.
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)
    options: Any = canvas.drawOptions()
    options.clearBackground = False
    options.fixedFontSize = FONT_SIZE
    text = _drawn(canvas, mol, padding=0.02)
    points = [canvas.GetDrawCoords(i) for i in range(mol.GetNumAtoms())]
    lines, fills, labels = _read(text)
    atoms = tuple((round(p.x, 1), round(p.y, 1)) for p in points)
    return Depiction(canvas.Width(), canvas.Height(), lines, fills, labels, atoms)


def draw_png(mol: Chem.Mol, width: int = 260, height: int = 170) -> bytes:
    """Return a picture of the molecule, black on white, `width` x `height` pixels."""
    return bytes(_drawn(rdMolDraw2D.MolDraw2DCairo(width, height), mol, padding=0.04))


def laid_out(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy of a molecule with coordinates of our own in two dimensions."""
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat, canonOrient=True)
    return flat


def _drawn(canvas: Any, mol: Chem.Mol, padding: float) -> Any:
    options = canvas.drawOptions()
    options.useBWAtomPalette()
    options.fixedBondLength = BOND_LENGTH
    options.padding = padding
    canvas.DrawMolecule(laid_out(mol))
    canvas.FinishDrawing()
    return canvas.GetDrawingText()


def _read(text: str) -> tuple[str, str, tuple[AtomLabel, ...]]:
    lines: list[str] = []
    fills: list[str] = []
    for found in _PATH.finditer(text):
        style = found["style"]
        (lines if style.startswith("fill:none") else fills).append(_short(found["d"]))
    labels = tuple(
        AtomLabel(float(t["x"]), float(t["y"]), int(t["size"]), unescape(t["text"]))
        for t in _TEXT.finditer(text)
    )
    return "".join(lines), "".join(fills), labels


def _short(path: str) -> str:
    """Round to a tenth of a pixel and leave out blanks that path data does not need."""
    rounded = _NUMBER.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), path)
    return rounded.replace(" L ", "L").replace("M ", "M").replace(" Z", "Z").strip()
