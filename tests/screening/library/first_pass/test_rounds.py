"""The rounds, on libraries of arrays whose scores are known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.library.first_pass import rounds
from screening.library.first_pass.rounds import FirstPass
from screening.library.first_pass.rows import best_of
from screening.library.first_pass.scout import Scout, teach
from screening.library.first_pass.state import Ask, Outcome
from screening.library.first_pass.target import Scale
from screening.tables import silent

N, BITS = 6_000, 40
ASK = Ask("log_odds", lowest_first=False, top=400, recall=0.8)


class Known:
    """Rows whose counts and log odds are in memory; a part of the latter no count tells."""

    def __init__(self, seed: int, noise: float) -> None:
        draw = np.random.default_rng(seed)
        dense = (draw.random((N, BITS)) < 0.3).astype(np.uint8)
        told = dense @ draw.normal(size=BITS)
        self._counts = csr_matrix(dense)
        self.log_odds = told + noise * told.std() * draw.normal(size=N)

    def __len__(self) -> int:
        return N

    def guesses(self, scout: Scout) -> NDArray[np.float32]:
        return scout(self._counts)

    def counts(self, numbers: NDArray[np.int64]) -> csr_matrix:
        return self._counts[numbers]

    def score(self, number: int, numbers: NDArray[np.int64], column: str) -> NDArray[np.float64]:
        return self.log_odds[numbers]

    def recall(self, found: FirstPass, ask: Ask) -> float:
        sign = -1 if ask.lowest_first else 1
        return float(found.chosen[np.argsort(-sign * self.log_odds)[: ask.top]].mean())


def learn_straight_line(
    counts: csr_matrix, target: NDArray[np.float32], seed: int, before: Scout | None = None
) -> Scout:
    """Stand in for the network: least squares, which takes no time."""
    dense = counts.toarray().astype(float)
    weights = np.linalg.solve(dense.T @ dense + np.eye(BITS), dense.T @ (target - target.mean()))
    # So large a bias that the rectified unit is a straight line.
    return Scout(weights[:, None].astype(np.float32), *np.array([[100], [1]], np.float32), 0.0)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "teach", learn_straight_line)
    monkeypatch.setattr(rounds, "_FEWEST_SAMPLED", 300)


def first_pass(known: Known, run: Path, ask: Ask = ASK, seed: int = 0) -> tuple[FirstPass, Outcome]:
    (run / "first_pass").mkdir(parents=True, exist_ok=True)
    found = FirstPass(known, run, ask, known.score, silent, seed)  # type: ignore[arg-type]
    return found, found.go()


@pytest.mark.parametrize("ask", [ASK, Ask("log_odds", lowest_first=True, top=400, recall=0.8)])
def test_promise_holds_and_rows_are_passed_over(ask: Ask, tmp_path: Path) -> None:
    known = Known(0, noise=0.1)
    found, outcome = first_pass(known, tmp_path, ask)
    assert ask.recall <= outcome.recall.at_least <= known.recall(found, ask)
    assert found.chosen.mean() < 0.6


def test_rounds_that_are_there_are_taken_over(tmp_path: Path) -> None:
    known = Known(0, noise=0.1)
    found, outcome = first_pass(known, tmp_path)
    (tmp_path / "first_pass" / f"round-{len(found.rounds) - 1:03d}.npz").unlink()
    again, same = first_pass(known, tmp_path)
    assert same == outcome
    for one, other in zip(again.rounds, found.rounds, strict=True):
        assert one.numbers.tolist() == other.numbers.tolist()


def test_more_is_promised_by_further_rounds(tmp_path: Path) -> None:
    known = Known(0, noise=0.1)
    found, _ = first_pass(known, tmp_path)
    ask = Ask("log_odds", lowest_first=False, top=600, recall=0.85)
    further, outcome = first_pass(known, tmp_path, ask)
    assert further.chosen[found.chosen].all()
    assert ask.recall <= outcome.recall.at_least <= known.recall(further, ask)


def test_where_nothing_can_be_promised_all_is_scored(tmp_path: Path) -> None:
    known = Known(0, noise=0.1)
    ask = Ask("log_odds", lowest_first=False, top=20, recall=0.95)
    found, outcome = first_pass(known, tmp_path, ask)
    assert found.chosen.all()
    assert outcome.recall.at_least == 1


@pytest.mark.parametrize("draws", [100, pytest.param(400, marks=pytest.mark.thorough)])
def test_promise_holds_over_many_draws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, draws: int
) -> None:
    """The whole procedure, with looks one after the other and a bar that the run itself sets."""
    monkeypatch.setattr(rounds, "save_round", lambda *_: None)
    monkeypatch.setattr(rounds, "sample_needed", cache(rounds.sample_needed))
    kept = looks = passed_over = 0
    for seed in range(draws):
        known = Known(seed, noise=0.5)
        found, outcome = first_pass(known, tmp_path, seed=seed)
        kept += known.recall(found, ASK) >= outcome.recall.at_least
        looks += sum(made.kind == "audit" for made in found.rounds)
        passed_over += not found.chosen.all()
    assert kept >= 0.95 * draws
    assert looks > draws
    assert passed_over > 0.9 * draws


def test_scout_learns_and_goes_on_learning() -> None:
    draw = np.random.default_rng(0)
    counts = csr_matrix((draw.random((2_500, BITS)) < 0.3).astype(np.uint8))
    target = (counts @ draw.normal(size=BITS)).astype(np.float32)
    scout = teach(counts[:1_000], target[:1_000], 0)
    further = teach(counts, target, 1, scout)
    first, second = (np.square(guess(counts) - target).mean() for guess in (scout, further))
    assert second < first < 0.5 * target.var()


def test_best_are_chosen_and_of_equal_ones_the_first() -> None:
    guesses = np.array([1, 3, 2, 2, 2, 5], np.float32)
    free = np.array([True, True, True, True, True, False])
    assert best_of(guesses, free, 3).tolist() == [1, 2, 3]
    assert best_of(guesses, free, 9).tolist() == [0, 1, 2, 3, 4]


def test_scale_rises_with_the_log_odds_beyond_the_sample() -> None:
    scale = Scale.of(np.random.default_rng(0).normal(size=500))
    values = scale(np.linspace(-5, 9, 100))
    assert (np.diff(values) >= 0).all()
    assert values[-1] > values[60]
