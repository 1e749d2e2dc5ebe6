"""Writes a study's tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from screening.study.figures import draw_figures
from screening.study.run import Study
from screening.study.tables import figures, gap, membership, paired, splits_table, summary
from screening.tables import write_csv


@dataclass(frozen=True)
class Outcome:
    """The tables of a study.

    Attributes
    ----------
    summary : DataFrame
        Means and standard deviations over the splits.
    paired : DataFrame
        Differences on the same splits; empty when no two models are there to compare.
    gap : DataFrame or None
        Random splits against the others, where asked for.
    splits : DataFrame
        Sizes and redraws.
    files : list of Path
    """

    summary: pd.DataFrame
    paired: pd.DataFrame
    gap: pd.DataFrame | None
    splits: pd.DataFrame
    files: list[Path]


def write_study(study: Study, folder: Path) -> Outcome:
    """Write every table as CSV and every figure as PNG."""
    table = figures(study)
    differences = paired(study, table)
    tables = {
        "figures": table,
        "summary": summary(table),
        "paired": differences,
        "splits": splits_table(study),
        "parts": membership(study.compounds.assay, study.splits),
    }
    if study.options.gap:
        tables["gap"] = gap(study, table)
    files = []
    for name, content in tables.items():
        path = folder / f"{name}.csv"
        write_csv(content, path, float_format="%.6g")
        files.append(path)
    files += draw_figures(study, table, differences, folder)
    return Outcome(tables["summary"], differences, tables.get("gap"), tables["splits"], files)
