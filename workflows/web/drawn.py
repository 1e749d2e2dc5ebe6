"""A structure on a page, as inline SVG that takes the page's colours."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from markupsafe import Markup

# Larger ones take long to lay out, and nobody can see them in a tile.
_MOST_ATOMS = 150
_LONGEST_NAME = 80


@lru_cache(maxsize=2000)
def drawn(smiles: str, name: str) -> Markup:
    """Return the drawing, or a sentence where there is none, with every text escaped."""
    from screening.chemistry import Failure, read_molecule
    from screening.drawing import depict, inline_svg

    mol = read_molecule(smiles)
    if isinstance(mol, Failure):
        said = f"no structure: {mol.message}"
    elif mol.GetNumAtoms() > _MOST_ATOMS:
        said = f"{mol.GetNumAtoms()} atoms: too many to draw here."
    else:
        label = f"Structure of {shortened(name)}"
        return Markup(inline_svg(depict(mol), marked=(), colour="raise", name=label))  # noqa: S704
    return Markup(f'<p class="note">{escape(said)}</p>')  # noqa: S704


def shortened(name: str) -> str:
    """Return a name that fits a tile."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
