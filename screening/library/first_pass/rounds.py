"""The rounds of a first pass: what to score next, until enough of the best rows are scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from screening.library.first_pass.estimate import Recall, Sample, recall_of, sample_needed
from screening.library.first_pass.rows import Numbers, PackedRows, best_of
from screening.library.first_pass.scout import Scout, teach
from screening.library.first_pass.state import Ask, Outcome, Round, read_rounds, save_round
from screening.library.first_pass.target import Scale

# Of the library: what is drawn at first, and what a round adds; between these numbers of rows.
_SAMPLE_SHARE, _ROUND_SHARE = 0.02, 0.03
_FEWEST_SAMPLED, _MOST_SAMPLED = 1_000, 20_000
# A round has more rows where it has at most so many times those that are wanted.
_ROUND_OF_TOP = 4
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
    least = sample_needed(Sample(n), ask.allowed, 0)
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
        # The rows that were passed over when the first audit began, in random order.
        self._order: Numbers | None = None

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
        if made.kind == "audit" and made.ask == self.ask and self._order is None:
            self._order = self._shuffled()
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

    def _shuffled(self) -> Numbers:
        draw = np.random.default_rng([self.seed, len(self.rounds), 2])
        return draw.permutation(np.flatnonzero(~self.chosen))

    def _sample(self) -> Sample:
        """Return what has been drawn of the rows passed over."""
        audits = [made for made in self._own() if made.kind == "audit"]
        if not audits or self._order is None:
            return Sample(int((~self.chosen).sum()))
        better = (self.log_odds > audits[-1].bar)[self._order]
        found = int(better[: audits[-1].drawn].sum())
        return Sample(len(self._order), audits[-1].drawn, found, int(better.sum()))

    def _reached(self) -> Recall | None:
        if self.chosen.all():
            return Recall(self.ask.top, 1.0, 1.0)
        audits = [made for made in self._own() if made.kind == "audit"]
        if not audits:
            return None
        recall = recall_of(self.ask.top, self._sample(), self.ask.allowed)
        if self.rounds[-1] is audits[-1]:
            self.tell(
                f"of {recall.audited:,} molecules drawn from those passed over, {recall.found} "
                f"belonged to the best {recall.top:,}: at least {100 * recall.at_least:.1f} % of "
                "these are scored (95 % confidence)."
            )
        return recall if recall.at_least >= self.ask.recall else None

    def _next(self) -> Round:
        draw = np.random.default_rng([self.seed, len(self.rounds)])
        left = np.flatnonzero(~self.chosen)
        n = len(self.rows)
        if not any(made.kind == "sample" for made in self.rounds):
            size = min(max(_FEWEST_SAMPLED, int(_SAMPLE_SHARE * n)), _MOST_SAMPLED, n)
            return Round("sample", np.sort(draw.choice(n, size, replace=False)), self.ask)
        most = max(_MOST_SAMPLED, _ROUND_OF_TOP * self.ask.top)
        step = max(1, self.ask.top // 2, min(int(_ROUND_SHARE * n), most))
        sample = self._sample()
        if not self._is_time_to_draw(sample, len(left), step):
            scout = self.learn()
            best = best_of(self.rows.guesses(scout), ~self.chosen, step)
            return Round("scout", best, self.ask, scout=scout)
        if self._to_draw(sample, 0, len(left)) >= _ALL * len(left):
            self.tell(
                f"too few of the best {self.ask.top:,} may be missing ({self.ask.allowed}) for "
                "a sample to show it; all molecules are scored."
            )
            return Round("rest", left, self.ask)
        return self._audit(sample)

    def _audit(self, sample: Sample) -> Round:
        """Return the round that draws as many rows as will do if none of them is a better one."""
        audits = [made for made in self._own() if made.kind == "audit"]
        order = self._shuffled() if self._order is None else self._order
        bar = audits[-1].bar if audits else self._bar()
        # What the scout chose meanwhile is drawn too, and is known.
        unknown = sample.drawn + np.flatnonzero(~self.chosen[order[sample.drawn :]])
        drawn = max(sample_needed(sample, self.ask.allowed, 0), int(unknown[0]) + 1)
        numbers = np.sort(order[unknown[unknown < drawn]])
        return Round("audit", numbers, self.ask, bar, len(order), drawn, self.scout())

    def _bar(self) -> float:
        known = self.log_odds[~np.isnan(self.log_odds)]
        if len(known) < self.ask.top:
            return -np.inf
        return float(np.partition(known, len(known) - self.ask.top)[-self.ask.top])

    def _to_draw(self, sample: Sample, missing: float, left: int) -> float:
        """Return how many of the rows that are left must be drawn, if so many are missing."""
        # What the scout has chosen costs nothing.
        drawn = sample_needed(sample, self.ask.allowed, missing) - sample.drawn
        return drawn * left / sample.population

    def _is_time_to_draw(self, sample: Sample, left: int, step: int) -> bool:
        """Tell whether to draw from the rows passed over; another round may come cheaper."""
        scouted = [made for made in self._own() if made.kind == "scout"]
        if len(scouted) < 2:
            return False
        bar = self._bar()
        gains = [int((self.log_odds[made.numbers] >= bar).sum()) for made in scouted[-2:]]
        decay = float(np.clip(gains[1] / max(1, gains[0]), *_DECAY))
        missing = _likely_missing(sample, gains[1] * decay / (1 - decay))
        # What the next round finds is known in a population that is drawn from, or left out of it.
        after = Sample(max(1, left - step))
        if sample.drawn:
            after = replace(sample, known=sample.known + round((1 - decay) * missing))
        now = self._to_draw(sample, missing, left)
        later = step + self._to_draw(after, decay * missing, left - step)
        return gains[1] == 0 or (now <= later and now < _ALL * left)

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


def _likely_missing(sample: Sample, by_gains: float) -> float:
    """Return how many better rows are missing, by the gains of rounds and by what was drawn.

    The mean of a Poisson rate with a gamma law before: that of one better row, where the gains say.
    """
    expected = by_gains + sample.known
    if not expected:
        return 0.0
    in_all = (1 + sample.found) / (1 / expected + sample.drawn / sample.population)
    return max(0.0, in_all - sample.known)


_WORDS = {
    "sample": "a random sample",
    "scout": "the scout's best",
    "audit": "a random sample of those passed over",
    "rest": "all others",
}
