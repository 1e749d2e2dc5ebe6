"""The model file: one zip of JSON, safetensors and Parquet. Nothing in it can run code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from ebm.finetune import FinetuneHistory
from ebm.storage import from_state, to_state
from screening.chemistry import Failure
from screening.errors import UserError
from screening.features import Encoder, FeatureSet
from screening.learners import ModelOptions
from screening.learners.blend import ForestBlend, Spreads
from screening.learners.ensemble import Ensemble
from screening.learners.forest import StoredForest
from screening.learners.member import Member
from screening.model.archive import (
    DAMAGE,
    MODEL_PARTS,
    PRETRAINED_PARTS,
    as_json,
    file_hash,
    read_archive,
    require_schema,
    write_archive,
)
from screening.model.provenance import versions
from screening.model.screening_model import ScreeningModel
from screening.model.training_table import TrainingTable
from screening.trust import Calibration, Conformal, Domain, Novelty

SCHEMA = 3
CANARIES = 8
TOLERANCE = 1e-4


def save_model(model: ScreeningModel, path: Path) -> None:
    """Write a model to one file, whole or not at all; `model.model_hash` is set."""
    tensors, members = _tensors(model)
    blend, forest_tensors = _forest_blend_to_state(model.forest_blend, model.encoder)
    tensors.update(forest_tensors)
    encoder, encoder_arrays = model.encoder.to_state()
    tensors.update({f"encoder.{k}": torch.from_numpy(v.copy()) for k, v in encoder_arrays.items()})
    description = {
        "schema": SCHEMA,
        "tasks": list(model.tasks),
        "options": model.options.to_dict(),
        "features": model.features.to_config(),
        "encoder": encoder,
        "members": members,
        "novelty": {"rbm": to_state(model.novelty.rbm)[0], "centre": model.novelty.centre},
        "forest_blend": blend,
        "calibrations": [vars(c) for c in model.calibrations],
        "thresholds": model.thresholds,
        "domain": {
            "novelty_limit": model.domain.novelty_limit,
            "similarity_limit": model.domain.similarity_limit,
        },
        "quality": model.quality,
        "provenance": model.provenance,
    }
    parts: dict[str, str | bytes] = {
        "model.json": as_json(description),
        "weights.safetensors": save_tensors(tensors),
        "training.parquet": model.training.to_parquet(),
        "canary.json": as_json(_canaries(model)),
    }
    model.model_hash = write_archive(path, parts)


def load_model(path: Path) -> ScreeningModel:
    """Read a model file, on the CPU, and check that it still gives the scores it was stored with.

    Raises
    ------
    UserError
        The file is missing, damaged, cut short, too large, of another kind or of a newer version,
        or its scores cannot be reproduced here.
    """
    parts = read_archive(path, MODEL_PARTS, "model", other=PRETRAINED_PARTS)
    try:
        description = json.loads(parts["model.json"])
        require_schema(path, description.get("schema"), SCHEMA, "train the model again")
        model = _build(description, parts)
        _check_canaries(path, model, json.loads(parts["canary.json"]))
    except UserError:
        raise
    except DAMAGE as error:
        what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
        raise UserError(
            f"{path} is a damaged model file ({what}); "
            "copy it again from where it came, or train the model again."
        ) from error
    model.model_hash = file_hash(path)
    return model


def _tensors(model: ScreeningModel) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    tensors: dict[str, Tensor] = {}
    members = []
    for number, member in enumerate(model.ensemble.members):
        config, parts = to_state(member.network)
        prefix = f"member.{number}."
        tensors[f"{prefix}columns"] = torch.from_numpy(member.columns.copy())
        tensors.update({f"{prefix}network.{k}": v.clone() for k, v in parts.items()})
        members.append({"network": config, "finetuning": member.finetuning.to_dict()})
    _, rbm = to_state(model.novelty.rbm)
    tensors.update({f"novelty.rbm.{k}": v.clone() for k, v in rbm.items()})
    tensors["novelty.bit_logits"] = model.novelty.bit_logits.clone()
    tensors["domain.novelties"] = torch.from_numpy(model.domain.novelties.copy())
    for task, conformal in enumerate(model.conformals):
        tensors[f"conformal.{task}.active"] = torch.from_numpy(conformal.active.copy())
        tensors[f"conformal.{task}.inactive"] = torch.from_numpy(conformal.inactive.copy())
    return tensors, members


def _build(description: dict[str, Any], parts: dict[str, bytes]) -> ScreeningModel:
    tensors = load_tensors(parts["weights.safetensors"])
    tasks = tuple(description["tasks"])
    arrays = {k: v.numpy() for k, v in _under("encoder.", tensors).items()}
    encoder = Encoder.from_state(description["encoder"], arrays)
    members = []
    for number, stored in enumerate(description["members"]):
        own = _under(f"member.{number}.", tensors)
        network = from_state(stored["network"], _under("network.", own))
        history = FinetuneHistory.from_dict(stored["finetuning"])
        members.append(Member(own["columns"].numpy(), network, history))  # type: ignore[arg-type]
    rbm = from_state(description["novelty"]["rbm"], _under("novelty.rbm.", tensors))
    novelty = Novelty(rbm, tensors["novelty.bit_logits"], description["novelty"]["centre"])  # type: ignore[arg-type]
    conformals = [
        Conformal(
            tensors[f"conformal.{task}.active"].numpy(),
            tensors[f"conformal.{task}.inactive"].numpy(),
        )
        for task in range(len(tasks))
    ]
    n_columns = sum(b.columns.stop - b.columns.start for b in encoder.blocks())
    options = ModelOptions.from_dict(description["options"])
    blend = _forest_blend_from_state(description["forest_blend"], tensors, encoder)
    if (blend is None) != (options.blend == "none"):
        raise ValueError(f"its forests are not those of blend {options.blend!r}")
    return ScreeningModel(
        options=options,
        tasks=tasks,
        features=FeatureSet.from_config(description["features"]),
        encoder=encoder,
        ensemble=Ensemble(members, n_columns, encoder.dense_from()),
        forest_blend=blend,
        novelty=novelty,
        calibrations=[Calibration(**c) for c in description["calibrations"]],
        conformals=conformals,
        thresholds=[float(t) for t, _ in zip(description["thresholds"], tasks, strict=True)],
        domain=Domain(tensors["domain.novelties"].numpy(), **description["domain"]),
        training=TrainingTable.from_parquet(parts["training.parquet"], tasks),
        quality=description["quality"],
        provenance=description["provenance"],
    )


def _forest_blend_to_state(
    blend: ForestBlend | None, networks: Encoder
) -> tuple[dict[str, Any] | None, dict[str, Tensor]]:
    """Return a JSON-able description, None without forests, and the arrays by name.

    The encoder is described only where it is not the networks'.
    """
    if blend is None:
        return None, {}
    encoder, tensors = None, {}
    if blend.encoder is not networks:
        encoder, arrays = blend.encoder.to_state()
        tensors = {f"forest.encoder.{k}": torch.from_numpy(v.copy()) for k, v in arrays.items()}
    for task, forest in enumerate(blend.forests):
        if forest is not None:
            own = forest.to_arrays().items()
            tensors.update({f"forest.{task}.{k}": torch.from_numpy(v.copy()) for k, v in own})
    return {"encoder": encoder, "blends": [vars(b) for b in blend.spreads]}, tensors


def _forest_blend_from_state(
    description: Mapping[str, Any] | None, tensors: Mapping[str, Tensor], networks: Encoder
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
        arrays = {k: v.numpy() for k, v in _under("forest.encoder.", tensors).items()}
        encoder = Encoder.from_state(description["encoder"], arrays)
    n_columns = len(encoder.get_feature_names_out())
    spreads = tuple(Spreads(**spreads) for spreads in description["blends"])
    found: list[StoredForest | None] = []
    for task in range(len(spreads)):
        own = {k: v.numpy() for k, v in _under(f"forest.{task}.", tensors).items()}
        found.append(StoredForest.from_arrays(own, n_columns) if own else None)
    return ForestBlend(encoder, tuple(found), spreads)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with the prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


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
