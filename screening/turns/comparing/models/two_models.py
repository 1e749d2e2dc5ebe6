"""What two models have in common to be compared on: tasks, base rates, ways of standardising."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from screening.chemistry import Level
from screening.errors import UserError
from screening.evaluation import Difference
from screening.evaluation.metrics import METRICS
from screening.evaluation.values import METRICS as OF_VALUES
from screening.model import ScreeningModel
from screening.turns.comparing.record import FIRST, SECOND, Section, cells
from screening.turns.comparing.verdict import difference_cell

_FIGURES = METRICS | OF_VALUES
# The one that brings most structures together last.
_LEVELS: tuple[Level, ...] = ("none", "parent", "tautomer")


@dataclass(frozen=True)
class TwoModels:
    """Two models, and what they are called.

    Attributes
    ----------
    first, second : ScreeningModel
    names : tuple of str
        Of their files.
    """

    first: ScreeningModel
    second: ScreeningModel
    names: tuple[str, str]

    @property
    def both(self) -> tuple[tuple[str, ScreeningModel], tuple[str, ScreeningModel]]:
        """Each after its letter."""
        return (FIRST, self.first), (SECOND, self.second)

    @property
    def level(self) -> Level:
        """How structures are standardised where one must be one for both models."""
        levels = {model.options.standardize for _, model in self.both}
        return max(levels, key=_LEVELS.index)

    def notes(self) -> list[str]:
        """Say what is true of them however they are compared."""
        found = []
        if self.first.model_hash and self.first.model_hash == self.second.model_hash:
            found.append(f"{FIRST} and {SECOND} are the same model (their SHA-256 is equal).")
        rules = [_rules(model) for _, model in self.both]
        if all(rules) and rules[0] != rules[1]:
            found.append(
                f"They learned different questions: {FIRST} “{'; '.join(rules[0])}”, {SECOND} "
                f"“{'; '.join(rules[1])}”."
            )
        return found


def _rules(model: ScreeningModel) -> list[str]:
    """Return the sentences of its ledger that say from which value on a compound is active."""
    notes = model.provenance.get("ledger", {}).get("notes", ())
    return [str(note).rstrip(".") for note in notes if ": active when" in str(note)]


class Task(NamedTuple):
    """A task that both models have: its name, and its place in each."""

    name: str
    first: int
    second: int


def shared_tasks(two: TwoModels) -> tuple[list[Task], list[str]]:
    """Return the tasks that both have, and sentences on the others.

    The only task of each is taken for the same whatever it is called.

    Raises
    ------
    UserError
        There is none.
    """
    ours, theirs = two.first.tasks, two.second.tasks
    if len(ours) == len(theirs) == 1:
        (mine,), (other,) = ours, theirs
        notes = []
        if mine != other:
            notes.append(
                f"The task is called {mine!r} in {FIRST} and {other!r} in {SECOND}; they are taken "
                "for the same."
            )
        return [Task(mine, 0, 0)], notes
    shared = [Task(name, ours.index(name), theirs.index(name)) for name in ours if name in theirs]
    if not shared:
        raise UserError(
            f"{two.names[0]} has the tasks {', '.join(ours)} and {two.names[1]} has "
            f"{', '.join(theirs)}: there is none that both have, so nothing can be compared."
        )
    notes = [
        f"Not compared, because {other} has no such task: {', '.join(only)} (in {letter})."
        for letter, other, only in (
            (FIRST, SECOND, [name for name in ours if name not in theirs]),
            (SECOND, FIRST, [name for name in theirs if name not in ours]),
        )
        if only
    ]
    return shared, notes


def percent(share: float) -> str:
    """Return a share in whole percent, small ones with a digit more."""
    return f"{100 * share:.0f} %" if share >= 0.1 or not share else f"{100 * share:.1f} %"


class Compared(NamedTuple):
    """A figure of both models, and their difference."""

    first: float
    second: float
    difference: Difference


def figures_section(
    title: str, figures: Mapping[str, Compared], sentences: Sequence[str] = ()
) -> Section:
    """Return a table of figures, differences and intervals, as a reader sees it."""
    rows = []
    for key, found in figures.items():
        metric = _FIGURES[key]
        rows.append(
            cells(
                f"{metric.name}{' (lower is better)' if metric.lower_is_better else ''}",
                metric.text(found.first),
                metric.text(found.second),
                difference_cell(found.difference),
            )
        )
    head = ("figure", FIRST, SECOND, f"{SECOND} less {FIRST}, 95 % interval")
    return Section(title, tuple(sentences), head, tuple(rows))


def of_tasks(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the sections of the tasks; where there is one, without the sentence of the verdict."""
    if len(sections) > 1:
        return tuple(sections)
    return tuple(replace(section, sentences=section.sentences[1:]) for section in sections)


def figures_table(figures: Mapping[str, Mapping[str, Compared]], repeats: str) -> pd.DataFrame:
    """Return every figure of every task, one a row.

    Parameters
    ----------
    figures
        By task and key.
    repeats
        What a difference was repeated over: resamples or splits.
    """
    rows = []
    for task, own in figures.items():
        for key, found in own.items():
            difference = found.difference
            above, below = difference.above, difference.below
            rows.append(
                {
                    "task": task,
                    "figure": key,
                    "a": found.first,
                    "b": found.second,
                    "difference": difference.mean,
                    "low": difference.low,
                    "high": difference.high,
                    "sd": difference.sd,
                    repeats: difference.n,
                    "b_better": below if _FIGURES[key].lower_is_better else above,
                    "a_better": above if _FIGURES[key].lower_is_better else below,
                }
            )
    return pd.DataFrame(rows)
