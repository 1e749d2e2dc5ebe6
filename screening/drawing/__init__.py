"""Structures as pictures: small SVG that takes the page's colour, and PNG for spreadsheets."""

from screening.drawing.colours import diverging
from screening.drawing.depiction import (
    AtomLabel,
    Depiction,
    depict,
    depict_laid_out,
    draw_png,
    laid_out,
)
from screening.drawing.svg import inline_contributions, inline_svg, to_svg

__all__ = [
    "AtomLabel",
    "Depiction",
    "depict",
    "depict_laid_out",
    "diverging",
    "draw_png",
    "inline_contributions",
    "inline_svg",
    "laid_out",
    "to_svg",
]
