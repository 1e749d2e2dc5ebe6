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
from workflows.mnist.training.epochs import EpochLines, EpochMonitor, as_rows
from workflows.mnist.training.reconstruction import measure
from workflows.mnist.training.stages import Stage, StepProgress

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


class ReconstructionMonitor(EpochMonitor[PretrainingEpoch]):
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
        super().__init__(PretrainingEpoch, on_epoch)
        self.layer = layer
        self.seed = seed
        self._rows: Tensor | None = None

    def measure(self, trainer: Trainer) -> PretrainingEpoch:
        """Measure the machine as it is now."""
        if self._rows is None:
            self._rows = trainer.source.first_rows(MEASURED_ROWS, self.seed)
        rbm = trainer.rbm
        generator = torch.Generator(self._rows.device).manual_seed(self.seed)
        found = measure(rbm, self._rows, generator)
        return PretrainingEpoch(
            layer=self.layer,
            n_visible=rbm.visible.size,
            n_hidden=rbm.hidden.size,
            epoch=trainer.epoch,
            seconds=trainer.history.records[-1].seconds,
            **dataclasses.asdict(found),
        )


def contrastive_divergence(epochs: int) -> TrainingOptions:
    """Return the settings of a layer's CD-1, the rate falling to a twentieth."""
    return TrainingOptions(
        epochs=epochs,
        batch_size=100,
        learning_rate=0.1,
        schedule="linear",
        final_rate_fraction=0.05,
        momentum_epochs=2,
        weight_decay=2e-4,
        centred=False,
        pseudo_likelihood_rows=0,
    )


def pretrain(
    stage: Stage,
    images: Tensor,
    layers: Sequence[int],
    options: Sequence[TrainingOptions],
    seed: int,
    *,
    labels: Tensor | None = None,
) -> tuple[DBN, list[PretrainingEpoch]]:
    """Train the stack, or take it from the stage's file; a killed training continues.

    Each epoch of a layer is said.

    Parameters
    ----------
    stage : Stage
    images : Tensor of shape (n, 784)
    layers : sequence of int
        Hidden layers, bottom first.
    options : sequence of TrainingOptions
        One for each layer.
    seed : int
    labels : Tensor of shape (n,), optional
        Joined to the top machine, whose epochs are then not measured.

    Returns
    -------
    dbn : DBN
    epochs : list of PretrainingEpoch
        Of all layers.
    """
    settings = {
        "layers": list(layers),
        "options": [part.to_dict() for part in options],
        "seed": seed,
        "rows": len(images),
        "labels": labels is not None,
    }
    lines = EpochLines(stage, PretrainingEpoch, options[0].epochs)

    def train() -> tuple[DBN, list[dict[str, Any]]]:
        monitors: dict[int, ReconstructionMonitor] = {}
        steps = [part.epochs * math.ceil(len(images) / part.batch_size) for part in options]

        def callbacks(layer: int) -> Sequence[Callback]:
            progress = StepProgress(stage, sum(steps), sum(steps[:layer]))
            # With labels the top machine sees more than an image: it is not a digit's loss.
            if labels is not None and layer == len(layers) - 1:
                return (progress,)
            monitors[layer] = ReconstructionMonitor(layer, seed, lines.add)
            return (progress, monitors[layer])

        pretrainer = GreedyPretrainer(
            images,
            list(layers),
            list(options),
            labels=labels,
            generator=torch.Generator(images.device).manual_seed(seed),
            callbacks=callbacks,
            device=images.device,
        )
        dbn, _ = stage.run_with_checkpoints(pretrainer)
        epochs = [epoch for monitor in monitors.values() for epoch in monitor.epochs]
        return dbn, as_rows(epochs)

    dbn, epochs = stage.model(settings, train)
    return dbn, lines.finished(epochs)
