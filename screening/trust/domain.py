"""The applicability domain: novelty to the RBM and similarity to the nearest training compound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.trust.novelty import percentile_among


@dataclass(frozen=True)
class Domain:
    """What held-out training compounds looked like to models that had not seen their scaffolds.

    Attributes
    ----------
    novelties : float64 array, ascending
        Their novelty in nats.
    novelty_limit : float
        Percentile above which a molecule is outside.
    similarity_limit : float
        Similarity to the nearest training compound below which a molecule is outside.
    """

    novelties: NDArray[np.float64]
    novelty_limit: float
    similarity_limit: float

    def percentile(self, novelty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where each novelty lies among the held-out compounds, 0-100."""
        return percentile_among(novelty, self.novelties)

    def contains(
        self, percentile: NDArray[np.float64], similarity: NDArray[np.floating[Any]]
    ) -> NDArray[np.bool_]:
        """Tell which molecules are inside by both measures."""
        return (percentile <= self.novelty_limit) & (similarity >= self.similarity_limit)


def fit_domain(
    novelties: NDArray[np.float64], similarities: NDArray[np.float32], share_outside: float = 0.05
) -> Domain:
    """Put the limits where each measure leaves a share of the held-out compounds outside."""
    return Domain(
        novelties=np.sort(novelties),
        novelty_limit=100 * (1 - share_outside),
        similarity_limit=round(float(np.quantile(similarities, share_outside)), 6),
    )
