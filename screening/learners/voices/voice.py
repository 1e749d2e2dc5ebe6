"""What every voice beside the networks has in common: it learns, it is asked, it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from screening.features import Encoder, RawFeatures, Visible
from screening.learners.compounds import Compounds, Rows
from screening.learners.learner import Logits, Part
from screening.progress import OnStep, ignore_steps

# A voice as a file keeps it: what JSON can say, and arrays by name.
State = tuple[dict[str, Any], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Seen:
    """Molecules to be scored, each block and its encoding computed once for all voices.

    Attributes
    ----------
    raw : RawFeatures
    encoder : Encoder
        The networks'.
    visible : Visible
        The molecules as it encodes them.
    by_kernel : float64 array of shape (n, n_tasks), optional
        Logits of the kernel machine, where similarities to its compounds were at hand.
    """

    raw: RawFeatures
    encoder: Encoder
    visible: Visible
    by_kernel: NDArray[np.float64] | None = None

    def by(self, encoder: Encoder) -> Visible:
        """Return the molecules as an encoder encodes them."""
        return self.visible if encoder is self.encoder else encoder.encode(self.raw)

    def __len__(self) -> int:
        return len(self.visible)


class StoredVoice(Protocol):
    """A voice as a model keeps it: arrays that are computed with in numpy and scipy alone."""

    def logits(self, seen: Seen) -> NDArray[np.float64]:
        """Return logits of shape (n, n_tasks); NaN for a task that it has nothing to say of.

        A row depends on its molecule alone.
        """

    def encoders(self) -> list[Encoder]:
        """Return what it encodes molecules with; nothing where it sees blocks as they are."""

    def to_state(self, networks: Encoder) -> State:
        """Return how a file keeps it; what it shares with the networks is not kept again."""


class FittedVoice(Protocol):
    """What a voice made of one part."""

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return logits of being active, shape (n_rows, n_tasks); NaN for a task not learned."""

    def at_random(self, part: Part, folds: Sequence[Part]) -> Logits:
        """Return what is said of each compound of the part by what has not learned from it.

        Shape (n_compounds, n_tasks); NaN where no label was learned.

        Parameters
        ----------
        part
            That was learned from.
        folds
            The same compounds cut into folds at random, each to be asked of the others.
        """

    def stored(self, wanted: Sequence[bool]) -> StoredVoice:
        """Return what a model keeps of it: of the wanted tasks."""


class Voice(Protocol):
    """A learner whose logits are blended with the networks'; equal ones learn the same."""

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedVoice]:
        """See `Learner.fit_parts`."""

    def __hash__(self) -> int: ...
