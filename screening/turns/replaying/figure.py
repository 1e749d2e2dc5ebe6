"""The figure of replays: actives found against compounds bought."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from screening.study.figures import COLOURS, INK, save
from screening.turns.replaying.replay import BUYERS


def draw_curves(table: pd.DataFrame, folder: Path) -> Path:
    """Draw the mean over the repeats, with one standard deviation; an SVG lies beside the PNG.

    Parameters
    ----------
    table : DataFrame
        By `curves`.
    folder
    """

    def draw(axes: Sequence[Axes]) -> None:
        (one,) = axes
        for buyer, own in table.groupby("buyer", sort=False):
            groups = own.groupby("turn")
            bought, mean = groups["bought"].mean(), groups["actives"].mean()
            spread = groups["actives"].std().fillna(0.0)
            colour = COLOURS[BUYERS.index(str(buyer))]
            one.plot(bought, mean, "o-", ms=3, color=colour, label=buyer)
            one.fill_between(bought, mean - spread, mean + spread, color=colour, alpha=0.12, lw=0)
        expected = table.groupby("turn")[["bought", "by_chance"]].mean()
        one.plot(
            expected["bought"],
            expected["by_chance"],
            "--",
            color=INK,
            lw=0.8,
            label="expected by chance",
        )
        one.set_xlabel("compounds bought")
        one.set_ylabel("actives found")
        one.set_xlim(left=0)
        one.set_ylim(bottom=0)
        one.grid(alpha=0.3)
        one.legend(frameon=False, fontsize=9)

    return save(folder / "rolling.png", 1, draw)
