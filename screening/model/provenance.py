"""Where a model comes from: data, versions, command, learning curves."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.versions import versions

if TYPE_CHECKING:
    from ebm.train import History
    from screening.assay import Assay
    from screening.learners import ModelOptions
    from screening.learners.member import Member


def describe_origin(assay: Assay, options: ModelOptions) -> dict[str, Any]:
    """Return what the model was made from, as a JSON-able dict."""
    counts = {
        task: {
            "active": int((column == 1).sum()),
            "inactive": int((column == 0).sum()),
            "missing": int(np.isnan(column).sum()),
        }
        for task, column in zip(assay.tasks, assay.labels.T, strict=True)
    }
    return {
        "source": assay.ledger.source,
        "data_hash": data_hash(assay),
        "compounds": len(assay),
        "counts": counts,
        "ledger": assay.ledger.to_dict(),
        "rules": {task: rule.to_dict() for task, rule in assay.rules.items()},
        "conflicts": assay.conflicts,
        "versions": versions(),
        "command": command_line(),
        "seed": options.seed,
    }


def data_hash(assay: Assay) -> str:
    """Return the SHA-256 of structures and labels, in the order of the file."""
    digest = hashlib.sha256()
    for smiles, labels in zip(assay.smiles, assay.labels, strict=True):
        digest.update(f"{smiles} {' '.join(map(str, labels.tolist()))}\n".encode())
    return digest.hexdigest()


def command_line() -> str:
    """Return the command that is running, with the program's name instead of its path."""
    return " ".join([PurePath(sys.argv[0]).name, *sys.argv[1:]])


def learning_curves(members: Sequence[Member], pretraining: Sequence[History]) -> dict[str, Any]:
    """Return the means over members, and over folds, of what was measured while training.

    Parameters
    ----------
    members
        Of the final ensemble.
    pretraining
        Of each fold's RBM, with the held-out compounds' free energy beside that of its own.
    """
    gaps = np.array(
        [history.column("free_energy_gap_nats") for history in pretraining], dtype=float
    )
    losses = np.array(
        [[row["train_loss_nats"] for row in m.finetuning["records"]] for m in members]
    )
    return {
        "fine_tuning_loss_nats": np.round(losses.mean(axis=0), 5).tolist(),
        "free_energy_gap_nats": np.round(gaps.mean(axis=0), 5).tolist() if gaps.size else [],
    }
