"""A drawing as SVG: a file of its own, or a part of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

from screening.drawing.colours import diverging
from screening.drawing.depiction import Depiction

RADIUS = 9.5
# Room around a drawing, so that the disc of an atom at its edge is whole.
MARGIN = 11
# Colours follow the viewer's theme: dark ink on light, light ink on dark.
_STYLE = "svg{color:#111}@media(prefers-color-scheme:dark){svg{color:#eee}}"
# Characters that XML has not, and marks that would turn the text after them around.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def to_svg(
    drawing: Depiction,
    *,
    shares: Mapping[int, float] | None = None,
    title: str = "",
    scale: float = 1.0,
    caption: str = "",
) -> str:
    """Return the drawing as SVG text.

    Parameters
    ----------
    drawing
    shares
        Atom -> strength in [-1, 1], drawn as a disc behind it.
    title
        Name for screen readers.
    scale
        Pixels of the file for each pixel of the drawing.
    caption
        A line of text below the drawing.
    """
    discs = ""
    for atom, share in (shares or {}).items():
        colour, opacity = diverging(share)
        discs += _disc(drawing, atom, f'fill="{colour}" fill-opacity="{opacity}"')
    height = drawing.height + 2 * MARGIN + (18 if caption else 0)
    # A caption needs room that a small molecule does not.
    width = max(drawing.width + 2 * MARGIN, round(6.2 * len(caption)) + 8 if caption else 0)
    base = drawing.height + MARGIN + 12
    below = (
        f'<text x="{4 - MARGIN}" y="{base}" font-size="11">{_plain(caption)}</text>'
        if caption
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{_plain(title)}" '
        f'width="{width * scale:g}" height="{height * scale:g}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}">'
        f"<title>{_plain(title)}</title><style>{_STYLE}</style>"
        f"{discs}{_bonds(drawing)}"
        '<g fill="currentColor" font-family="Arial,Helvetica,sans-serif">'
        f"{_labels(drawing)}{below}</g></svg>"
    )


def inline_svg(drawing: Depiction, *, marked: Iterable[int], colour: str, name: str) -> str:
    """Return the drawing as SVG text that takes its colours and fonts from the page around it.

    Parameters
    ----------
    drawing
    marked
        Atoms with a disc behind them.
    colour
        Of the discs: a variable of the style sheet with red, green and blue, without its dashes.
    name
        For screen readers.
    """
    style = f'style="fill:rgba(var(--{colour}),.45)"'
    return _inline(drawing, "".join(_disc(drawing, atom, style) for atom in marked), name)


def inline_contributions(drawing: Depiction, shares: Mapping[int, float], name: str) -> str:
    """Return the drawing with what atoms contribute, in the colours of the page around it.

    Parameters
    ----------
    drawing
    shares
        Atom -> strength in [-1, 1]; positive ones raise the score.
    name
        For screen readers.
    """
    discs = ""
    for atom, share in shares.items():
        colour, strength = "raise" if share > 0 else "lower", 0.8 * min(1.0, abs(share))
        discs += _disc(drawing, atom, f'style="fill:rgba(var(--{colour}),{strength:.3f})"')
    return _inline(drawing, discs, name)


def _inline(drawing: Depiction, discs: str, name: str) -> str:
    width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    return (
        f'<svg class="drawing" role="img" aria-label="{_plain(name)}" '
        f'width="{width}" height="{height}" viewBox="{-MARGIN} {-MARGIN} {width} {height}">'
        f"{discs}{_bonds(drawing)}{_labels(drawing)}</svg>"
    )


def _plain(text: str) -> str:
    return escape(_TURNING.sub("", _UNWRITABLE.sub("\ufffd", text)))


def _disc(drawing: Depiction, atom: int, fill: str) -> str:
    x, y = drawing.atoms[atom]
    return f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" {fill}/>'


def _bonds(drawing: Depiction) -> str:
    return (
        f'<path d="{drawing.lines}" fill="none" stroke="currentColor" stroke-width="1.6" '
        f'stroke-linejoin="round" stroke-linecap="round"/>'
        f'<path d="{drawing.fills}" fill="currentColor"/>'
    )


def _labels(drawing: Depiction) -> str:
    return "".join(
        f'<text x="{x:g}" y="{y:g}" font-size="{size}">{_plain(text)}</text>'
        for x, y, size, text in drawing.labels
    )
