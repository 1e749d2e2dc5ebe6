"""Why a molecule has its score: what each atom contributes, and a picture of it."""

from screening.explain.contributions import (
    AtomContributions,
    contributions_of,
    draw_explanation,
    explain,
    explain_molecule,
)
from screening.explain.occluded import occluded_rows

__all__ = [
    "AtomContributions",
    "contributions_of",
    "draw_explanation",
    "explain",
    "explain_molecule",
    "occluded_rows",
]
