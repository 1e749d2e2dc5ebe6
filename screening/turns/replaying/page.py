"""The page of a folder of replays: what each rule of buying found, and how to read it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from screening.errors import UserError
from screening.report.page import assemble, cut, figure_text, write_page
from screening.report.study_report import facts_of, picture
from screening.tables import read_csv
from screening.turns.replaying.starts import STARTS
from screening.turns.replaying.tables import FIGURES

_RULES = {
    "exploit": "the best scores",
    "balance": "high ranks that are unlike each other",
    "explore": "what the networks are unsure of",
    "qpo": "what most likely holds the best",
    "forest": "the best scores of a random forest",
    "chance": "drawn at random",
}
# Heads of the columns; the table is as wide as they are.
_HEADS = {
    "hit_rate": "share active",
    "over_chance": "times chance",
    "area": "times chance, mean over turns",
    "roc_auc": "ROC-AUC in the end",
}
_BASE, _CHANCE = "exploit", "chance"
# With fewer repeats a standard deviation is hardly known.
_FEW = 5
_READ = ("curves", "replays", "summary", "paired")
_CAPTION = (
    "Lines are means over the repeats, bands one standard deviation. The steeper a line, the more "
    "of the money went into actives; the dashed line is what drawing at random finds on average."
)


def is_replay(folder: Path) -> bool:
    """Return whether an `evaluate` folder holds replays, and no study of splits."""
    try:
        return "rolling" in json.loads((folder / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def write_replay_page(folder: Path) -> Path:
    """Write DIR/report.html from what `ebmscreen evaluate --rolling` left in DIR.

    Raises
    ------
    UserError
        The folder holds no finished replays.
    """
    try:
        about = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        tables = {name: read_csv(folder / f"{name}.csv") for name in _READ}
        return write_page(_page(folder, about, tables), folder / "report.html")
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise UserError(
            f"{folder} holds no finished replays ({type(error).__name__}: {error}); repeat the "
            "`ebmscreen evaluate --rolling` command that began them."
        ) from error


def _page(folder: Path, about: dict[str, Any], tables: dict[str, pd.DataFrame]) -> str:
    means, pairs = tables["summary"], tables["paired"]
    repeats = len(set(tables["replays"]["repeat"]))
    return assemble(
        "replay.html",
        title=f"{folder.name}: replay",
        data=None,
        headline=f"What each rule of buying would have found: {cut(', '.join(about['tasks']))}",
        verdict=_verdict(means, pairs),
        facts_of_replay=_sizes(about, tables["replays"]),
        hidden=_hidden(about),
        notes=_notes(str(about["rolling"]), repeats),
        figure={
            "title": "Actives found against compounds bought",
            "caption": _CAPTION,
            **picture(folder / "rolling"),
        },
        tables=[_modes(means), _differences(pairs, _BASE), _differences(pairs, _CHANCE)],
        turns=_turns(tables["curves"]),
        rules=list(_RULES.items()),
        settings=[(name, cut(value)) for name, value in facts_of(about)],
    )


def _verdict(means: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """Say what the best scores found, and which rules can be told apart from them."""
    own = {row["buyer"]: row for row in means.to_dict("records")}.get(_BASE)
    if own is None:
        return ""
    head = (
        f"Buying the best scores ({_BASE}), {100 * float(own['hit_rate_mean']):.0f} % of the "
        f"compounds bought were active, {float(own['over_chance_mean']):.1f} times what chance "
        "finds."
    )
    against = _rows(pairs, _BASE, "hit_rate")
    if not against or any(math.isnan(row["low"]) for row in against):
        return f"{head} One replay cannot tell the rules apart; it takes several (--splits)."
    apart = [row for row in against if not row["low"] <= 0 <= row["high"]]
    alike = [row["buyer"] for row in against if row not in apart]
    parts = [head]
    for row in apart:
        word = "more" if row["mean"] > 0 else "fewer"
        parts.append(
            f"On the same starts {row['buyer']} found {word}: difference of the share "
            f"{row['mean']:+.3f}, 95 % interval {row['low']:+.3f} to {row['high']:+.3f}."
        )
    if alike:
        parts.append(f"Not to be told apart from it: {', '.join(alike)}.")
    return " ".join(parts)


def _hidden(about: dict[str, Any]) -> list[str]:
    start = f"Known at the start: {STARTS[about['rolling']]}."
    turn = (
        "In each turn a rule learns from what is known, is shown the structures on offer without "
        f"any label or measured value, and buys {about['batch']} of them, or all where fewer are "
        "on offer. Only then are their labels seen, and the next turn begins."
    )
    end = (
        "All rules begin with the same compounds, and those of the model with the same first "
        "model. In the end each learns once more, and what is never on offer judges what it "
        "learned: ROC-AUC."
    )
    return [start, turn, end]


def _notes(kind: str, repeats: int) -> list[str]:
    other = (
        "All this is one assay. The intervals say how far other starts on it would differ, not "
        "what would happen on another."
    )
    many = "There are many differences here: of twenty intervals one leaves out zero by chance."
    chosen = (
        "An assay holds what somebody chose to make. Its share of actives is mostly far above "
        "that of a library, which leaves less room to be better than chance."
    )
    notes = [other, many, chosen]
    if kind == "dated":
        notes.append(
            "All repeats begin with the same compounds: only the models and what is drawn differ, "
            "so the intervals are narrow."
        )
    if repeats == 1:
        notes.append("There is one repeat, so there are no spreads and no intervals.")
    elif repeats < _FEW:
        notes.append(f"There are {repeats} repeats: spreads and intervals of so few are rough.")
    return notes


def _sizes(about: dict[str, Any], replays: pd.DataFrame) -> list[tuple[str, str]]:
    return [
        ("compounds", _range(replays["compounds"])),
        ("known at the start", _range(replays["known"])),
        ("never on offer", _range(replays["judged"])),
        ("bought in a turn", str(about["batch"])),
        ("turns", str(about["turns"])),
        ("repeats", str(len(set(replays["repeat"])))),
    ]


def _range(values: pd.Series[str]) -> str:
    """Return a number, or the least and the greatest where the repeats differ."""
    low, high = (end(map(int, values)) for end in (min, max))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _modes(means: pd.DataFrame) -> dict[str, Any]:
    return {
        "title": "What each rule found",
        "note": "Means over the repeats ± one standard deviation. “Mean over turns” also counts "
        "how early actives were found.",
        "head": ["rule", "actives found", *_HEADS.values()],
        "rows": [
            [
                row["buyer"],
                _spread(row["actives_mean"], row["actives_sd"], 1),
                *(_spread(row[f"{name}_mean"], row[f"{name}_sd"]) for name in FIGURES),
            ]
            for row in means.to_dict("records")
        ],
    }


def _differences(pairs: pd.DataFrame, against: str) -> dict[str, Any]:
    buyers = dict.fromkeys(pairs[pairs["against"] == against]["buyer"]) if len(pairs) else {}
    cells = {
        (row["buyer"], name): _interval(row)
        for name in FIGURES
        for row in _rows(pairs, against, name)
    }
    return {
        "title": f"Each rule less {against}, on the same starts",
        "note": "Mean of the differences with its 95 % interval (Student's t over the repeats). "
        "Above zero the rule is better; an interval that crosses zero tells nothing apart.",
        "head": ["rule", *_HEADS.values()],
        "rows": [[buyer, *(cells.get((buyer, name), "") for name in FIGURES)] for buyer in buyers],
    }


def _rows(pairs: pd.DataFrame, against: str, figure: str) -> list[dict[str, Any]]:
    """Return differences of one figure, with their numbers read."""
    if not len(pairs):
        return []
    own = pairs[(pairs["against"] == against) & (pairs["figure"] == figure)]
    return [
        {"buyer": row["buyer"], **{name: _number(row[name]) for name in ("mean", "low", "high")}}
        for row in own.to_dict("records")
    ]


def _turns(curves: pd.DataFrame) -> dict[str, Any]:
    """Return the actives found until each turn, one column a rule."""
    numbers = curves.drop(columns=["buyer"]).astype(float).assign(buyer=curves["buyer"])
    buyers = list(dict.fromkeys(curves["buyer"]))
    rows = []
    for turn, own in numbers.groupby("turn"):
        groups = own.groupby("buyer")["actives"]
        mean, sd = groups.mean(), groups.std()
        bought, expected = own["bought"].mean(), own["by_chance"].mean()
        found = [_spread(mean[buyer], sd[buyer], 1) for buyer in buyers]
        rows.append([f"{turn:g}", f"{bought:g}", *found, f"{expected:.1f}"])
    return {"head": ["turn", "bought", *buyers, "expected by chance"], "rows": rows}


def _spread(mean: Any, sd: Any, digits: int | None = None) -> str:
    """Return mean ± standard deviation, or the mean alone where there is one repeat."""
    values = [value for value in (_number(mean), _number(sd)) if not math.isnan(value)]
    return "\u00a0±\u00a0".join(
        figure_text(v) if digits is None else f"{v:.{digits}f}" for v in values
    )


def _interval(row: dict[str, Any]) -> str:
    mean = f"{row['mean']:+.3f}"
    return mean if math.isnan(row["low"]) else f"{mean} [{row['low']:+.3f}, {row['high']:+.3f}]"


def _number(text: Any) -> float:
    return float(text) if text != "" else float("nan")
