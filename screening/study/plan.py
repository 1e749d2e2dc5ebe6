"""Which compounds are in which part of which split, settled before any model is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.errors import UserError
from screening.evaluation import (
    Missing,
    Parts,
    draw_parts,
    grouped_parts,
    named_parts,
    random_parts,
    time_parts,
)
from screening.hits import clusters
from screening.learners import Compounds
from screening.study.options import SplitKind

# In the seed of every draw: adding a kind must not change the splits of another.
_CODES: dict[SplitKind, int] = {"scaffold": 1, "random": 2, "cluster": 3, "time": 4, "column": 5}
# Where several cuts through time are wanted, the first has seen this share.
_FIRST_CUT = 0.5


@dataclass(frozen=True)
class PlannedSplit:
    """One split.

    Attributes
    ----------
    kind : str
    number : int
        From 0 within its kind.
    parts : Parts
    redraws : int
        Draws before it that left a class out of a part.
    seed : int
        For the models that are trained on it.
    """

    kind: SplitKind
    number: int
    parts: Parts
    redraws: int
    seed: int

    @property
    def name(self) -> str:
        """For files and tables: `scaffold-03`."""
        return f"{self.kind}-{self.number:02d}"


def plan_splits(
    compounds: Compounds,
    kind: SplitKind,
    n_splits: int,
    seed: int,
    column: Sequence[str] | NDArray[np.float64] | None = None,
) -> list[PlannedSplit]:
    """Draw the splits of one kind.

    Each depends on the seed and its number alone, but for cuts through time: cut k of N looks at
    the oldest 50 % + (k / N) 50 % of the compounds.

    Parameters
    ----------
    compounds : Compounds
    kind : str
    n_splits : int
    seed : int
    column : sequence, optional
        Times, for `time`; train, valid or test, for `column`.

    Raises
    ------
    UserError
        No draw has both classes of every task in every part.
    """
    return [
        _plan_one(compounds, kind, number, seed, _way(compounds, kind, number, n_splits, column))
        for number in range(n_splits)
    ]


def _way(
    compounds: Compounds,
    kind: SplitKind,
    number: int,
    n_splits: int,
    column: Sequence[str] | NDArray[np.float64] | None,
) -> Callable[[np.random.Generator], Parts]:
    if kind == "random":
        return partial(random_parts, len(compounds))
    if kind in ("scaffold", "cluster"):
        if kind == "scaffold":
            return partial(grouped_parts, compounds.scaffolds)
        # Around leaders, in the order of the assay.
        return partial(grouped_parts, clusters(compounds.fingerprints).tolist())
    if column is None:
        raise ValueError(f"a split by {kind} needs the column")
    if kind == "column":
        return partial(named_parts, [str(name) for name in column])
    until = _FIRST_CUT + (1 - _FIRST_CUT) * (number + 1) / n_splits
    cut = time_parts(np.asarray(column, dtype=np.float64), until)
    return lambda _: cut


def _plan_one(
    compounds: Compounds,
    kind: SplitKind,
    number: int,
    seed: int,
    way: Callable[[np.random.Generator], Parts],
) -> PlannedSplit:
    labels, words = compounds.labels, [seed, _CODES[kind], number]
    # A cut through time is what it is; drawing it again would bring the same.
    drawn = draw_parts(way, labels, words, 1) if kind == "time" else draw_parts(way, labels, words)
    if drawn.parts is None:
        raise _no_split(compounds.assay, kind, number, drawn.redraws, drawn.missing)
    model_seed = int(np.random.SeedSequence([*words, 0]).generate_state(1)[0] >> 1)
    return PlannedSplit(kind, number, drawn.parts, drawn.redraws, model_seed)


def _no_split(
    assay: Assay, kind: SplitKind, number: int, redraws: int, missing: Missing | None
) -> UserError:
    lacking = ""
    if missing is not None:
        word = "active" if missing.label else "inactive"
        lacking = (
            f": the last had no {word} compound of {assay.tasks[missing.task]!r} "
            f"in its {missing.part} part"
        )
    advice = {
        "scaffold": "the classes are too few for it; try --split random or leave that target out",
        "random": "the class is too rare to be judged; leave that target out, or test more",
        "cluster": "the classes are too few for it; try --split random or leave that target out",
        "time": "try fewer --splits, or --split scaffold",
        "column": "correct the column, or split in another way",
    }[kind]
    draws = "1 draw of" if redraws == 1 else f"{redraws} draws of"
    return UserError(
        f"{assay.ledger.source}: {draws} {kind} split {number + 1} left a class out of a part"
        f"{lacking}; {advice}."
    )


def fewer_labels(
    train: NDArray[np.int64], labels: NDArray[np.float32], count: int, seed: int
) -> NDArray[np.int64]:
    """Draw `count` of the training compounds, two of each class of each task among them.

    The smaller of two draws of one seed is part of the larger.

    Parameters
    ----------
    train : array of shape (n,)
    labels : array of shape (n_compounds, n_tasks)
    count : int
    seed : int

    Returns
    -------
    array, sorted
        All of them when there are not more than `count`; more than `count` when the classes need
        as many.
    """
    order = np.random.default_rng([seed, 6]).permutation(train)
    first: list[int] = []
    for column in labels[order].T:
        for value in (0, 1):
            first.extend(order[np.flatnonzero(column == value)[:2]].tolist())
    ranked = np.array(list(dict.fromkeys([*first, *order.tolist()])), dtype=np.int64)
    return np.sort(ranked[: max(count, len(set(first)))])
