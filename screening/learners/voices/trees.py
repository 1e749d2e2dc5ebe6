"""Forests as a voice that a model keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from screening.features import Encoder
from screening.learners.forest.stored import StoredForest
from screening.learners.voices.arrays import Arrays, named, under
from screening.learners.voices.voice import Seen, State


@dataclass(frozen=True)
class StoredForests:
    """The forests of a model as they are kept.

    Attributes
    ----------
    encoder : Encoder
        Of what the forests see: the networks' own, or one of other blocks.
    forests : tuple of StoredForest or None
        One a task; None for a task that they have nothing to say of.
    """

    encoder: Encoder
    forests: tuple[StoredForest | None, ...]

    def logits(self, seen: Seen) -> NDArray[np.float64]:
        """Return logits of shape (n, n_tasks); infinite where all trees agree, NaN without any."""
        visible = seen.by(self.encoder)
        return np.column_stack(
            [
                np.full(len(seen), np.nan) if forest is None else logit(forest.probability(visible))
                for forest in self.forests
            ]
        )

    def encoders(self) -> list[Encoder]:
        """Return the one encoder."""
        return [self.encoder]

    def to_state(self, networks: Encoder) -> State:
        """Return a JSON-able description and the arrays by name.

        The encoder is described only where it is not the networks'.
        """
        encoder, arrays = None, {}
        if self.encoder is not networks:
            encoder, own = self.encoder.to_state()
            arrays = named("encoder.", own)
        for task, forest in enumerate(self.forests):
            if forest is not None:
                arrays |= named(f"{task}.", forest.to_arrays())
        return {"encoder": encoder}, arrays

    @classmethod
    def from_state(
        cls, described: Mapping[str, Any], arrays: Arrays, networks: Encoder, n_tasks: int
    ) -> Self:
        """Build what `to_state` described.

        Raises
        ------
        ValueError
            A forest's trees do not end, or look at columns that there are not.
        """
        encoder = networks
        if described["encoder"] is not None:
            encoder = Encoder.from_state(described["encoder"], under("encoder.", arrays))
        n_columns = len(encoder.get_feature_names_out())
        found: list[StoredForest | None] = []
        for task in range(n_tasks):
            own = under(f"{task}.", arrays)
            found.append(StoredForest.from_arrays(own, n_columns) if own else None)
        return cls(encoder, tuple(found))
