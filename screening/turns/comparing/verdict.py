"""Which of two models is better, said in a sentence that does not say more than is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from screening.evaluation import Difference
from screening.evaluation.metrics import METRICS
from screening.evaluation.wording import CLOSE
from screening.turns.comparing.record import FIRST, SECOND

Standing = Literal["first", "second", "alike", "unknown"]
# Fewer compounds of a class than this decide nothing, whatever their interval says.
FEW = 10
# So many times as many compounds nobody will test to tell two models apart.
_TOO_MANY = 50
# Standard errors on either side of a difference that an interval of 95 % has.
_ERRORS = 1.96


@dataclass(frozen=True)
class Verdict:
    """What may be said of two models.

    Attributes
    ----------
    standing : str
        Which is better: first, second, alike, or unknown.
    sentence : str
    task : str
    """

    standing: Standing
    sentence: str
    task: str = ""

    @property
    def headline(self) -> str:
        """The same in a few words."""
        return {
            "first": f"{FIRST} ranks better",
            "second": f"{SECOND} ranks better",
            "alike": f"{FIRST} and {SECOND} rank equally well",
            "unknown": "Cannot tell which ranks better",
        }[self.standing]


def standing(
    difference: Difference, *, lower_is_better: bool = False, close: float = CLOSE
) -> Standing:
    """Return who is better by the interval of a difference, second less first.

    Nobody where the interval holds 0, unless all of it is as `close` to 0 as nobody would mind.
    """
    low, high = difference.low, difference.high
    if math.isnan(low):
        return "unknown"
    if max(abs(low), abs(high)) <= close:
        return "alike"
    if low <= 0 <= high:
        return "unknown"
    return "second" if (low > 0) != lower_is_better else "first"


def ranking_verdict(
    values: tuple[float, float],
    difference: Difference,
    where: str,
    smaller_class: int | None = None,
) -> Verdict:
    """Say which of two models ranks better, by ROC-AUC.

    Parameters
    ----------
    values
        ROC-AUC of both.
    difference
        Second less first.
    where
        On what they were judged, such as `on 90 compounds that neither has seen`.
    smaller_class : int, optional
        How many compounds the smaller class has, where one set judged both.
    """
    few = smaller_class is not None and smaller_class < FEW
    found: Standing = "unknown" if few else standing(difference)
    figures = f"ROC-AUC {values[0]:.3f} ({FIRST}) and {values[1]:.3f} ({SECOND}) {where}"
    if math.isnan(difference.low):
        sentence = f"Cannot tell which ranks better from one split: {figures}."
        return Verdict("unknown", sentence)
    if found == "alike" and not difference.sd:
        return Verdict(found, f"{FIRST} and {SECOND} rank these compounds alike: {figures}.")
    measured = f"{figures}, difference {interval_text(difference)}"
    if found == "unknown":
        why = "; the smaller class has too few compounds to decide" if few else ""
        more = "" if few else _how_many_more(difference, splits=smaller_class is None)
        return Verdict(found, f"Cannot tell which ranks better: {measured}{why}.{more}")
    if found == "alike":
        return Verdict(found, f"{FIRST} and {SECOND} rank equally well: {measured}.")
    better, other = (SECOND, FIRST) if found == "second" else (FIRST, SECOND)
    small = abs(difference.mean) < CLOSE
    hardly = ", though by less than would change what to buy" if small else ""
    return Verdict(found, f"{better} ranks better than {other}{hardly}: {measured}.")


def interval_text(difference: Difference) -> str:
    """Return a difference with its interval."""
    if math.isnan(difference.low):
        return f"{difference.mean:+.3f}"
    return f"{difference.mean:+.3f} (95 % interval {difference.low:+.3f} to {difference.high:+.3f})"


def difference_cell(difference: Difference) -> str:
    """Return the same for a table whose head says what the interval is."""
    ends = f" ({difference.low:+.3f} to {difference.high:+.3f})"
    return f"{difference.mean:+.3f}{'' if math.isnan(difference.low) else ends}"


def _how_many_more(difference: Difference, *, splits: bool) -> str:
    """Say how many times as many compounds a difference of this size would take to be told."""
    if splits or not difference.mean:
        return ""
    times = (_ERRORS * difference.sd / difference.mean) ** 2
    if not 1 < times <= _TOO_MANY:
        return ""
    return f" To tell a difference of this size takes about {times:.1f} times as many compounds."


def probability_sentence(values: tuple[float, float], difference: Difference) -> str:
    """Say whose probabilities are closer to the truth, by the Brier score."""
    metric = METRICS["brier"]
    found = standing(difference, lower_is_better=metric.lower_is_better)
    measured = (
        f"Brier score {values[0]:.3f} ({FIRST}) and {values[1]:.3f} ({SECOND}), difference "
        f"{interval_text(difference)}; lower is better"
    )
    if found in ("unknown", "alike"):
        told = "cannot be told apart" if found == "unknown" else "are equally close to the truth"
        return f"The probabilities {told}: {measured}."
    better = SECOND if found == "second" else FIRST
    return f"The probabilities of {better} are closer to the truth: {measured}."


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return one verdict over all tasks; that of the only task as it is."""
    if len(verdicts) == 1:
        return verdicts[0]
    by_standing: dict[Standing, list[str]] = {}
    for verdict in verdicts:
        by_standing.setdefault(verdict.standing, []).append(verdict.task)
    parts = [
        f"{words} on {len(by_standing[kind])} ({', '.join(by_standing[kind])})"
        for kind, words in (
            ("second", f"{SECOND} ranks better"),
            ("first", f"{FIRST} ranks better"),
            ("alike", "they rank equally well"),
            ("unknown", "it cannot be told"),
        )
        if kind in by_standing
    ]
    kinds = set(by_standing)
    whole: Standing = "unknown"
    if len(kinds) == 1:
        (whole,) = kinds
    elif kinds <= {"first", "alike"}:
        whole = "first"
    elif kinds <= {"second", "alike"}:
        whole = "second"
    return Verdict(whole, f"Of {len(verdicts)} tasks: {'; '.join(parts)}.")
