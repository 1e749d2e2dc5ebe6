"""The report of an `evaluate` folder: its tables and figures as one page."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from screening.errors import UserError
from screening.evaluation.metrics import HITS_IN_TOP_100, METRICS
from screening.evaluation.values import METRICS as OF_VALUES
from screening.report.page import assemble, figure_text, write_page
from screening.tables import read_csv

# File, title, and what a row is.
_TABLES = (
    ("summary", "Means over the splits", "Each figure as mean ± standard deviation of the splits."),
    (
        "paired",
        "Differences on the same splits",
        (
            "Mean of the differences with its 95 % interval, which takes into account that the "
            "splits overlap (Nadeau and Bengio), and on how many splits it is better and worse."
        ),
    ),
    (
        "gap",
        "Random splits against these",
        (
            "How much a random split flatters: its mean less that of the other splits, with a 95 % "
            "interval."
        ),
    ),
    ("splits", "The splits", "Sizes of the parts, and how often a draw was refused."),
)
# File, title, and how to read it.
_FIGURES = (
    (
        "comparison",
        "Models on the same splits",
        "Each dot is a split, each bar a mean. Higher is better.",
    ),
    (
        "differences",
        "Differences on the same splits",
        (
            "Each model less the random forest, with 95 % intervals. An interval that crosses zero "
            "tells nothing apart."
        ),
    ),
    (
        "calibration",
        "Calibration",
        (
            "Share of actives against the predicted probability, in tenths of all test compounds. "
            "On the diagonal a probability means what it says."
        ),
    ),
    (
        "values",
        "Predicted values",
        (
            "Root mean square error of each split, with the mean: lower is better. Beside it each "
            "model less the random forest, with 95 % intervals."
        ),
    ),
    (
        "gap",
        "Random splits against these",
        "A circle above its square: so much does a random split flatter the model.",
    ),
    (
        "label_curve",
        "Quality against number of labels",
        "Means over the splits, with one standard deviation.",
    ),
)
_ALL = {**METRICS, HITS_IN_TOP_100.key: HITS_IN_TOP_100, **OF_VALUES}
# The model and what it is compared with in the first sentence; tasks put together.
_OURS, _FOREST, _MEAN = "dbn", "forest", "(mean of the tasks)"


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
        {"title": title, "note": note, **_shown(name, read_csv(folder / f"{name}.csv"))}
        for name, title, note in _TABLES
        if (folder / f"{name}.csv").is_file()
    ]
    paired = folder / "paired.csv"
    html = assemble(
        "study.html",
        title=f"{folder.name}: study",
        data=None,
        headline=_headline(summary),
        verdict=_verdict(summary, read_csv(paired) if paired.is_file() else None),
        facts_of_study=facts_of(about),
        tables=tables,
        figures=[
            {"title": title, "caption": caption, **picture(folder / name)}
            for name, title, caption in _FIGURES
            if picture(folder / name)
        ],
    )
    return write_page(html, folder / "report.html")


def picture(path: Path) -> dict[str, str]:
    """Return kind and content of a figure: SVG, or PNG where an older study has no other."""
    for suffix, kind in ((".svg", "svg+xml"), (".png", "png")):
        file = path.with_suffix(suffix)
        if file.is_file():
            return {"kind": kind, "data": base64.b64encode(file.read_bytes()).decode()}
    return {}


def _shown(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """Return head and rows as a reader sees them: names as in the figures, values rounded."""
    for column in ("model", "against"):
        if column in table:
            table[column] = [_title(model) for model in table[column]]
    if name == "summary":
        table = _with_spread(table)
    if "metric" in table:
        table["metric"] = [_ALL[key].name if key in _ALL else key for key in table["metric"]]
        ends = [
            f"{_rounded(a)} to {_rounded(b)}" for a, b in zip(table.low, table.high, strict=True)
        ]
        place = list(table.columns).index("low")
        table = table.drop(columns=["low", "high"])
        table.insert(place, "95 % interval", ends)
    rows = [[_rounded(cell) for cell in row] for row in table.to_numpy().tolist()]
    return {"head": [column.replace("_", " ") for column in table.columns], "rows": rows}


def _with_spread(table: pd.DataFrame) -> pd.DataFrame:
    """Put mean and standard deviation of each figure into one column."""
    kept = {}
    for column in table.columns:
        key, _, what = column.rpartition("_")
        if key not in _ALL or what not in ("mean", "sd"):
            kept[column] = list(table[column])
        elif what == "mean":
            means = [_rounded(cell, key) for cell in table[column]]
            spread = table.get(f"{key}_sd", pd.Series([""] * len(table)))
            spreads = (f" ± {_rounded(cell, key)}" if cell else "" for cell in spread)
            kept[_ALL[key].name] = [m + s for m, s in zip(means, spreads, strict=True)]
    return pd.DataFrame(kept)


def _rounded(cell: str, key: str = "") -> str:
    """Return a number with the digits that a reader needs; other text and whole numbers as is."""
    try:
        value = float(cell)
    except ValueError:
        return cell
    if not math.isfinite(value) or cell.lstrip("-").isdigit():
        return cell
    return _ALL[key].text(value) if key in _ALL else figure_text(value)


def _title(model: str) -> str:
    # The models themselves are loaded with it: only studies need it.
    from screening.learners import MODELS

    return MODELS[model].title if model in MODELS else model


def _headline(summary: pd.DataFrame) -> str:
    models = list(dict.fromkeys(summary["model"])) if "model" in summary else []
    return f"{len(models)} models on the same splits" if len(models) > 1 else "One model, judged"


def _verdict(summary: pd.DataFrame, paired: pd.DataFrame | None) -> str:
    """Say in a sentence what the study found; empty where its tables cannot tell."""
    main = _main_rows(summary)
    if main.empty or "roc_auc_mean" not in main:
        return ""
    means = {str(m): float(auc) for m, auc in zip(main.model, main.roc_auc_mean, strict=True)}
    if _OURS in means and _FOREST in means and paired is not None and not paired.empty:
        rows = _main_rows(paired)
        rows = rows[(rows.model == _OURS) & (rows.against == _FOREST) & (rows.metric == "roc_auc")]
        if len(rows) == 1:
            said = _beside_the_forest(rows.iloc[0], means)
            return " ".join(filter(None, [said, _values_beside_the_forest(main, paired)]))
    best = max(means, key=lambda model: means[model])
    return f"{_title(best)} has the highest mean ROC-AUC, {means[best]:.3f}."


def _main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the kind of split that is judged by, all labels, all tasks together."""
    for column, wanted in (("split", None), ("labels", "all"), ("task", _MEAN)):
        if column in table and len(table):
            values = set(table[column])
            table = table[table[column] == (wanted if wanted in values else table[column].iloc[0])]
    return table


