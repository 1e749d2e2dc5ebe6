"""The report of an `evaluate` folder: its tables and figures as one page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd

from screening.errors import UserError
from screening.report.page import assemble, write_page
from screening.tables import read_csv

# File, title, and what a row is.
_TABLES = (
    ("summary", "Means over the splits", "Mean and standard deviation of each figure."),
    (
        "paired",
        "Differences on the same splits",
        "The interval takes into account that the splits overlap (Nadeau and Bengio).",
    ),
    ("gap", "Random splits against these", "How much a random split would have flattered."),
    ("splits", "The splits", "Sizes of the parts, and how often a draw was refused."),
)
_FIGURES = (
    ("comparison.png", "Models on the same splits"),
    ("differences.png", "Differences on the same splits"),
    ("calibration.png", "Calibration"),
    ("gap.png", "Random splits against these"),
    ("label_curve.png", "Quality against number of labels"),
)


def write_study_report(folder: Path) -> Path:
    """Write DIR/report.html from what `ebmscreen evaluate` left in DIR.

    Raises
    ------
    UserError
        The folder holds no study, or one without results.
    """
    try:
        about = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        summary = read_csv(folder / "summary.csv")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} holds no finished study ({error}); repeat the `ebmscreen evaluate` command "
            "that began it."
        ) from error
    tables = [
        {"title": title, "note": note, **_cells(folder / f"{name}.csv")}
        for name, title, note in _TABLES
        if (folder / f"{name}.csv").is_file()
    ]
    drawn = {name for name, _ in _FIGURES}
    named = [
        *_FIGURES,
        *((p.name, p.stem) for p in sorted(folder.glob("*.png")) if p.name not in drawn),
    ]
    html = assemble(
        "study.html",
        title=f"{folder.name}: study",
        data=None,
        headline=_headline(summary),
        facts_of_study=_facts(about),
        tables=tables,
        figures=[
            {"title": title, "data": base64.b64encode((folder / name).read_bytes()).decode()}
            for name, title in named
            if (folder / name).is_file()
        ],
    )
    return write_page(html, folder / "report.html")


def _cells(path: Path) -> dict[str, Any]:
    table = read_csv(path)
    return {"head": list(table.columns), "rows": table.to_numpy().tolist()}


def _headline(summary: pd.DataFrame) -> str:
    models = list(dict.fromkeys(summary["model"])) if "model" in summary else []
    return f"{len(models)} models on the same splits" if len(models) > 1 else "One model, judged"


def _facts(about: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in about.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict):
            found += _facts(value, f"{label}, ")
        else:
            found.append((label, value if isinstance(value, str) else json.dumps(value)))
    return found
