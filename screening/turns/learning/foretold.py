"""What a model says of compounds, worked out from structures alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.assay import Assay
from screening.chemistry import structure_key
from screening.model import Scores, ScreeningModel
from screening.trust import Packed


@dataclass(frozen=True)
class Foretold:
    """What a model says of compounds; nobody has told it what was measured.

    Attributes
    ----------
    scores : Scores
    fingerprints : uint8 array of shape (n, n_bytes)
    seen : bool array of shape (n, n_tasks)
        Whether the model learned a label of that compound and task.
    """

    scores: Scores
    fingerprints: Packed
    seen: NDArray[np.bool_]


def foretell(model: ScreeningModel, assay: Assay) -> Foretold:
    """Return what a model says of the structures of an assay; its labels are not looked at."""
    raw = model.featurise(assay.mols)
    fingerprints = model.fingerprints(assay.mols, raw)
    places = {key: place for place, key in enumerate(model.training.keys.tolist())}
    known = np.array([places.get(structure_key(text), -1) for text in assay.smiles], np.int64)
    seen = (known >= 0)[:, None] & ~np.isnan(model.training.labels[known])
    return Foretold(model.score(raw, fingerprints), fingerprints, seen)
