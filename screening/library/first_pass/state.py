"""What a first pass remembers: of each round which rows it scores, and why."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.library.first_pass.estimate import Recall
from screening.library.first_pass.pieces import FOLDER, scout_file
from screening.library.first_pass.scout import Scout
from screening.tables import write_atomically

# A random sample to learn from; what the scout ranks highest; a random sample of what was passed
# over, to judge by; and all that is left.
Kind = Literal["sample", "scout", "audit", "rest"]


@dataclass(frozen=True)
class Ask:
    """What is promised.

    Attributes
    ----------
    column : str
        Of the log odds that rank.
    lowest_first : bool
        Whether low ones are wanted.
    top : int
    recall : float
        Share of the best `top` rows that is to be scored.
    """

    column: str
    lowest_first: bool
    top: int
    recall: float

    @property
    def allowed(self) -> int:
        """How many of the best may be missing."""
        return int((1 - self.recall) * self.top + 1e-9)

    def covers(self, other: Ask) -> bool:
        """Tell whether a promise of this one is enough where the other is asked for."""
        same = (self.column, self.lowest_first) == (other.column, other.lowest_first)
        return same and self.top >= other.top and self.recall >= other.recall


@dataclass(frozen=True)
class Round:
    """One round.

    Attributes
    ----------
    kind : str
    numbers : int64 array
        Rows that it scores, ascending.
    ask : Ask
        That it was made for.
    bar : float
        Of an audit: the worst of the best `top` log odds (the wanted ones high) before the first.
    passed_over : int
        Of an audit: rows that it was drawn from.
    drawn : int
        Of an audit: how many of these have been drawn, with those of earlier audits.
    scout : Scout, optional
        As it was when it chose them.
    """

    kind: Kind
    numbers: NDArray[np.int64]
    ask: Ask
    bar: float = -np.inf
    passed_over: int = 0
    drawn: int = 0
    scout: Scout | None = None


def save_round(run: Path, number: int, made: Round) -> None:
    """Write a round down before it is scored."""
    about = {
        "kind": made.kind,
        "ask": asdict(made.ask),
        "passed_over": made.passed_over,
        "drawn": made.drawn,
    }
    arrays: dict[str, Any] = {} if made.scout is None else dict(made.scout.arrays())
    with write_atomically(_path(run, number)) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            about=np.array(json.dumps(about)),
            numbers=made.numbers,
            bar=np.array(made.bar),
            **arrays,
        )


def read_rounds(run: Path) -> list[Round]:
    """Return the rounds of a run, as far as they go.

    Raises
    ------
    UserError
        A file is damaged.
    """
    found: list[Round] = []
    while (path := _path(run, len(found))).is_file():
        try:
            with np.load(path) as stored:
                about: dict[str, Any] = json.loads(str(stored["about"]))
                scout = Scout.of(dict(stored)) if "weights" in stored else None
                ask = Ask(**about.pop("ask"))
                bar = float(stored["bar"])
                made = Round(numbers=stored["numbers"], ask=ask, bar=bar, scout=scout, **about)
                found.append(made)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} is damaged ({error}); delete it and those that follow it, and the same "
                "command does these rounds again."
            ) from error
    return found


@dataclass(frozen=True)
class Outcome:
    """How a first pass ended.

    Attributes
    ----------
    ask : Ask
    recall : Recall
    rounds : int
        After which it was reached.
    """

    ask: Ask
    recall: Recall
    rounds: int


def save_outcome(run: Path, outcome: Outcome) -> None:
    """Write down how it ended."""
    with write_atomically(run / FOLDER / "outcome.json") as temporary:
        temporary.write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")


def read_outcome(run: Path) -> Outcome | None:
    """Return how it ended; None where it has not, or where that cannot be read."""
    try:
        stored = json.loads((run / FOLDER / "outcome.json").read_text(encoding="utf-8"))
        return Outcome(Ask(**stored["ask"]), Recall(**stored["recall"]), stored["rounds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_scout(run: Path, scout: Scout) -> None:
    """Write down the scout whose guesses go into scores/."""
    arrays: dict[str, Any] = dict(scout.arrays())
    with write_atomically(scout_file(run)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _path(run: Path, number: int) -> Path:
    return run / FOLDER / f"round-{number:03d}.npz"
