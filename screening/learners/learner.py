"""What every model that can be judged or shipped has in common: it learns from a part of an assay.

A `Learner` fits on parts of prepared compounds and gives a `Fitted` for each; a `Fitted` gives
logits of other compounds. `hold_out` makes the held-out predictions of any learner on any parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.assay import TaughtAs, taught_labels
from screening.evaluation import random_folds
from screening.features import Encoder
from screening.learners.compounds import Compounds, Rows
from screening.learners.options import held_out_folds
from screening.progress import OnStep, ignore_steps
from screening.trust.neighbours import nearest

Logits = NDArray[np.float64]


def _no_rows() -> Rows:
    return np.zeros(0, dtype=np.int64)


@dataclass(eq=False)
class Part:
    """Some compounds to learn from, and how these alone teach to encode compounds.

    Attributes
    ----------
    compounds : Compounds
    rows : int64 array
        The compounds to learn from.
    asked : int64 array
        Compounds that are asked for afterwards. They teach nothing.
    validation : int64 array
        Compounds, of those asked for or not, that a learner may calibrate itself on.
    number : int
        Of the part among those that are learned from together; seeds follow from it.
    is_fold : bool
        Whether what is learned only predicts a fold, and is smaller therefore: see
        `held_out_members` and `HELD_OUT_TREES`.
    """

    compounds: Compounds
    rows: Rows
    asked: Rows = field(default_factory=_no_rows)
    validation: Rows = field(default_factory=_no_rows)
    number: int = 0
    is_fold: bool = False

    def __post_init__(self) -> None:
        self._encoders: dict[tuple[str, ...], Encoder] = {}
        self._encoded: dict[int, tuple[Encoder, csr_matrix]] = {}

    @property
    def labels(self) -> NDArray[np.float32]:
        """Labels of the compounds to learn from, shape (n, n_tasks), NaN where missing."""
        return self.compounds.labels[self.rows]

    def taught(self, taught_as: TaughtAs) -> NDArray[np.float32]:
        """Return these labels as networks and forests learn them; see `taught_labels`."""
        return taught_labels(self.compounds.assay, self.rows, taught_as)

    def labelled(self, task: int) -> Rows | None:
        """Return the places in `rows` with a label of a task; None where one class is missing."""
        labels = self.labels[:, task]
        known = np.flatnonzero(~np.isnan(labels))
        return known if len(np.unique(labels[known])) == 2 else None

    def encoder(self, blocks: Sequence[str]) -> Encoder:
        """Return an encoder of these feature blocks, learned from this part alone, and kept."""
        key = tuple(blocks)
        if key not in self._encoders:
            self._encoders[key] = Encoder().fit(self.compounds.raw(key).take(self.rows))
        return self._encoders[key]

    def encoded(self, encoder: Encoder) -> csr_matrix:
        """Return the compounds to learn from as an encoder sees them; kept."""
        if id(encoder) not in self._encoded:
            self._encoded[id(encoder)] = encoder, encode(encoder, self.compounds, self.rows)
        return self._encoded[id(encoder)][1]

    def similarity(self, compounds: Compounds, rows: Rows) -> NDArray[np.float32]:
        """Return how similar compounds are to the nearest one to learn from, shape (n_rows,)."""
        known = self.compounds.fingerprints[self.rows]
        return nearest(compounds.fingerprints[rows], known)[1]


def encode(encoder: Encoder, compounds: Compounds, rows: Rows) -> csr_matrix:
    """Return some compounds as an encoder sees them."""
    blocks = [*encoder.bits_, *encoder.grids_]
    return encoder.transform(compounds.raw(blocks).take(rows))


class Fitted(Protocol):
    """What a learner made of one part."""

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return log odds of being active, shape (n_rows, n_tasks); NaN for a task not learned."""


class Learner(Protocol):
    """What can learn from parts of an assay."""

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[Fitted]:
        """Yield what is learned from each part, in order; the same for any number of workers.

        Parameters
        ----------
        parts
            Learned from beside each other, where that keeps processes busy.
        workers
            Processes.
        on_step
            Is told (stage, done, total).
        """


_Fitted = TypeVar("_Fitted", bound=Fitted)


def hold_out(
    learner: Learner,
    parts: Sequence[Part],
    *,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> Logits:
    """Return what a learner says of each compound that a part asks for, shape (n, n_tasks).

    Parameters
    ----------
    learner
    parts
        Of the same compounds; no compound is asked for by two of them. Compounds that none asks for
        are NaN.
    workers, on_step
        As for `Learner.fit_parts`.
    """
    return ask(learner.fit_parts(parts, workers=workers, on_step=on_step), parts)[0]


def ask(fitted: Iterable[_Fitted], parts: Sequence[Part]) -> tuple[Logits, _Fitted]:
    """Return what each says of the compounds that its part asks for (see `hold_out`), and the last.

    The others are let go once they have been asked: a forest of a large assay takes a gigabyte.
    """
    out = np.full(parts[0].compounds.labels.shape, np.nan)
    for part, own in zip(parts, fitted, strict=True):
        if len(part.asked):
            out[part.asked] = own.logits(part.compounds, part.asked)
    return out, own


def fold_parts(part: Part, n_folds: int, seed: int) -> list[Part]:
    """Cut the compounds of a part into folds by scaffold, each to be asked of the others.

    Parameters
    ----------
    part
    n_folds
        At most so many; large assays have fewer (see `held_out_folds`).
    seed
        Of the cut; see `scaffold_folds`.
    """
    n_folds = held_out_folds(n_folds, len(part.rows))
    return [
        Part(part.compounds, split.train, split.test, number=number, is_fold=True)
        for number, split in enumerate(part.compounds.folds(part.rows, n_folds, seed))
    ]


def random_fold_parts(part: Part, n_folds: int, seed: int) -> list[Part]:
    """Cut the compounds of a part into folds at random, each to be asked of the others.

    Parameters
    ----------
    part
    n_folds
        At most so many, as for `fold_parts`.
    seed
        Of the cut; see `random_folds`.
    """
    n_folds = held_out_folds(n_folds, len(part.rows))
    first = part.number + 1
    return [
        Part(part.compounds, part.rows[fold.train], part.rows[fold.test], number=n, is_fold=True)
        for n, fold in enumerate(random_folds(part.labels, n_folds, seed), start=first)
    ]
