"""The rounds, on a library of arrays whose scores are known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.library.first_pass.rounds import FirstPass
from screening.library.first_pass.rows import best_of
from screening.library.first_pass.scout import Scout
from screening.library.first_pass.state import Ask
from screening.library.first_pass.target import Scale
from screening.tables import silent

N = 8_000
ASK = Ask("log_odds", lowest_first=False, top=400, recall=0.8)


class Known:
    """Rows whose counts and log odds are in memory; a part of the latter no count tells."""

    def __init__(self, noise: float) -> None:
        draw = np.random.default_rng(0)
        dense = (draw.random((N, 2048)) < 0.01).astype(np.uint8)
        self._counts = csr_matrix(dense)
        self.log_odds = dense[:, :300] @ draw.normal(size=300) + noise * draw.normal(size=N)
        self.asked: list[int] = []

    def __len__(self) -> int:
        return N

    def guesses(self, scout: Scout) -> NDArray[np.float32]:
        return scout(self._counts)

    def counts(self, numbers: NDArray[np.int64]) -> csr_matrix:
        return self._counts[numbers]

    def score(self, number: int, numbers: NDArray[np.int64], column: str) -> NDArray[np.float64]:
        self.asked.append(number)
        return self.log_odds[numbers]


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(noise=0.1)


def first_pass(known: Known, run: Path, ask: Ask = ASK) -> FirstPass:
    (run / "first_pass").mkdir(parents=True, exist_ok=True)
    found = FirstPass(known, run, ask, known.score, silent)  # type: ignore[arg-type]
    found.outcome = found.go()  # type: ignore[attr-defined]
    return found


def test_promise_holds_and_most_rows_are_passed_over(known: Known, tmp_path: Path) -> None:
    found = first_pass(known, tmp_path)
    best = np.argsort(-known.log_odds)[: ASK.top]
    recall = found.chosen[best].mean()
    assert ASK.recall <= found.outcome.recall.at_least <= recall  # type: ignore[attr-defined]
    assert found.chosen.mean() < 0.7

    # What is there is taken over: no round is made anew, and the end is the same.
    (tmp_path / "first_pass" / f"round-{len(found.rounds) - 1:03d}.npz").unlink()
    again = first_pass(known, tmp_path)
    assert [made.numbers.tolist() for made in again.rounds] == [
        made.numbers.tolist() for made in found.rounds
    ]


def test_where_nothing_can_be_promised_all_is_scored(known: Known, tmp_path: Path) -> None:
    found = first_pass(known, tmp_path, Ask("log_odds", lowest_first=False, top=20, recall=0.95))
    assert found.chosen.all()
    assert found.outcome.recall.at_least == 1  # type: ignore[attr-defined]


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
