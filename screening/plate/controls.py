"""Controls: compounds of the assay whose activity is known, for the plate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from screening.errors import UserError
from screening.model import ScreeningModel
from screening.model.training_table import SHIPPED
from screening.plate.layout import ACTIVE, INACTIVE

if TYPE_CHECKING:
    import pandas as pd

_LABELS = {ACTIVE: 1, INACTIVE: 0}


def known_controls(model: ScreeningModel, task: str, kinds: list[str]) -> pd.DataFrame:
    """Return compounds of the assay that the model was surest of while it had not seen them.

    Such compounds are typical of their class: an active one that looks active, and was.

    Parameters
    ----------
    model
    task
        Whose labels count.
    kinds
        `active control` or `inactive control`, as often as each is wanted.

    Returns
    -------
    DataFrame
        `kind`, `number` within its kind from 1, `id`, `smiles`, `label` (`active` or `inactive`).

    Raises
    ------
    UserError
        The assay has not so many of a class.
    """
    import pandas as pd

    training, position = model.training, model.tasks.index(task)
    said, labels = training.held_out[SHIPPED][:, position], training.labels[:, position]
    rows = []
    for kind, label in _LABELS.items():
        own, wanted = np.flatnonzero(labels == label), kinds.count(kind)
        if len(own) < wanted:
            raise UserError(
                f"{wanted} wells for known {kind.split()[0]} compounds, and the assay has "
                f"{len(own)}; give a smaller --controls."
            )
        sure = -said[own] if label else said[own]
        for number, row in enumerate(own[np.argsort(sure, kind="stable")][:wanted], start=1):
            id_, smiles = training.ids[row], training.smiles[row]
            rows.append((kind, number, id_, smiles, kind.split()[0]))
    return pd.DataFrame(rows, columns=["kind", "number", "id", "smiles", "label"])
