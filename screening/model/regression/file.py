"""The file of a model of values: one zip of JSON, safetensors and Parquet, as all models are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry import Failure, prepare_molecule
from screening.features import BlockSet, Encoder
from screening.learners import ModelOptions
from screening.learners.voices.arrays import Arrays, named, under
from screening.model.archive import (
    VALUES,
    as_json,
    evenly,
    file_hash,
    from_json,
    not_reproduced,
    opened,
    write_archive,
)
from screening.model.regression.model import RegressionModel
from screening.model.soundness import require_columns, require_finite
from screening.model.training_table import TrainingTable
from screening.model.values import values_from_state, values_to_state
from screening.versions import versions

# Of a predicted value, in standard deviations of those learned from.
_TOLERANCE = 1e-4


def save_regression(model: RegressionModel, path: Path) -> None:
    """Write a model to one file, whole or not at all; `model.model_hash` is set."""
    encoder, of_encoder = model.encoder.to_state()
    values, of_values = values_to_state(model.values, model.tasks)
    arrays = named("encoder.", of_encoder) | of_values
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
        same = now.shape == then.shape and bool((np.abs(now - then) <= _TOLERANCE * spreads).all())
        if not same:
            raise not_reproduced(path, "values", stored["versions"])
    model.model_hash = file_hash(path)
    return model


def _build(description: Mapping[str, Any], arrays: Arrays, table: bytes) -> RegressionModel:
    require_finite(arrays)
    tasks = tuple(description["tasks"])
    encoder = Encoder.from_state(description["encoder"], under("encoder.", arrays))
    n_columns = int(description["columns"])
    require_columns(encoder, n_columns)
    features = BlockSet.from_config(description["features"])
    limit = float(description["similarity_limit"])
    if not 0 <= limit <= 1:
        raise ValueError(f"the limit of similarity is {limit!r}")
    values = values_from_state(description["values"], arrays, tasks, encoder, features)
    if set(values) != set(tasks):
        raise ValueError("its values are not those of its tasks")
    training = TrainingTable.from_parquet(table, tasks)
    if not len(training):
        raise ValueError("there are no training compounds")
    return RegressionModel(
        options=ModelOptions.from_dict(description["options"]),
        tasks=tasks,
        features=features,
        encoder=encoder,
        values=values,
        similarity_limit=limit,
        training=training,
        quality=description["quality"],
        provenance=description["provenance"],
    )


def _canaries(model: RegressionModel) -> dict[str, Any]:
    smiles = evenly(model.training.smiles)
    return {"versions": versions(), "smiles": smiles, "values": _said(model, smiles).tolist()}


def _said(model: RegressionModel, smiles: list[str]) -> NDArray[np.float64]:
    """Return values on the learned scales, shape (n, n_tasks)."""
    read = (prepare_molecule(text, model.standardiser, model.options.limits) for text in smiles)
    mols = [mol for mol in read if not isinstance(mol, Failure)]
    raw = model.features.by_block(mols)
    _, similarity = model.training.nearest(model.features.packed_morgan(mols, raw))
    return model.predict_near(raw, similarity)[0]
