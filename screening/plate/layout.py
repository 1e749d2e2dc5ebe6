"""Where each compound comes to lie: wells of plates, with controls and spare wells beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from screening.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Placement = Literal["random", "rank"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
# Wells of a plate: rows and columns.
FORMATS = {96: (8, 12), 384: (16, 24)}
COMPOUND, ACTIVE, INACTIVE, SPARE = "compound", "active control", "inactive control", "spare"


@dataclass(frozen=True)
class LayoutOptions:
    """How plates are filled.

    Attributes
    ----------
    wells : {96, 384}
        Of a plate.
    controls : int
        Wells of each plate for compounds of the assay; half of them known actives, half known
        inactives, of an odd number one active more.
    spare : int
        Wells of each plate that stay empty.
    empty_edges : bool
        Leave the outer rows and columns empty, where solvent evaporates first.
    placement : {'random', 'rank'}
        Wells drawn at random, so that no place on the plate goes with a place in the ranking; or
        picks row by row in their order, then controls.
    seed : int
        Of what is drawn.
    """

    wells: int = 96
    controls: int = 0
    spare: int = 0
    empty_edges: bool = False
    placement: Placement = "random"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.wells not in FORMATS:
            raise UserError(f"--plate {self.wells}: plates have {' or '.join(map(str, FORMATS))}.")
        if self.placement not in PLACEMENTS:
            raise UserError(f"--placement {self.placement}: one of {', '.join(PLACEMENTS)}.")
        if min(self.controls, self.spare) < 0:
            raise UserError("--controls and --spare are numbers of wells, 0 or more.")
        if self.room < 1:
            raise UserError(
                f"{self.controls} controls and {self.spare} spare wells leave no well of the "
                f"{len(self.names())} usable ones of a plate for a compound."
            )

    @property
    def room(self) -> int:
        """Picks that one plate holds."""
        return len(self.names()) - self.controls - self.spare

    @property
    def kinds(self) -> list[str]:
        """What each control of a plate is."""
        active = (self.controls + 1) // 2
        return [ACTIVE] * active + [INACTIVE] * (self.controls - active)

    def names(self) -> list[str]:
        """Return the wells that may be filled, row by row: A01, A02, ..."""
        rows, columns = FORMATS[self.wells]
        edge = 1 if self.empty_edges else 0
        return [
            well_name(row, column)
            for row in range(edge, rows - edge)
            for column in range(edge, columns - edge)
        ]


def well_name(row: int, column: int) -> str:
    """Return the name of a well, counted from 0: A01 for the first."""
    return f"{chr(ord('A') + row)}{column + 1:02d}"


def lay_out(n_picks: int, options: LayoutOptions) -> pd.DataFrame:
    """Give every pick and every control a well.

    Parameters
    ----------
    n_picks
        Taken in their order, as many plates as they need.
    options

    Returns
    -------
    DataFrame
        `plate` from 1, `well`, `kind`, and `number`: of the pick from 1, of a control on its plate
        from 1 within its kind. By plate, picks first.
    """
    import pandas as pd

    draw, rows = np.random.default_rng(options.seed), []
    for plate, first in enumerate(range(0, n_picks, options.room), start=1):
        numbers = range(first + 1, min(first + options.room, n_picks) + 1)
        content = [(COMPOUND, number) for number in numbers]
        for kind in (ACTIVE, INACTIVE):
            content += [(kind, number + 1) for number in range(options.kinds.count(kind))]
        wells = options.names()
        if options.placement == "random":
            wells = [wells[place] for place in draw.permutation(len(wells))]
        rows += [
            (plate, well, kind, number)
            for well, (kind, number) in zip(wells, content, strict=False)
        ]
    return pd.DataFrame(rows, columns=["plate", "well", "kind", "number"])
