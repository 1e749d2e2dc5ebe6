"""A stack of RBMs pretrained on unlabelled molecules, for any assay to start from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rdkit import Chem
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ebm.dbn import DBN, GreedyPretrainer
from ebm.rowwise import one_thread
from ebm.storage import from_state, to_state
from ebm.train import Callback
from screening.errors import UserError
from screening.features import Encoder, FeatureSet, RawFeatures, stack
from screening.learners import LibraryStack, ModelOptions
from screening.learners.pretraining import hidden_layers, pretraining_options
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
from screening.model.provenance import command_line, versions
from screening.progress import OnStep

SCHEMA = 2
# A bit that fewer than one molecule in so many has would cost a column and teach nothing.
MOLECULES_PER_BIT = 1000
_MOLECULES_AT_ONCE = 1000


@dataclass
class Pretrained:
    """What was learned from molecules without labels.

    Attributes
    ----------
    options : ModelOptions
        Features, standardisation, sizes and seed with which it was made.
    encoder : Encoder
        Its columns are those of the library.
    dbn : DBN
    provenance : dict
        Sources, rows, rejects, versions, command, seconds.
    sha256 : str
        Of the file, once there is one.
    """

    options: ModelOptions
    encoder: Encoder
    dbn: DBN
    provenance: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def stack(self) -> LibraryStack:
        """The stack and its columns, for networks to start from."""
        return LibraryStack(self.encoder, self.dbn)

    def applied_to(self, options: ModelOptions) -> ModelOptions:
        """Return the options with the features, standardisation, units and sizes of the stack."""
        own = self.options
        return replace(
            options,
            features=own.features,
            standardize=own.standardize,
            units=own.units,
            hidden=own.hidden,
        )

    def unknown_share(self, raw: RawFeatures) -> float:
        """Return the share of the molecules' substructure bits that are no column here, 0-1."""
        end = self.encoder.dense_from()
        every = Encoder(self.encoder.thresholds, min_molecules=1).fit(raw)
        found = every.transform(raw)[:, : every.dense_from()].nnz
        return 1 - self.encoder.transform(raw)[:, :end].nnz / max(1, found)


class _Told(Callback):
    """Tells the steps of all layers."""

    def __init__(self, on_step: OnStep, before: int, total: int) -> None:
        self._on_step = on_step
        self._before = before
        self._total = total

    def on_step_end(self, trainer: Any) -> None:
        self._on_step("pretraining", self._before + trainer.total_steps, self._total)


def pretrain_on(
    mols: Iterable[Chem.Mol],
    options: ModelOptions,
    *,
    origin: Mapping[str, Any],
    on_step: OnStep,
) -> Pretrained:
    """Learn the columns and the whole stack from molecules without labels.

    Parameters
    ----------
    mols : iterable of Mol
        Standardised. No more than a thousand are held at a time.
    options : ModelOptions
        Features, sizes, epochs and seed.
    origin : mapping
        Where the molecules come from, for the provenance; read when they are all used.
    on_step : callable
        Told (stage, done, total).
    """
    started = time.perf_counter()
    raw = _features(mols, FeatureSet(options.features))
    count = len(raw)
    encoder = Encoder(min_molecules=max(2, round(count / MOLECULES_PER_BIT))).fit(raw)
    encoded = encoder.transform(raw)
    del raw  # as large as the encoded rows, which are what training needs
    # A library is worth all the epochs that were asked for, however large it is.
    training = replace(pretraining_options(options, count), epochs=options.pretrain_epochs)
    steps = training.epochs * math.ceil(count / training.batch_size)
    total = steps * len(options.hidden)
    with one_thread():
        pretrainer = GreedyPretrainer(
            encoded,
            hidden_layers(options),
            training,
            generator=torch.Generator().manual_seed(options.seed),
            callbacks=lambda layer: (_Told(on_step, layer * steps, total),),
        )
        dbn, _ = pretrainer.run()
    _round_to_half(dbn)
    return Pretrained(
        options,
        encoder,
        dbn,
        {
            **origin,
            "molecules": count,
            "columns": len(encoder.get_feature_names_out()),
            "versions": versions(),
            "command": command_line(),
            "seconds": round(time.perf_counter() - started, 1),
        },
    )


def _features(mols: Iterable[Chem.Mol], features: FeatureSet) -> RawFeatures:
    parts = []
    rest = iter(mols)
    while block := list(islice(rest, _MOLECULES_AT_ONCE)):
        parts.append(features.by_block(block))
    return stack(parts)


@torch.no_grad()
def _round_to_half(dbn: DBN) -> None:
    """Round to what the file keeps, so that a stack in memory and one from its file are one.

    Weights are of the order of 0.01 to 1 and are trained further: three decimals are plenty.
    """
    for parameter in dbn.parameters():
        parameter.copy_(parameter.half().float())


def save_pretrained(pretrained: Pretrained, path: Path) -> None:
    """Write a pretrained stack to one file, weights as float16; `sha256` is set."""
    config, tensors = to_state(pretrained.dbn)
    encoder, arrays = pretrained.encoder.to_state()
    weights = {f"dbn.{name}": tensor.half() for name, tensor in tensors.items()}
    weights |= {f"encoder.{name}": torch.from_numpy(a.copy()) for name, a in arrays.items()}
    description = {
        "schema": SCHEMA,
        "options": pretrained.options.to_dict(),
        "dbn": config,
        "encoder": encoder,
        "provenance": pretrained.provenance,
    }
    parts = (as_json(description), save_tensors(weights))
    pretrained.sha256 = write_archive(path, dict(zip(PRETRAINED_PARTS, parts, strict=True)))


def load_pretrained(path: Path) -> Pretrained:
    """Read what `save_pretrained` wrote.

    Raises
    ------
    UserError
        The file is missing, damaged, cut short, of another kind or of another version.
    """
    parts = read_archive(path, PRETRAINED_PARTS, "pretrained", other=MODEL_PARTS)
    try:
        description = json.loads(parts[PRETRAINED_PARTS[0]])
        require_schema(path, description.get("schema"), SCHEMA, "pretrain again")
        tensors = load_tensors(parts[PRETRAINED_PARTS[1]])
        weights = {k[4:]: v.float() for k, v in tensors.items() if k.startswith("dbn.")}
        arrays = {k[8:]: v.numpy() for k, v in tensors.items() if k.startswith("encoder.")}
        encoder = Encoder.from_state(description["encoder"], arrays)
        dbn = _stack_of(from_state(description["dbn"], weights), encoder)
        options = ModelOptions.from_dict(description["options"])
        return Pretrained(options, encoder, dbn, description["provenance"], file_hash(path))
    except UserError:
        raise
    except DAMAGE as error:
        what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
        raise UserError(
            f"{path} is a damaged pretrained file ({what}); copy it again from where it came, "
            "or pretrain again."
        ) from error


def _stack_of(stored: Any, encoder: Encoder) -> DBN:
    columns = len(encoder.get_feature_names_out())
    if not isinstance(stored, DBN) or stored.sizes[0] != columns:
        raise ValueError(f"its stack does not have the encoder's {columns} columns")
    if not all(bool(torch.isfinite(parameter).all()) for parameter in stored.parameters()):
        raise ValueError("its weights are not finite")
    return stored
