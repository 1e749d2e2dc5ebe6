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
from screening.features import BlockSet, Encoder
from screening.learners import ModelOptions
from screening.learners.blend import Blend, Blending
from screening.learners.ensemble import Ensemble
from screening.learners.member import Member
from screening.learners.options import FOREST
from screening.learners.voices import read_voice
from screening.learners.voices.arrays import Arrays, named, under
from screening.model.archive import (
    MODEL,
    as_json,
    evenly,
    file_hash,
    from_json,
    not_reproduced,
    opened,
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
from screening.model.values import values_from_state, values_to_state
from screening.trust import Calibration, Conformal, Domain, Novelty
from screening.versions import versions

_TOLERANCE = 1e-4


def save_model(model: ScreeningModel, path: Path) -> None:
    """Write a model to one file, whole or not at all; `model.model_hash` is set."""
    arrays, members = _arrays(model)
    blend, of_blend = _blend_to_state(model.blend, model.encoder)
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
        "blend": blend,
        "calibrations": [vars(c) for c in model.calibrations],
        "thresholds": model.thresholds,
        "domain": {"similarity_limit": model.domain.similarity_limit},
        "quality": model.quality,
        "provenance": model.provenance,
        "turns": [turn.to_dict() for turn in model.turns],
    }
    # A model without is the file that it always was.
    if model.values:
        description["values"], of_values = values_to_state(model.values, model.tasks)
        arrays |= of_values
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
    centre, implied = description["novelty"]["centre"], encoder.implied
    novelty = Novelty(rbm, arrays["novelty.bit_logits"], centre, implied)
    conformals = [Conformal(**under(f"conformal.{task}.", arrays)) for task in range(len(tasks))]
    options = ModelOptions.from_dict(description["options"])
    features = BlockSet.from_config(description["features"])
    blend = _blend_from_state(description, arrays, encoder, len(tasks))
    if (blend.names if blend else ()) != options.voices:
        raise ValueError(f"its voices are not those of blend {options.blend!r}")
    return ScreeningModel(
        options=options,
        tasks=tasks,
        features=features,
        encoder=encoder,
        ensemble=Ensemble(members, n_columns, encoder.dense_from(), implied),
        blend=blend,
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
        # Files of models that know classes alone have none.
        values=values_from_state(description.get("values", {}), arrays, tasks, encoder, features),
    )


def _turns(description: dict[str, Any]) -> list[Turn]:
    """Return the turns that led to the model; files of earlier versions have none."""
    stored = description.get("turns", [])
    if not isinstance(stored, list):
        raise TypeError("its turns are no list")
    return [Turn.from_dict(turn) for turn in stored]


def _blend_to_state(
    blend: Blend | None, networks: Encoder
) -> tuple[dict[str, Any] | None, dict[str, NDArray[Any]]]:
    """Return a JSON-able description, None without other voices, and the arrays by name."""
    if blend is None:
        return None, {}
    described: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for name, voice in blend.voices.items():
        described[name], own = voice.to_state(networks)
        arrays |= named(f"voice.{name}.", own)
    tasks = [{"spreads": b.spreads, "weights": b.weights, "near": b.near} for b in blend.blendings]
    return {"names": blend.names, "voices": described, "tasks": tasks}, arrays


def _blend_from_state(
    description: Mapping[str, Any], arrays: Arrays, networks: Encoder, n_tasks: int
) -> Blend | None:
    """Build what `_blend_to_state` described.

    Raises
    ------
    ValueError
        A voice is not what it should be, or is missing where it has a weight.
    """
    if "blend" not in description:
        return _forest_only(description["forest_blend"], arrays, networks, n_tasks)
    stored = description["blend"]
    if stored is None:
        return None
    names = tuple(stored["names"])
    blendings = tuple(
        # In files of earlier versions a weight is the same for all molecules.
        Blending(tuple(task["spreads"]), tuple(task["weights"]), tuple(task.get("near", ())))
        for task, _ in zip(stored["tasks"], range(n_tasks), strict=True)
    )
    voices = {
        name: read_voice(name, own, under(f"voice.{name}.", arrays), networks, n_tasks)
        for name, own in stored["voices"].items()
    }
    blend = Blend(names, voices, blendings)
    every = 1 + len(names)
    if any({len(b.spreads), len(b.weights), len(b.near) or every} != {every} for b in blendings):
        raise ValueError("the weights of its voices are not one for each")
    if any(name not in voices and any(blend.weights(name)) for name in names):
        raise ValueError("a voice that has a weight is missing")
    return blend


def _forest_only(
    stored: Mapping[str, Any] | None, arrays: Arrays, networks: Encoder, n_tasks: int
) -> Blend | None:
    """Build the blend of a file of schema 5: networks and a forest of equal weight."""
    if stored is None:
        return None
    spreads = [(task["networks"], task["forest"]) for task in stored["blends"]]
    blendings = tuple(Blending(own, (0.5, 0.5)) for own in spreads)
    forest = read_voice(FOREST, stored, under("forest.", arrays), networks, n_tasks)
    return Blend((FOREST,), {FOREST: forest}, blendings)


def _canaries(model: ScreeningModel) -> dict[str, Any]:
    order = np.argsort(model.training.labels[:, 0], kind="stable")
    smiles = [model.training.smiles[i] for i in evenly(order.tolist())]
    return {"versions": versions(), "smiles": smiles, "scores": _scores(model, smiles).tolist()}


def _scores(model: ScreeningModel, smiles: list[str]) -> Any:
    mols = [mol for mol in map(model.prepare, smiles) if not isinstance(mol, Failure)]
    return model.score_molecules(mols).score


def _check_canaries(path: Path, model: ScreeningModel, canaries: dict[str, Any]) -> None:
    now, then = _scores(model, canaries["smiles"]), np.asarray(canaries["scores"])
    same = now.shape == then.shape and bool((np.abs(now - then) <= _TOLERANCE).all())
    if not same:
        raise not_reproduced(path, "scores", canaries["versions"])
