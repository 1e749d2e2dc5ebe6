"""Molecules drawn: as a few paths and labels, a tenth of RDKit's SVG in size, and as PNG."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
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
_STRAIGHT = re.compile(r"M (-?[\d.]+,-?[\d.]+(?: L -?[\d.]+,-?[\d.]+)+)( Z)?\s*")
# RDKit rounds each corner by a path of its own, shorter than this many tenths of a pixel; round
# ends of lines do the same.
_CORNER = 30


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
        SVG path data: what is stroked, with round ends, and what is filled (wedges).
    labels : tuple of AtomLabel
    atoms : tuple of (int, int)
        Position of each atom, to the pixel.
    """

    width: int
    height: int
    lines: str
    fills: str
    labels: tuple[AtomLabel, ...]
    atoms: tuple[tuple[int, int], ...]

    def to_json(self) -> list[Any]:
        """Return the drawing as short lists, for a page that draws it itself."""
        labels = [[label.x, label.y, label.size, label.text] for label in self.labels]
        flat = [coordinate for atom in self.atoms for coordinate in atom]
        return [self.width, self.height, self.lines, self.fills, labels, flat]


def depict(mol: Chem.Mol) -> Depiction:
    """Draw a molecule in two dimensions.

    Atoms keep their numbers: position i of `atoms` is atom i.
    """
    return depict_laid_out(laid_out(mol))


def depict_laid_out(flat: Chem.Mol) -> Depiction:
    """Draw what `laid_out` returned; finding the places of its atoms costs most of a drawing."""
    # Without FreeType labels are text, not outlines; a width of -1 fits the canvas to the drawing.
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)
    options: Any = canvas.drawOptions()
    options.clearBackground = False
    options.fixedFontSize = FONT_SIZE
    text = _drawn(canvas, flat, padding=0.02)
    points = [canvas.GetDrawCoords(i) for i in range(flat.GetNumAtoms())]
    lines, fills, labels = _read(text)
    atoms = tuple((round(p.x), round(p.y)) for p in points)
    return Depiction(canvas.Width(), canvas.Height(), lines, fills, labels, atoms)


def draw_png(mol: Chem.Mol, width: int = 260, height: int = 170) -> bytes:
    """Return a picture of the molecule, black on white, `width` x `height` pixels."""
    canvas = rdMolDraw2D.MolDraw2DCairo(width, height)
    return bytes(_drawn(canvas, laid_out(mol), padding=0.04))


def laid_out(mol: Chem.Mol) -> Chem.Mol:
    """Return a copy of a molecule with coordinates of our own in two dimensions."""
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat, canonOrient=True)
    return flat


def _drawn(canvas: Any, flat: Chem.Mol, padding: float) -> Any:
    options = canvas.drawOptions()
    options.useBWAtomPalette()
    options.fixedBondLength = BOND_LENGTH
    options.padding = padding
    canvas.DrawMolecule(flat)
    canvas.FinishDrawing()
    return canvas.GetDrawingText()


def _read(text: str) -> tuple[str, str, tuple[AtomLabel, ...]]:
    lines: list[str] = []
    fills: list[str] = []
    for found in _PATH.finditer(text):
        if not found["style"].startswith("fill:none"):
            fills.append(_short(found["d"]))
        elif not _is_corner(found["d"]):
            lines.append(_short(found["d"]))
    labels = tuple(
        AtomLabel(float(t["x"]), float(t["y"]), int(t["size"]), unescape(t["text"]))
        for t in _TEXT.finditer(text)
    )
    return "".join(lines), "".join(fills), labels


def _short(path: str) -> str:
    """Return a path rounded to a tenth of a pixel, relative from point to point."""
    straight = _STRAIGHT.fullmatch(path)
    if straight is None:  # a curve
        return _NUMBER.sub(lambda n: _decimal(round(10 * float(n[0]))), path).strip()
    points = _points(straight[1])
    steps = [(x - w, y - v) for (w, v), (x, y) in pairwise(points)]
    text = f"M{_pair(*points[0])}l{' '.join(_pair(*step) for step in steps)}"
    return f"{text.replace(' -', '-')}{'Z' if straight[2] else ''}"


def _is_corner(path: str) -> bool:
    straight = _STRAIGHT.fullmatch(path)
    if straight is None or straight[2]:
        return False
    points = _points(straight[1])
    steps = [(x - w, y - v) for (w, v), (x, y) in pairwise(points)]
    return len(steps) == 2 and all(abs(x) < _CORNER and abs(y) < _CORNER for x, y in steps)


def _points(text: str) -> list[tuple[int, int]]:
    """Return the points of a path in tenths of a pixel."""
    pairs = (point.split(",") for point in text.split(" L "))
    return [(round(10 * float(x)), round(10 * float(y))) for x, y in pairs]


def _pair(x: int, y: int) -> str:
    return f"{_decimal(x)} {_decimal(y)}"


def _decimal(tenths: int) -> str:
    return f"{tenths / 10:g}"
