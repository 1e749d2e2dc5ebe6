"""A drawn molecule as a few paths, labels and atom positions, a tenth of RDKit's SVG in size."""

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


class Label(NamedTuple):
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
    labels : tuple of Label
    atoms : tuple of (float, float)
        Position of each atom.
    """

    width: int
    height: int
    lines: str
    fills: str
    labels: tuple[Label, ...]
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
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat, canonOrient=True)
    # Without FreeType labels are text, not outlines; a width of -1 fits the canvas to the drawing.
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)
    options: Any = canvas.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False
    options.fixedBondLength = BOND_LENGTH
    options.fixedFontSize = FONT_SIZE
    options.padding = 0.02
    canvas.DrawMolecule(flat)
    points = [canvas.GetDrawCoords(i) for i in range(flat.GetNumAtoms())]
    canvas.FinishDrawing()
    lines, fills, labels = _read(canvas.GetDrawingText())
    atoms = tuple((round(p.x, 1), round(p.y, 1)) for p in points)
    return Depiction(canvas.Width(), canvas.Height(), lines, fills, labels, atoms)


def _read(text: str) -> tuple[str, str, tuple[Label, ...]]:
    lines: list[str] = []
    fills: list[str] = []
    for found in _PATH.finditer(text):
        style = found["style"]
        (lines if style.startswith("fill:none") else fills).append(_short(found["d"]))
    labels = tuple(
        Label(float(t["x"]), float(t["y"]), int(t["size"]), unescape(t["text"]))
        for t in _TEXT.finditer(text)
    )
    return "".join(lines), "".join(fills), labels


def _short(path: str) -> str:
    """Round to a tenth of a pixel and leave out blanks that path data does not need."""
    rounded = _NUMBER.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), path)
    return rounded.replace(" L ", "L").replace("M ", "M").replace(" Z", "Z").strip()
