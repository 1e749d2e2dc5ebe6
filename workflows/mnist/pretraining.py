"""Greedy pretraining of a stack on digits, with the document's loss told after each epoch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm import DBN, Callback, GreedyPretrainer, TrainingOptions
from ebm.train import Trainer
from workflows.mnist.reconstruction import Reconstruction, measure
from workflows.mnist.study import StepProgress, Study

MEASURED_ROWS = 5000


@dataclass(frozen=True)
class PretrainingEpoch:
    """One epoch of one layer; `error` and its companions are those of `Reconstruction`."""

    layer: int
    n_visible: int
    n_hidden: int
    epoch: int
    error: float
    error_floor: float
    mean_field_error: float
    all_black: float
    cross_entropy_nats: float
    base_rate_nats: float
    seconds: float

    def line(self, epochs: int) -> str:
        """Return the epoch in the document's form, with what its loss should be compared with."""
        return (
            f"epoch {self.epoch:3d}/{epochs:3d} train loss {self.error:.3f} "
            f"(mean field {self.mean_field_error:.3f}, all black {self.all_black:.3f}) "
            f"cross-entropy {self.cross_entropy_nats:.1f} nats "
            f"(base rates {self.base_rate_nats:.1f}) {self.seconds:.1f}sec "
            f"[{self.n_visible}-{self.n_hidden}]"
        )


class ReconstructionMonitor(Callback):
    """Measures the reconstruction of fixed training rows after each epoch of one layer.

    Parameters
    ----------
    layer : int
        0 is the lowest.
    seed : int
        Of the sampling of the document's loss.
    on_epoch : callable
        Told of each epoch.
    """

    def __init__(self, layer: int, seed: int, on_epoch: Callable[[PretrainingEpoch], None]) -> None:
        self.layer = layer
        self.seed = seed
        self.on_epoch = on_epoch
        self.epochs: list[PretrainingEpoch] = []
        self._rows: Tensor | None = None

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Measure and tell."""
        if self._rows is None:
            self._rows = trainer.source.first_rows(MEASURED_ROWS, self.seed)
        rbm = trainer.rbm
        generator = torch.Generator().manual_seed(self.seed)
        found: Reconstruction = measure(rbm, self._rows, generator)
        record = trainer.history.records[-1]
        epoch = PretrainingEpoch(
            layer=self.layer,
            n_visible=rbm.visible.size,
            n_hidden=rbm.hidden.size,
            epoch=trainer.epoch,
            seconds=record.seconds,
            **dataclasses.asdict(found),
        )
        self.epochs.append(epoch)
        self.on_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return what was measured, to go on after a stop."""
        return {"epochs": [dataclasses.asdict(epoch) for epoch in self.epochs]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        self.epochs = [PretrainingEpoch(**epoch) for epoch in state["epochs"]]


def pretrain(
    study: Study,
    name: str,
    images: Tensor,
    layers: Sequence[int],
    options: Sequence[TrainingOptions],
    seed: int,
    *,
    on_epoch: Callable[[PretrainingEpoch], None],
    labels: Tensor | None = None,
) -> tuple[DBN, list[dict[str, Any]]]:
    """Train the stack, or take it from the study's folder; a killed training continues.

    Parameters
    ----------
    study : Study
    name : str
        Of the stage.
    images : Tensor of shape (n, 784)
    layers : sequence of int
        Hidden layers, bottom first.
    options : sequence of TrainingOptions
        One for each layer.
    seed : int
    on_epoch : callable
        Told of each epoch that is trained now.
    labels : Tensor of shape (n,), optional
        Joined to the top machine.

    Returns
    -------
    dbn : DBN
    epochs : list of dict
        `PretrainingEpoch`s of all layers.
    """
    settings = {
        "layers": list(layers),
        "options": [part.to_dict() for part in options],
        "seed": seed,
        "rows": len(images),
        "labels": labels is not None,
    }

    def train() -> tuple[DBN, list[dict[str, Any]]]:
        monitors: dict[int, ReconstructionMonitor] = {}
        steps = [part.epochs * math.ceil(len(images) / part.batch_size) for part in options]

        def callbacks(layer: int) -> Sequence[Callback]:
            told = StepProgress(study.progress, name, sum(steps), sum(steps[:layer]))
            # With labels the top machine sees more than an image: it is not a digit's loss.
            if labels is not None and layer == len(layers) - 1:
                return (told,)
            monitors[layer] = ReconstructionMonitor(layer, seed, on_epoch)
            return (told, monitors[layer])

        pretrainer = GreedyPretrainer(
            images,
            list(layers),
            list(options),
            labels=labels,
            generator=torch.Generator().manual_seed(seed),
            callbacks=callbacks,
        )
        dbn, _ = study.run(name, pretrainer)
        rows = [epoch for monitor in monitors.values() for epoch in monitor.epochs]
        return dbn, [dataclasses.asdict(epoch) for epoch in rows]

    return study.model(name, settings, train)
