"""The model file: one zip of JSON, safetensors and Parquet. Nothing in it can run code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ebm.plain import FeedForward, PlainRBM
from screening.chemistry import Failure
from screening.errors import UserError
from screening.features import BlockSet, Encoder
from screening.learners import ModelOptions
from screening.learners.blend import ForestBlend, Spreads
from screening.learners.ensemble import Ensemble
from screening.learners.forest import StoredForest
from screening.learners.member import Member
from screening.model.archive import (
    MODEL,
    Arrays,
    as_json,
    file_hash,
    from_json,
    named,
    opened,
    under,
    write_archive,
)
from screening.model.screening_model import ScreeningModel
from screening.model.soundness import (
    require_columns,
    require_finite,
    require_places,
    require_sound,
)
from screening.model.training_table import TrainingTable
from screening.model.turns import Turn
from screening.model.values import ValueModel
from screening.trust import Calibration, Conformal, Domain, Novelty
from screening.versions import versions

CANARIES = 8
TOLERANCE = 1e-4


def save_model(model: ScreeningModel, path: Path) -> None:
    """Write a model to one file, whole or not at all; `model.model_hash` is set."""
    arrays, members = _arrays(model)
    blend, of_blend = _forest_blend_to_state(model.forest_blend, model.encoder)
    encoder, of_encoder = model.encoder.to_state()
    rbm, of_rbm = model.novelty.rbm.to_state()
    arrays |= of_blend | named("encoder.", of_encoder) | named("novelty.rbm.", of_rbm)
    description: dict[str, Any] = {
        "tasks": list(model.tasks),
        "options": model.options.to_dict(),
        "features": model.features.to_config(),
        "encoder": encoder,
        "members": members,
        "novelty": {"rbm": rbm, "centre": model.novelty.centre},
        "forest_blend": blend,
        "calibrations": [vars(c) for c in model.calibrations],
        "thresholds": model.thresholds,
        "domain": {"similarity_limit": model.domain.similarity_limit},
        "quality": model.quality,
        "provenance": model.provenance,
        "turns": [turn.to_dict() for turn in model.turns],
    }
    # A model without is the file that it always was.
    for task, one in model.values.items():
        described, own = one.to_state()
        description.setdefault("values", {})[task] = described
        arrays |= named(f"values.{model.tasks.index(task)}.", own)
    model.model_hash = write_archive(
        path, MODEL, description, arrays, model.training.to_parquet(), as_json(_canaries(model))
    )


def load_model(path: Path) -> ScreeningModel:
    """Read a model file, on the CPU, and check that it still gives the scores it was stored with.

    Raises
    ------
    UserError
        The file is missing, damaged, cut short, too large, of another kind or of a newer version,
        or its scores cannot be reproduced here.
    """
    with opened(path, MODEL) as (description, arrays, (table, canaries)):
        model = _build(description, arrays, table)
        require_sound(model)
        _check_canaries(path, model, from_json(canaries))
    model.model_hash = file_hash(path)
    return model


def _arrays(model: ScreeningModel) -> tuple[dict[str, NDArray[Any]], list[dict[str, Any]]]:
    """Return the arrays of all but encoders, RBM and forests, and the members described."""
    arrays: dict[str, NDArray[Any]] = {
        "novelty.bit_logits": model.novelty.bit_logits,
        "domain.novelties": model.domain.novelties,
    }
    members = []
    for number, member in enumerate(model.ensemble.members):
        network, own = member.network.to_state()
        arrays |= named(f"member.{number}.network.", own)
        arrays[f"member.{number}.columns"] = member.columns
        members.append({"network": network, "finetuning": _untimed(member.finetuning)})
    for task, conformal in enumerate(model.conformals):
        arrays |= named(f"conformal.{task}.", asdict(conformal))
    return arrays, members


def _untimed(history: Mapping[str, Any]) -> dict[str, Any]:
    """Return a history without its seconds: the same training gives the same file."""
    records = [{k: v for k, v in row.items() if k != "seconds"} for row in history["records"]]
    return {**history, "records": records}


def _build(description: dict[str, Any], arrays: Arrays, table: bytes) -> ScreeningModel:
    require_finite(arrays)
    tasks = tuple(description["tasks"])
    encoder = Encoder.from_state(description["encoder"], under("encoder.", arrays))
    n_columns = len(arrays["novelty.bit_logits"])
    require_columns(encoder, n_columns)
    members = []
    for number, stored in enumerate(description["members"]):
        own = under(f"member.{number}.", arrays)
        require_places(own["columns"], n_columns)
        network = FeedForward.from_state(stored["network"], under("network.", own))
        members.append(Member(own["columns"], network, _untimed(stored["finetuning"])))
    rbm = PlainRBM.from_state(description["novelty"]["rbm"], under("novelty.rbm.", arrays))
    novelty = Novelty(rbm, arrays["novelty.bit_logits"], description["novelty"]["centre"])
    conformals = [Conformal(**under(f"conformal.{task}.", arrays)) for task in range(len(tasks))]
    options = ModelOptions.from_dict(description["options"])
    features = BlockSet.from_config(description["features"])
    blend = _forest_blend_from_state(description["forest_blend"], arrays, encoder)
    if (blend is None) != (options.blend == "none"):
        raise ValueError(f"its forests are not those of blend {options.blend!r}")
    return ScreeningModel(
        options=options,
        tasks=tasks,
        features=features,
        encoder=encoder,
        ensemble=Ensemble(members, n_columns, encoder.dense_from()),
        forest_blend=blend,
        novelty=novelty,
        calibrations=[Calibration(**c) for c in description["calibrations"]],
        conformals=conformals,
        thresholds=[float(t) for t, _ in zip(description["thresholds"], tasks, strict=True)],
        # Some files also hold a limit of novelty, which decides nothing.
        domain=Domain(arrays["domain.novelties"], description["domain"]["similarity_limit"]),
        training=TrainingTable.from_parquet(table, tasks),
        quality=description["quality"],
        provenance=description["provenance"],
        turns=_turns(description),
        values=_values(description, arrays, encoder if blend is None else blend.encoder, features),
    )


def _values(
    description: Mapping[str, Any], arrays: Arrays, encoder: Encoder, features: BlockSet
) -> dict[str, ValueModel]:
    """Return the value models by task; files of earlier versions have none."""
    tasks = list(description["tasks"])
    widths = {block.name: getattr(block, "n_bits", 0) for block in features.blocks}
    n_columns = len(encoder.get_feature_names_out())
    return {
        task: ValueModel.from_state(
            described,
            under(f"values.{tasks.index(task)}.", arrays),
            widths=widths,
            n_columns=n_columns,
        )
        for task, described in description.get("values", {}).items()
    }


def _turns(description: dict[str, Any]) -> list[Turn]:
    """Return the turns that led to the model; files of earlier versions have none."""
    stored = description.get("turns", [])
    if not isinstance(stored, list):
        raise TypeError("its turns are no list")
    return [Turn.from_dict(turn) for turn in stored]


def _forest_blend_to_state(
    blend: ForestBlend | None, networks: Encoder
) -> tuple[dict[str, Any] | None, dict[str, NDArray[Any]]]:
    """Return a JSON-able description, None without forests, and the arrays by name.

    The encoder is described only where it is not the networks'.
    """
    if blend is None:
        return None, {}
    encoder, arrays = None, {}
    if blend.encoder is not networks:
        encoder, own = blend.encoder.to_state()
        arrays = named("forest.encoder.", own)
    for task, forest in enumerate(blend.forests):
        if forest is not None:
            arrays |= named(f"forest.{task}.", forest.to_arrays())
    return {"encoder": encoder, "blends": [vars(b) for b in blend.spreads]}, arrays


def _forest_blend_from_state(
    description: Mapping[str, Any] | None, arrays: Arrays, networks: Encoder
) -> ForestBlend | None:
    """Build what `_forest_blend_to_state` described.

    Raises
    ------
    ValueError
        A forest's trees do not end, or look at columns that there are not.
    """
    if description is None:
        return None
    encoder = networks
    if description["encoder"] is not None:
        encoder = Encoder.from_state(description["encoder"], under("forest.encoder.", arrays))
    n_columns = len(encoder.get_feature_names_out())
    spreads = tuple(Spreads(**spreads) for spreads in description["blends"])
    found: list[StoredForest | None] = []
    for task in range(len(spreads)):
        own = under(f"forest.{task}.", arrays)
        found.append(StoredForest.from_arrays(own, n_columns) if own else None)
    return ForestBlend(encoder, tuple(found), spreads)


def _canaries(model: ScreeningModel) -> dict[str, Any]:
    order = np.argsort(model.training.labels[:, 0], kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, CANARIES).astype(int))]
    smiles = [model.training.smiles[i] for i in chosen]
    return {"versions": versions(), "smiles": smiles, "scores": _scores(model, smiles).tolist()}


def _scores(model: ScreeningModel, smiles: list[str]) -> Any:
    mols = [mol for mol in map(model.prepare, smiles) if not isinstance(mol, Failure)]
    return model.score_molecules(mols).score


def _check_canaries(path: Path, model: ScreeningModel, canaries: dict[str, Any]) -> None:
    now, then = _scores(model, canaries["smiles"]), np.asarray(canaries["scores"])
    if now.shape == then.shape and np.abs(now - then).max(initial=0.0) <= TOLERANCE:
        return
    here = versions()
    changed = [
        f"{k} {v} -> {here.get(k)}" for k, v in canaries["versions"].items() if here.get(k) != v
    ]
    raise UserError(
        f"{path} gives other scores here than when it was trained "
        f"({', '.join(changed) or 'with the same versions: the file was altered'}); "
        "install the versions it was trained with, or train it again."
    )
