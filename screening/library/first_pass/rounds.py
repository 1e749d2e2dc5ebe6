"""The rounds of a first pass: what to score next, until enough of the best rows are scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from screening.library.first_pass.estimate import (
    Recall,
    error_of_look,
    recall_of,
    sample_needed,
)
from screening.library.first_pass.rows import Numbers, PackedRows, best_of
from screening.library.first_pass.scout import Scout, teach
from screening.library.first_pass.state import Ask, Outcome, Round, read_rounds, save_round
from screening.library.first_pass.target import Scale

# Of the library: what is drawn at first, and what a round adds; between these numbers of rows.
_SAMPLE_SHARE, _ROUND_SHARE = 0.02, 0.03
_FEWEST_SAMPLED, _MOST_SAMPLED = 1_000, 20_000
# Rows that a scout learns from at most: the best half of them, and others at random.
_MOST_LEARNED = 20_000
# The share of the gain of a round that the next one may be expected to have.
_DECAY = (0.5, 0.9)
# Where a sample of this share of the rest would have to be scored, so is the rest.
_ALL = 0.5

# Scores rows fully: takes the number of the round and the rows; gives the log odds of each column
# asked for, NaN where a row could not be scored.
Score = Callable[[int, Numbers, str], NDArray[np.float64]]
Tell = Callable[[str], None]


def worth_it(n: int, ask: Ask) -> bool:
    """Tell whether a first pass can keep its promise without scoring most of n rows."""
    least = sample_needed(n, ask.allowed, 0, error_of_look(0))
    return ask.top <= n and least < _ALL * n


@dataclass
class FirstPass:
    """A first pass over a library.

    Attributes
    ----------
    rows : PackedRows
    run : Path
    ask : Ask
    score : callable
    tell : callable
        Is told what each round came to.
    seed : int
    rounds : list of Round
    log_odds : float64 array of shape (n_rows,)
        Of scored rows, the wanted ones high; NaN of all others.
    chosen : bool array of shape (n_rows,)
    """

    rows: PackedRows
    run: Path
    ask: Ask
    score: Score
    tell: Tell
    seed: int = 0
    rounds: list[Round] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chosen = np.zeros(len(self.rows), bool)
        self.log_odds = np.full(len(self.rows), np.nan)

    def go(self) -> Outcome:
        """Do rounds until the promise holds, or all is scored; continue an earlier call's."""
        for made in read_rounds(self.run):
            self._do(made)
        while (recall := self._reached()) is None:
            made = self._next()
            save_round(self.run, len(self.rounds), made)
            self._do(made)
        return Outcome(self.ask, recall, len(self.rounds))

    def _do(self, made: Round) -> None:
        number = len(self.rounds)
        sign = -1 if self.ask.lowest_first else 1
        self.log_odds[made.numbers] = sign * self.score(number, made.numbers, self.ask.column)
        self.chosen[made.numbers] = True
        self.rounds.append(made)
        self.tell(
            f"round {number + 1} ({_WORDS[made.kind]}): {int(self.chosen.sum()):,} of "
            f"{len(self.rows):,} molecules are scored fully."
        )

    def _own(self) -> list[Round]:
        """Return the rounds that were made for what is asked now."""
        return [made for made in self.rounds if made.ask == self.ask]

    def _reached(self) -> Recall | None:
        if self.chosen.all():
            return Recall(self.ask.top, 1.0, 1.0)
        audits = [made for made in self._own() if made.kind == "audit"]
        if not audits or self.rounds[-1] is not audits[-1]:
            return None
        last = audits[-1]
        found = int((self.log_odds[last.numbers] > last.bar).sum())
        error = error_of_look(len(audits) - 1)
        recall = recall_of(self.ask.top, last.passed_over, len(last.numbers), found, error)
        self.tell(
            f"of {recall.audited:,} molecules drawn from those passed over, {found} belonged to "
            f"the best {recall.top:,}: at least {100 * recall.at_least:.1f} % of these are scored "
            "(95 % confidence)."
        )
        return recall if recall.at_least >= self.ask.recall else None

    def _next(self) -> Round:
        draw = np.random.default_rng([self.seed, len(self.rounds)])
        left = np.flatnonzero(~self.chosen)
        n = len(self.rows)
        if not any(made.kind == "sample" for made in self.rounds):
            size = min(max(_FEWEST_SAMPLED, int(_SAMPLE_SHARE * n)), _MOST_SAMPLED, n)
            return Round("sample", np.sort(draw.choice(n, size, replace=False)), self.ask)
        step = max(1, self.ask.top // 2, min(int(_ROUND_SHARE * n), _MOST_SAMPLED))
        bar = self._bar()
        audit = self._audit_size(len(left), step)
        if audit is not None:
            if audit >= _ALL * len(left):
                self.tell(
                    f"too few of the best {self.ask.top:,} may be missing ({self.ask.allowed}) for "
                    "a sample to show it; all molecules are scored."
                )
                return Round("rest", left, self.ask)
            numbers = np.sort(draw.choice(left, audit, replace=False))
            return Round("audit", numbers, self.ask, bar, len(left), self.scout())
        scout = self.learn()
        best = best_of(self.rows.guesses(scout), ~self.chosen, step)
        return Round("scout", best, self.ask, bar, len(left), scout)

    def _bar(self) -> float:
        known = self.log_odds[~np.isnan(self.log_odds)]
        if len(known) < self.ask.top:
            return -np.inf
        return float(np.partition(known, len(known) - self.ask.top)[-self.ask.top])

    def _audit_size(self, left: int, step: int) -> int | None:
        """Return how large a sample is to be drawn now; None where another round comes cheaper."""
        scouted = [made for made in self._own() if made.kind == "scout"]
        if len(scouted) < 2 or self.rounds[-1].kind == "audit":
            return None
        bar = self._bar()
        gains = [int((self.log_odds[made.numbers] >= bar).sum()) for made in scouted[-2:]]
        decay = float(np.clip(gains[1] / max(1, gains[0]), *_DECAY))
        expected = gains[1] * decay / (1 - decay)
        looks = sum(made.kind == "audit" for made in self._own())
        error, allowed = error_of_look(looks), self.ask.allowed
        now = sample_needed(left, allowed, expected, error)
        later = step + sample_needed(max(1, left - step), allowed, decay * expected, error)
        return now if now <= later or gains[1] == 0 else None

    def scout(self) -> Scout | None:
        """Return the scout that is the last to have learned."""
        return next((made.scout for made in reversed(self.rounds) if made.scout), None)

    def learn(self) -> Scout:
        """Return a scout that has learned from all that was scored."""
        draw = np.random.default_rng([self.seed, len(self.rounds), 1])
        known = np.flatnonzero(~np.isnan(self.log_odds))
        if not len(known):
            return Scout.without_opinion()
        values = self.log_odds[known]
        sample = next(made.numbers for made in self.rounds if made.kind == "sample")
        drawn = self.log_odds[sample]
        drawn = drawn[~np.isnan(drawn)]
        scale = Scale.of(drawn if len(drawn) else values)
        if len(known) > _MOST_LEARNED:
            order = np.argsort(-values, kind="stable")
            half = _MOST_LEARNED // 2
            others = draw.choice(order[half:], _MOST_LEARNED - half, replace=False)
            places = np.sort(np.concatenate([order[:half], others]))
            known, values = known[places], values[places]
        same = [made.scout for made in self._own() if made.scout]
        before = same[-1] if same else None
        return teach(self.rows.counts(known), scale(values), self.seed + len(self.rounds), before)


_WORDS = {
    "sample": "a random sample",
    "scout": "the scout's best",
    "audit": "a random sample of those passed over",
    "rest": "all others",
}
