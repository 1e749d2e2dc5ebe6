"""The applicability domain: how similar the nearest training compound must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.trust.novelty import percentile_among


@dataclass(frozen=True)
class Domain:
    """What held-out training compounds looked like to models that had not seen their scaffolds.

    Similarity alone decides what is inside: errors hardly follow the novelty, and it misses small
    foreign compounds (docs/decisions.md, "What a score is worth").

    Attributes
    ----------
    novelties : float64 array, ascending
        Their novelty in nats, for the percentile of a new compound's.
    similarity_limit : float
        Similarity to the nearest training compound below which a molecule is outside.
    """

    novelties: NDArray[np.float64]
    similarity_limit: float

    def percentile(self, novelty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where each novelty lies among the held-out compounds, 0-100."""
        return percentile_among(novelty, self.novelties)

    def contains(self, similarity: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Tell which molecules are inside, by the similarity to their nearest training compound."""
        return np.asarray(similarity >= self.similarity_limit)


def fit_domain(
    novelties: NDArray[np.float64], similarities: NDArray[np.float32], share_outside: float = 0.05
) -> Domain:
    """Put the limit where it leaves a share of the held-out compounds outside."""
    return Domain(
        novelties=np.sort(novelties),
        similarity_limit=round(float(np.quantile(similarities, share_outside)), 6),
    )