def _beside_the_forest(row: pd.Series[str], means: dict[str, float]) -> str:
    mean, low, high = (float(row[key] or "nan") for key in ("mean", "low", "high"))
    figures = f"mean ROC-AUC {means[_OURS]:.3f} against {means[_FOREST]:.3f}"
    if math.isnan(low):
        return f"One split only: {figures}. It takes several to tell the models apart."
    interval = f"difference {mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"
    if low <= 0 <= high:
        return (
            f"{_title(_OURS)} and the random forest cannot be told apart on these splits: "
            f"{figures}; {interval}."
        )
    word = "better" if mean > 0 else "worse"
    return f"{_title(_OURS)} ranks {word} than the random forest: {figures}; {interval}."


def _values_beside_the_forest(main: pd.DataFrame, paired: pd.DataFrame) -> str:
    """Say whose predicted values are closer to the measured ones; empty without any."""
    rows = _main_rows(paired)
    rows = rows[(rows.model == _OURS) & (rows.against == _FOREST) & (rows.metric == "rmse")]
    if len(rows) != 1:
        return ""
    errors = dict(zip(main.model, main.rmse_mean, strict=True))
    mean, low, high = (float(rows.iloc[0][key] or "nan") for key in ("mean", "low", "high"))
    figures = f"mean RMSE {float(errors[_OURS]):.3f} against {float(errors[_FOREST]):.3f}"
    if math.isnan(low):
        return f"Predicted values: {figures}."
    interval = f"difference {mean:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}"
    if low <= 0 <= high:
        return f"The predicted values of both cannot be told apart: {figures}; {interval}."
    word = "closer" if mean < 0 else "further off"
    return f"Its predicted values are {word} than the forest’s: {figures}; {interval}."


def facts_of(about: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return what study.json says, as names and texts; `prefix` stands before each name."""
    found: list[tuple[str, str]] = []
    for name, value in about.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict):
            found += facts_of(value, f"{label}, ")
        else:
            found.append((label, value if isinstance(value, str) else json.dumps(value)))
    return found
