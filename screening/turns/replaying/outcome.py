"""Writes the tables, the figure and the page of replays, and says what they show."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from screening.tables import write_csv
from screening.turns.replaying.figure import draw_curves
from screening.turns.replaying.page import write_replay_page
from screening.turns.replaying.starts import STARTS
from screening.turns.replaying.study import RollingStudy
from screening.turns.replaying.tables import curves, figures, paired, summary


def write_rolling(study: RollingStudy, folder: Path) -> tuple[str, list[Path]]:
    """Write curves.csv, replays.csv, summary.csv, paired.csv, rolling.png and report.html.

    Returns
    -------
    str
        What they show, to read.
    list of Path
        The files.
    """
    table = curves(study)
    whole = figures(study, table)
    tables = {
        "curves": table,
        "replays": whole,
        "summary": summary(whole),
        "paired": paired(whole),
    }
    files = []
    for name, content in tables.items():
        files.append(folder / f"{name}.csv")
        write_csv(content, files[-1], float_format="%.6g")
    files.append(draw_curves(table, folder))
    files.append(write_replay_page(folder))
    return _text(study, tables["summary"], tables["paired"]), files


def _text(study: RollingStudy, means: pd.DataFrame, pairs: pd.DataFrame) -> str:
    options = study.options
    start = study.entries[0].plan.start
    head = f"{options.repeats} replays of {len(study.compounds)} compounds"
    lines = [
        f"{head}: {len(start)} known at the start, {options.turns} turns of {options.batch}.",
        f"The start is {STARTS[options.kind]}.",
        "",
        f"{'':10}{'bought active':>16}{'times chance':>16}{'ROC-AUC':>16}",
    ]
    for row in means.to_dict("records"):
        cells = (
            _spread(row[f"{name}_mean"], row[f"{name}_sd"])
            for name in ("hit_rate", "over_chance", "roc_auc")
        )
        lines.append(f"{row['buyer']:10}" + "".join(f"{cell:>16}" for cell in cells))
    own = pairs[pairs["figure"] == "hit_rate"] if len(pairs) else pairs
    lines += ["", "Share of actives among those bought, differences on the same starts:"]
    for row in own.to_dict("records"):
        line = f"{row['buyer']} less {row['against']}: {row['mean']:+.3f}"
        interval = f" [{row['low']:+.3f}, {row['high']:+.3f}]"
        lines.append(line if math.isnan(row["low"]) else line + interval)
    return "\n".join(lines)


def _spread(mean: float, sd: float) -> str:
    """Return mean ± standard deviation, without those that one repeat or no model leaves open."""
    return " ± ".join(f"{value:.3f}" for value in (mean, sd) if not math.isnan(value))
