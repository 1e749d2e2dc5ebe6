"""A stack of RBMs pretrained on unlabelled molecules, for any assay to start from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rdkit import Chem

from ebm.dbn import DBN, GreedyPretrainer
from ebm.storage import ModelArrays
from ebm.threads import one_thread
from ebm.train import Callback
from screening.features import BlockSet, Encoder, RawFeatures, stack
from screening.learners import LibraryStack, ModelOptions
from screening.learners.pretraining import hidden_layers, pretraining_options
from screening.learners.voices.arrays import named, under
from screening.model.archive import (
    PRETRAINED,
    file_hash,
    opened,
    write_archive,
)
from screening.model.provenance import command_line
from screening.progress import OnStep
from screening.versions import versions

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
        Sources, rows, rejects, versions, command.
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
    raw = _features(mols, BlockSet(options.features))
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
        },
    )


def _features(mols: Iterable[Chem.Mol], features: BlockSet) -> RawFeatures:
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
    dbn = ModelArrays.of(pretrained.dbn)
    encoder, arrays = pretrained.encoder.to_state()
    weights = {name: array.astype(np.float16) for name, array in dbn.arrays.items()}
    description = {
        "options": pretrained.options.to_dict(),
        "dbn": dbn.config,
        "encoder": encoder,
        "provenance": pretrained.provenance,
    }
    arrays = named("dbn.", weights) | named("encoder.", arrays)
    pretrained.sha256 = write_archive(path, PRETRAINED, description, arrays)


def load_pretrained(path: Path) -> Pretrained:
    """Read what `save_pretrained` wrote.

    Raises
    ------
    UserError
        The file is missing, damaged, cut short, of another kind or of another version.
    """
    with opened(path, PRETRAINED) as (description, arrays, _):
        weights = {k: v.astype(np.float32) for k, v in under("dbn.", arrays).items()}
        encoder = Encoder.from_state(description["encoder"], under("encoder.", arrays))
        dbn = _stack_of(ModelArrays(description["dbn"], weights).model(), encoder)
        options = ModelOptions.from_dict(description["options"])
        return Pretrained(options, encoder, dbn, description["provenance"], file_hash(path))


def _stack_of(stored: Any, encoder: Encoder) -> DBN:
    columns = len(encoder.get_feature_names_out())
    if not isinstance(stored, DBN) or stored.sizes[0] != columns:
        raise ValueError(f"its stack does not have the encoder's {columns} columns")
    if not all(bool(torch.isfinite(parameter).all()) for parameter in stored.parameters()):
        raise ValueError("its weights are not finite")
    return stored
