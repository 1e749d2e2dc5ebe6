"""What a search is of, so that it can only be continued as it began."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Any

from screening.assay import Assay
from screening.model import ModelOptions, Pretrained, versions
from screening.model.provenance import data_hash
from screening.tuning.space import Space, described


def describe(
    assay: Assay, options: ModelOptions, space: Space, pretrained: Pretrained | None
) -> dict[str, Any]:
    """Return everything that a trial depends on beside its number."""
    return {
        "ebmscreen": versions()["ebmscreen"],
        # Another version may propose other settings.
        "optuna": version("optuna"),
        "assay": data_hash(assay),
        "tasks": list(assay.tasks),
        "options": options.to_dict(),
        "searched": described(space),
        "pretrained": None if pretrained is None else _stack_hash(pretrained),
    }


def _stack_hash(pretrained: Pretrained) -> str:
    """Return a hash of the weights: a stack that was never saved has no file to know it by."""
    digest = hashlib.sha256()
    for tensor in pretrained.dbn.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
