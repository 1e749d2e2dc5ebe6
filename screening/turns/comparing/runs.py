"""Two runs: which compounds entered and left the best, and how far the two orders agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau

from screening.errors import UserError
from screening.progress import OnStep, ignore_steps
from screening.turns.comparing.agreement import FEW, Agreement, agreement_of, agreement_of_runs
from screening.turns.comparing.models.two_models import percent
from screening.turns.comparing.movers import why_moved
from screening.turns.comparing.ranks import (
    ENTERED,
    LEFT,
    STAYED,
    FinishedRun,
    decisive,
    rank_changes,
)
from screening.turns.comparing.record import FIRST, SECOND, Comparison, Section, cells

_SHOWN = 15


def compare_runs(
    first: Path,
    second: Path,
    *,
    top: int | None = None,
    explained: int = 12,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> Comparison:
    """Lay the hits of two runs beside each other, matched by structure.

    Parameters
    ----------
    first, second
        Folders that `screen` finished.
    top : int, optional
        How many of the best compounds of each; as many as both have when None.
    explained : int
        Compounds whose change is explained atom by atom.
    workers : int
        Processes that draw and explain; the result is the same for any number.
    on_step
        Is told how far the work is.

    Raises
    ------
    UserError
        A folder holds no finished run, they rank by other tasks or sides, one by scores and the
        other by values, or no structure is in both.
    """
    runs = FinishedRun.read(first), FinishedRun.read(second)
    _require_one_ranking(*runs)
    notes = _cautions(*runs)
    table, n = rank_changes(runs, top)
    if top is not None and n < top:
        notes.append(f"One of the runs has only {n:,} different hits; so many are compared.")
    agreement = agreement_of_runs(
        [(run.path, run.hits.ranked, int(run.info["counts"]["scored"])) for run in runs], on_step
    )
    shared = table[(table.place_a > 0) & (table.place_b > 0)]
    if shared.empty and not agreement.n:
        raise UserError(
            f"{first} and {second} have no compound in common, so their ranks cannot be compared; "
            "screen the same library with both models."
        )
    by_value = runs[0].hits.ranked.by == "value"
    if by_value:
        explained = 0
    movers, why = why_moved(
        table, (runs[0].model, runs[1].model), _tasks(runs), explained, workers, on_step
    )
    missing = [
        f"What contributed to the change is not told: the model that made {run.path} is not where "
        "the run says, nor beside it."
        for run in runs
        if explained and run.model is None
    ]
    counts = table.status.value_counts()
    stayed, entered, left = (int(counts.get(name, 0)) for name in (STAYED, ENTERED, LEFT))
    tables = {"ranks": table, **({"why": why} if len(why) else {})}
    return Comparison(
        "Two runs",
        str(first),
        str(second),
        headline=f"{stayed:,} of the best {n:,} stayed",
        verdict=_verdict(n, stayed, entered, left, agreement),
        notes=(*notes, *missing),
        sections=(
            _changes(table, n, agreement, runs),
            _best(f"Entered the best {n:,}", table[table.status == ENTERED], "place_b"),
            _best(f"Left the best {n:,}", table[table.status == LEFT], "place_a"),
            _settings(runs),
        ),
        tables=tables,
        movers=movers,
    )


def _tasks(runs: Sequence[FinishedRun]) -> tuple[str, str]:
    return runs[0].hits.ranked.task, runs[1].hits.ranked.task


def _require_one_ranking(first: FinishedRun, second: FinishedRun) -> None:
    """Raise UserError where the two rank by other things."""
    ours, theirs = first.hits.ranked, second.hits.ranked
    if ours.wanted != theirs.wanted:
        raise UserError(
            f"{first.path} ranks the likely {ours.wanted} first and {second.path} the likely "
            f"{theirs.wanted}; repeat one of the two commands with --wanted {ours.wanted}: no row "
            "is scored again."
        )
    if ours.by != theirs.by:
        valued, scored = (first, second) if ours.by == "value" else (second, first)
        raise UserError(
            f"{valued.path} is ranked by predicted values and {scored.path} by scores; repeat one "
            "of the two commands with --rank-by: no row is scored again."
        )
    only_tasks = len(ours.tasks) == len(theirs.tasks) == 1
    if ours.task != theirs.task and not only_tasks:
        raise UserError(
            f"{first.path} is ranked by the task {ours.task!r} and {second.path} by "
            f"{theirs.task!r}; repeat one of the two commands with --rank-by: no row is scored "
            "again."
        )


def _cautions(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Return what to be careful about."""
    ours, theirs = first.hits.ranked, second.hits.ranked
    notes = []
    if ours.task != theirs.task:
        notes.append(
            f"The task is called {ours.task!r} in {FIRST} and {theirs.task!r} in {SECOND}; they "
            "are taken for the same."
        )
    if first.info["model_hash"] == second.info["model_hash"]:
        notes.append("Both runs are of one model: a compound has the same score in both.")
    if list(first.info["sources"]) != list(second.info["sources"]):
        notes.append(
            f"The libraries differ ({_sources(first)} and {_sources(second)}): compounds are "
            "matched by structure, and one may be missing from the other library."
        )
    rates = [ranked.prevalence or ranked.base_rate for ranked in (ours, theirs)]
    if ours.by == "value":
        notes.append(
            "Both runs are ranked by the predicted value. What contributed to a change is told of "
            "scores only."
        )
    elif not math.isclose(*rates):
        notes.append(
            f"Scores are stated for {percent(rates[0])} active in {FIRST} and "
            f"{percent(rates[1])} in {SECOND}, so a score in one is no score in the other; ranks "
            "do not depend on it, and are what is compared."
        )
    if any((r.required, r.excluded) != ((), ()) for r in (ours, theirs)):
        notes.append(
            "Hits were chosen by substructures (--require, --exclude); places are among all scored "
            "rows, whatever their substructures."
        )
    over = [
        letter
        for letter, run in ((FIRST, first), (SECOND, second))
        if run.info["counts"].get("passed_over")
    ]
    if over:
        notes.append(
            f"A first pass left rows of {' and '.join(over)} without a score; they have no place."
        )
    return notes


