"""A drawing as a standalone SVG file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from screening.drawing.colours import diverging
from screening.drawing.depiction import Depiction

RADIUS = 9.5
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
    discs = "".join(_disc(drawing, atom, share) for atom, share in (shares or {}).items())
    labels = "".join(
        f'<text x="{x:g}" y="{y:g}" font-size="{size}">{_plain(text)}</text>'
        for x, y, size, text in drawing.labels
    )
    height = drawing.height + (22 if caption else 0)
    # A caption needs room that a small molecule does not.
    width = max(drawing.width, round(6.2 * len(caption)) + 8 if caption else 0)
    below = (
        f'<text x="4" y="{drawing.height + 15}" font-size="11">{_plain(caption)}</text>'
        if caption
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{_plain(title)}" '
        f'width="{width * scale:g}" height="{height * scale:g}" viewBox="0 0 {width} {height}">'
        f"<title>{_plain(title)}</title><style>{_STYLE}</style>{discs}"
        f'<path d="{drawing.lines}" fill="none" stroke="currentColor" stroke-width="1.6" '
        'stroke-linejoin="round"/>'
        f'<path d="{drawing.fills}" fill="currentColor"/>'
        f'<g fill="currentColor" font-family="Arial,Helvetica,sans-serif">{labels}{below}</g></svg>'
    )


def _plain(text: str) -> str:
    return escape(_TURNING.sub("", _UNWRITABLE.sub("\ufffd", text)))


def _disc(drawing: Depiction, atom: int, share: float) -> str:
    x, y = drawing.atoms[atom]
    colour, opacity = diverging(share)
    return f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{colour}" fill-opacity="{opacity}"/>'
