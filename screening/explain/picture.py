"""An explanation as a picture."""

from __future__ import annotations

from screening.drawing import depict, to_svg
from screening.explain.contributions import AtomContributions

_LONGEST_TASK = 60


def draw_explanation(
    contributions: AtomContributions, *, title: str = "", scale: float = 2.0
) -> str:
    """Return SVG text: blue atoms raise the score, orange atoms lower it.

    Parameters
    ----------
    contributions
    title
        Name of the molecule; text from files is safe here.
    scale
        Size of the picture; 1 draws bonds of about 30 pixels.
    """
    task = contributions.task
    # A column's name may be as long as a file; the score after it must stay in sight.
    task = task if len(task) <= _LONGEST_TASK else f"{task[:_LONGEST_TASK]}…"
    caption = f"{task}: {contributions.score:.2f}; blue raises it, orange lowers it"
    return to_svg(
        depict(contributions.mol),
        shares=contributions.shares(),
        title=title or "Contribution of each atom to the score",
        scale=scale,
        caption=caption,
    )