def _sources(run: FinishedRun) -> str:
    names = [Path(str(source)).name for source in run.info["sources"]]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _verdict(n: int, stayed: int, entered: int, left: int, agreement: Agreement) -> str:
    said = (
        f"Of the best {n:,} compounds of {FIRST}, {stayed:,} ({percent(stayed / n)}) are also "
        f"among the best {n:,} of {SECOND}; {entered:,} entered and {left:,} left"
    )
    if math.isnan(agreement.spearman):
        return f"{said}. Too few compounds are in both to say how far the orders agree."
    return (
        f"{said}. Over the compounds that both scored, the rank correlation (Spearman) is "
        f"{agreement.told}."
    )


def _changes(
    table: pd.DataFrame, n: int, agreement: Agreement, runs: Sequence[FinishedRun]
) -> Section:
    both = table[(table.place_a > 0) & (table.place_b > 0)]
    rows = []
    for status, words in (
        (STAYED, f"among the best {n:,} of both"),
        (ENTERED, f"in {SECOND} alone: entered"),
        (LEFT, f"in {FIRST} alone: left"),
    ):
        own = table[table.status == status]
        other = "in_a" if status == ENTERED else "in_b"
        absent = int((own[other] == "not scored").sum())
        moved = own.places_gained.abs().dropna()
        median = f"{moved.median():,.0f}" if len(moved) else ""
        rows.append(cells(words, len(own), absent, median))
    head = ("compounds", "number", "not in the other run", "median change of place")
    sentences = [agreement.counted, *_learned(table)]
    if len(both) >= FEW:
        what = "high scores" if runs[0].hits.ranked.by == "score" else "their values"
        ours, theirs = (_standing(both, *one) for one in zip("ab", runs, strict=True))
        tau = float(kendalltau(ours, theirs).statistic)
        within = agreement_of(ours, theirs)
        sentences.append(
            f"Of the {len(both):,} compounds that are among the best of either and scored by both, "
            f"Spearman’s correlation is {within.told} and Kendall’s {tau:.3f}; being chosen for "
            f"{what}, they correlate less than the whole."
        )
    return Section("What changed", tuple(sentences), head, tuple(rows))


def _standing(table: pd.DataFrame, letter: str, run: FinishedRun) -> NDArray[np.float64]:
    """Return what a run is ranked by, the higher the better."""
    found = table[f"{decisive(run)}_{letter}"].to_numpy(np.float64)
    return -found if run.hits.ranked.lowest_first else found


def _learned(table: pd.DataFrame) -> list[str]:
    """Say how many of those that moved one model alone has learned from."""
    found: list[str] = []
    if "learned_by_a" not in table:
        return found
    for status, verb in ((ENTERED, "entered"), (LEFT, "left")):
        own = table[table.status == status]
        for letter, ours, other in (
            (FIRST, own.learned_by_a, own.learned_by_b),
            (SECOND, own.learned_by_b, own.learned_by_a),
        ):
            count = int((ours & ~other).sum())
            if count:
                found.append(
                    f"{count:,} of the {len(own):,} that {verb} are compounds that the model of "
                    f"{letter} alone has learned from."
                )
    return found


def _best(title: str, table: pd.DataFrame, by: str) -> Section:
    """Return the compounds that entered or left, the best of their run first."""
    if table.empty:
        return Section(title, ("None.",))
    shown = table.sort_values(by, kind="stable").head(_SHOWN)
    rows = [
        cells(name, _place(*ours), _place(*theirs), _signed(gained))
        for name, ours, theirs, gained in zip(
            shown.id,
            zip(shown.place_a, shown.in_a, strict=True),
            zip(shown.place_b, shown.in_b, strict=True),
            shown.places_gained,
            strict=True,
        )
    ]
    more = len(table) - len(shown)
    note = (f"The first {len(shown)}; all are in ranks.csv.",) if more else ()
    head = ("compound", f"place in {FIRST}", f"place in {SECOND}", "gained")
    return Section(title, note, head, tuple(rows))


def _place(place: int, whereabouts: str) -> str:
    return f"{place:,}" if place > 0 else whereabouts


def _signed(gained: float) -> str:
    return "" if math.isnan(gained) else f"{gained:+,.0f}"


def _settings(runs: Sequence[FinishedRun]) -> Section:
    """Say what else tells the runs apart."""
    about = [
        {
            "library": ", ".join(map(str, run.info["sources"])),
            "model": f"{Path(str(run.info['model'])).name} ({str(run.info['model_hash'])[:12]})",
            "read": run.info["counts"]["read"],
            "scored": run.info["counts"]["scored"],
            "hits": len(run.hits),
            **{f"option {k}": v for k, v in run.info["options"].items() if k != "workers"},
            **{f"version of {k}": v for k, v in run.info["versions"].items()},
        }
        for run in runs
    ]
    names = list(dict.fromkeys([*about[0], *about[1]]))
    rows = [(name, *(_said(one.get(name)) for one in about)) for name in names]
    differing = tuple(cells(*row) for row in rows if row[1] != row[2])
    if not differing:
        return Section("Settings", ("Library, model, options and versions are the same.",))
    return Section("Settings that differ", (), ("setting", FIRST, SECOND), differing)


def _said(value: Any) -> str:
    if value is None or value in ("", []):
        return "not given"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
