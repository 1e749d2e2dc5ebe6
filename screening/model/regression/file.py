"""The file of a model of values: one zip of JSON, safetensors and Parquet, as all models are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry import Failure, prepare_molecule
from screening.errors import UserError
from screening.features import BlockSet, Encoder
from screening.learners import ModelOptions
from screening.model.archive import (
    VALUES,
    Arrays,
    as_json,
    file_hash,
    from_json,
    named,
    opened,
    under,
    write_archive,
)
from screening.model.file import CANARIES, TOLERANCE
from screening.model.regression.model import RegressionModel
from screening.model.soundness import require_columns, require_finite
from screening.model.training_table import TrainingTable
from screening.model.values import ValueModel
from screening.versions import versions


def save_regression(model: RegressionModel, path: Path) -> None:
    """Write a model to one file, whole or not at all; `model.model_hash` is set."""
    encoder, of_encoder = model.encoder.to_state()
    arrays: dict[str, NDArray[Any]] = named("encoder.", of_encoder)
    values = {}
    for index, task in enumerate(model.tasks):
        values[task], own = model.values[task].to_state()
        arrays |= named(f"values.{index}.", own)
    description: dict[str, Any] = {
        "tasks": list(model.tasks),
        "options": model.options.to_dict(),
        "features": model.features.to_config(),
        "encoder": encoder,
        "columns": len(model.encoder.get_feature_names_out()),
        "values": values,
        "similarity_limit": model.similarity_limit,
        "quality": model.quality,
        "provenance": model.provenance,
    }
    model.model_hash = write_archive(
        path, VALUES, description, arrays, model.training.to_parquet(), as_json(_canaries(model))
    )


def load_regression(path: Path) -> RegressionModel:
    """Read a model of values, and check that it still says what it was stored with.

    Raises
    ------
    UserError
        The file is missing, damaged, cut short, too large, of another kind or of a newer version,
        or its values cannot be reproduced here.
    """
    with opened(path, VALUES) as (description, arrays, (table, canaries)):
        model = _build(description, arrays, table)
        stored = from_json(canaries)
        now, then = _said(model, stored["smiles"]), np.array(stored["values"], dtype=np.float64)
        spreads = np.array([model.values[task].spread for task in model.tasks])
        same = now.shape == then.shape and bool((np.abs(now - then) <= TOLERANCE * spreads).all())
    if not same:
        raise UserError(
            f"{path} gives other values here than when it was trained (with "
            f"{', '.join(f'{k} {v}' for k, v in stored['versions'].items())}); install the "
            "versions it was trained with, or train it again."
        )
    model.model_hash = file_hash(path)
    return model


def _build(description: Mapping[str, Any], arrays: Arrays, table: bytes) -> RegressionModel:
    require_finite(arrays)
    tasks = tuple(description["tasks"])
    encoder = Encoder.from_state(description["encoder"], under("encoder.", arrays))
    n_columns = int(description["columns"])
    require_columns(encoder, n_columns)
    features = BlockSet.from_config(description["features"])
    widths = {block.name: getattr(block, "n_bits", 0) for block in features.blocks}
    limit = float(description["similarity_limit"])
    if not 0 <= limit <= 1:
        raise ValueError(f"the limit of similarity is {limit!r}")
    training = TrainingTable.from_parquet(table, tasks)
    if not len(training):
        raise ValueError("there are no training compounds")
    return RegressionModel(
        options=ModelOptions.from_dict(description["options"]),
        tasks=tasks,
        features=features,
        encoder=encoder,
        values={
            task: ValueModel.from_state(
                description["values"][task],
                under(f"values.{index}.", arrays),
                widths=widths,
                n_columns=n_columns,
            )
            for index, task in enumerate(tasks)
        },
        similarity_limit=limit,
        training=training,
        quality=description["quality"],
        provenance=description["provenance"],
    )


def _canaries(model: RegressionModel) -> dict[str, Any]:
    chosen = np.unique(np.linspace(0, len(model.training) - 1, CANARIES).astype(int))
    smiles = [model.training.smiles[place] for place in chosen]
    return {"versions": versions(), "smiles": smiles, "values": _said(model, smiles).tolist()}


def _said(model: RegressionModel, smiles: list[str]) -> NDArray[np.float64]:
    """Return values on the learned scales, shape (n, n_tasks)."""
    read = (prepare_molecule(text, model.standardiser, model.options.limits) for text in smiles)
    mols = [mol for mol in read if not isinstance(mol, Failure)]
    raw = model.features.by_block(mols)
    _, similarity = model.training.nearest(model.features.packed_morgan(mols, raw))
    return model.predict_near(raw, similarity)[0]
