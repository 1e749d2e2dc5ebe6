"""Three parts of an assay - to learn from, to choose a threshold on, to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.splits import Indices, fill_with_groups

HELD_OUT = 0.1
MAX_DRAWS = 1000


@dataclass(frozen=True)
class Parts:
    """Three parts of a set of compounds, as sorted indices; no compound is in two of them."""

    train: Indices
    valid: Indices
    test: Indices

    def named(self) -> dict[str, Indices]:
        """Return the parts by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


class Missing(NamedTuple):
    """A class of a task, by number, that none of a part's compounds has."""

    part: str
    task: int
    label: int


@dataclass(frozen=True)
class DrawnParts:
    """What drawing until both classes of every task were in every part came to.

    Attributes
    ----------
    parts : Parts or None
        None when no draw had them all.
    redraws : int
        Draws that lacked a class.
    missing : Missing or None
        What the last of those lacked.
    """

    parts: Parts | None
    redraws: int
    missing: Missing | None


def random_parts(n: int, rng: np.random.Generator) -> Parts:
    """Hold out a tenth of the compounds twice, at random and whatever their class."""
    order = rng.permutation(n)
    room = _room(n)
    return _parts(n, valid=order[room : 2 * room], test=order[:room])


def grouped_parts(groups: Sequence[Hashable], rng: np.random.Generator) -> Parts:
    """Hold out a tenth of the compounds twice, in whole groups; see `fill_with_groups`.

    Parameters
    ----------
    groups
        Scaffold or cluster of each compound. Compounds without a ring share the empty scaffold
        and stay together.
    rng
        Chooses the order.
    """
    test, valid = fill_with_groups(groups, _room(len(groups)), 2, rng)
    return _parts(len(groups), valid=valid, test=test)


def time_parts(times: NDArray[np.float64], until: float = 1.0) -> Parts:
    """Learn from the oldest 80 %, choose on the next tenth, judge by the newest.

    Compounds of one time stay together: each part begins with a new time.

    Parameters
    ----------
    times : array of shape (n,)
        When each compound was measured, in any unit.
    until : float in (0, 1]
        Only this share, the oldest, is looked at; the rest is in no part.
    """
    order = np.argsort(times, kind="stable")[: round(until * len(times))]
    seen = times[order]
    room = min(_room(len(seen)), len(seen) // 2)
    begin_valid = seen[len(seen) - 2 * room]
    later = seen[(seen > begin_valid) & (seen >= seen[len(seen) - room])]
    begin_test = later[0] if len(later) else np.inf
    return Parts(
        np.sort(order[seen < begin_valid]),
        np.sort(order[(seen >= begin_valid) & (seen < begin_test)]),
        np.sort(order[seen >= begin_test]),
    )


def named_parts(names: Sequence[str], rng: np.random.Generator) -> Parts:
    """Take the parts that were named; draw a validation part when there is none.

    Parameters
    ----------
    names
        train, valid or test for each compound.
    rng
        Chooses a tenth of the training compounds when no compound is in `valid`.
    """
    where = np.array(names)
    train, valid, test = (np.flatnonzero(where == name) for name in ("train", "valid", "test"))
    if not len(valid):
        valid = np.sort(rng.permutation(train)[: _room(len(train))])
        train = np.setdiff1d(train, valid)
    return Parts(train, valid, test)


def missing_class(parts: Parts, labels: NDArray[np.float32]) -> Missing | None:
    """Return the first class of a task that is absent from a part; None when all are there.

    Parameters
    ----------
    parts : Parts
    labels : array of shape (n, n_tasks)
        0, 1, or NaN where missing.
    """
    for name, rows in parts.named().items():
        for label in (1, 0):
            absent = ~(labels[rows] == label).any(axis=0)
            if absent.any():
                return Missing(name, int(np.argmax(absent)), label)
    return None


def draw_parts(
    draw: Callable[[np.random.Generator], Parts],
    labels: NDArray[np.float32],
    seed: Sequence[int],
    max_draws: int = MAX_DRAWS,
) -> DrawnParts:
    """Draw until every part holds both classes of every task.

    Parameters
    ----------
    draw
        Makes parts from a generator.
    labels : array of shape (n, n_tasks)
    seed : sequence of int
        Decides every draw; the number of the draw is added to it.
    max_draws : int
        After as many there are no parts.
    """
    missing: Missing | None = None
    for attempt in range(max_draws):
        parts = draw(np.random.default_rng([*seed, attempt]))
        lacking = missing_class(parts, labels)
        if lacking is None:
            return DrawnParts(parts, attempt, missing)
        missing = lacking
    return DrawnParts(None, max_draws, missing)


def _room(n: int) -> int:
    return max(1, round(HELD_OUT * n))


def _parts(n: int, valid: Sequence[int] | Indices, test: Sequence[int] | Indices) -> Parts:
    part = np.zeros(n, dtype=np.int8)
    part[np.asarray(valid, dtype=np.int64)] = 1
    part[np.asarray(test, dtype=np.int64)] = 2
    return Parts(*(np.flatnonzero(part == number) for number in range(3)))
