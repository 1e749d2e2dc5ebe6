"""One member of the ensemble: a network on some columns, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ebm.plain import FeedForward


@dataclass(frozen=True, eq=False)
class Member:
    """A trained network.

    Attributes
    ----------
    columns : int64 array
        Columns of the encoded matrix that the network sees, ascending.
    network : FeedForward
    finetuning : dict
        `ebm.finetune.FinetuneHistory.to_dict` of its training.
    """

    columns: NDArray[np.int64]
    network: FeedForward
    finetuning: dict[str, Any]
