"""Structures as pictures: small SVG that takes the page's colour, and PNG for spreadsheets."""

from screening.drawing.colours import diverging
from screening.drawing.depiction import Depiction, Label, depict
from screening.drawing.png import draw_png
from screening.drawing.svg import to_svg

__all__ = ["Depiction", "Label", "depict", "diverging", "draw_png", "to_svg"]
