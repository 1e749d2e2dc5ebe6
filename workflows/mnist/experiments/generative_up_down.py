"""Up-down training of the generative DBN in three phases, measured after each epoch.

As in the paper, the phases have 3, 6 and 10 Gibbs sweeps of the top machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch

import ebm
from ebm import DBN, UpDownOptions, class_log_probabilities
from ebm.dbn import UpDownTrainer
from workflows.mnist.digits import LabelledImages
from workflows.mnist.training.epochs import EpochLines, EpochMonitor, as_rows
from workflows.mnist.training.stages import ExperimentFolder, Stage, StepProgress


@dataclass(frozen=True)
class UpDownEpoch:
    """Errors after one epoch; `phase` counts from 1."""

    phase: int
    epoch: int
    wake_nats: float
    sleep_nats: float
    validation_error_percent: float
    test_error_percent: float
    seconds: float

    def line(self, epochs: int) -> str:
        """Return the epoch as a line of result."""
        return (
            f"up-down phase {self.phase} epoch {self.epoch:3d}/{epochs:3d} "
            f"wake {self.wake_nats:.1f} sleep {self.sleep_nats:.1f} nats "
            f"validation error {self.validation_error_percent:.2f} % "
            f"test error {self.test_error_percent:.2f} % {self.seconds:.1f}sec"
        )


def phases(epochs: int) -> list[UpDownOptions]:
    """Return the three phases: more Gibbs sweeps, and a smaller rate, from one to the next."""
    shares = [epochs // 3, epochs // 3, epochs - 2 * (epochs // 3)]
    settings = ((0.02, 3), (0.01, 6), (0.003, 10))
    return [
        UpDownOptions(
            epochs=share, batch_size=100, learning_rate=rate, momentum=0.9, gibbs_steps=sweeps
        )
        for share, (rate, sweeps) in zip(shares, settings, strict=True)
        if share
    ]


def train_up_down(
    folder: ExperimentFolder,
    greedy: DBN,
    rows: LabelledImages,
    held_out: LabelledImages,
    test: LabelledImages,
    epochs: int,
    seed: int,
) -> tuple[DBN, list[UpDownEpoch]]:
    """Train in three phases, each a stage of its own.

    Parameters
    ----------
    folder : ExperimentFolder
    greedy : DBN
        Where the training begins; it is not changed.
    rows, held_out, test : LabelledImages
        Trained on; measured to choose the epoch by; only measured.
    epochs : int
        Of all phases together.
    seed : int

    Returns
    -------
    dbn : DBN
        After the epoch of the lowest error on the rows held out.
    epochs : list of UpDownEpoch
        Of all phases.
    """
    current, best = greedy, greedy
    lowest = free_energy_error_percent(greedy, held_out)
    measured: list[UpDownEpoch] = []
    for number, options in enumerate(phases(epochs), start=1):
        stage = folder.stage(f"seed-{seed}-up-down-{number}")
        lines = EpochLines(stage, UpDownEpoch, options.epochs)
        monitor = UpDownMonitor(stage, number, held_out, test, lines.add)
        current, stored = _train_phase(stage, current, rows, options, seed, monitor)
        found = lines.finished(stored)
        measured += found
        smallest = min(epoch.validation_error_percent for epoch in found)
        if smallest < lowest:
            lowest, best = smallest, monitor.load_best()
    return best, measured


class UpDownMonitor(EpochMonitor[UpDownEpoch]):
    """Measures errors after each epoch of a phase, and keeps the DBN of the lowest one in a file.

    Parameters
    ----------
    stage : Stage
    phase : int
        From 1.
    held_out, test : LabelledImages
    on_epoch : callable
        Told of each epoch.
    """

    def __init__(
        self,
        stage: Stage,
        phase: int,
        held_out: LabelledImages,
        test: LabelledImages,
        on_epoch: Callable[[UpDownEpoch], None],
    ) -> None:
        super().__init__(UpDownEpoch, on_epoch)
        self.phase = phase
        self.held_out, self.test = held_out, test
        self._best_file = stage.file("-best.safetensors")

    def measure(self, trainer: UpDownTrainer) -> UpDownEpoch:
        """Measure the DBN as it is now; keep it when no earlier epoch was as good."""
        record = trainer.history.records[-1]
        epoch = UpDownEpoch(
            phase=self.phase,
            epoch=trainer.epoch,
            wake_nats=record.wake_nats,
            sleep_nats=record.sleep_nats,
            validation_error_percent=free_energy_error_percent(trainer.dbn, self.held_out),
            test_error_percent=free_energy_error_percent(trainer.dbn, self.test),
            seconds=record.seconds,
        )
        before = [known.validation_error_percent for known in self.epochs]
        if epoch.validation_error_percent < min(before, default=math.inf):
            ebm.save(self._best_file, trainer.dbn)
        return epoch

    def load_best(self) -> DBN:
        """Return the DBN of the phase's best epoch."""
        return cast("DBN", ebm.load(self._best_file))


@torch.no_grad()
def free_energy_error_percent(dbn: DBN, rows: LabelledImages) -> float:
    """Share of the rows whose most probable label by free energy is wrong, in percent."""
    batch = 2000
    wrong = 0
    for start in range(0, len(rows), batch):
        images = rows.images[start : start + batch]
        found = class_log_probabilities(dbn, images).argmax(1)
        wrong += int((found != rows.labels[start : start + batch]).sum())
    return 100 * wrong / len(rows)


def _train_phase(
    stage: Stage,
    dbn: DBN,
    rows: LabelledImages,
    options: UpDownOptions,
    seed: int,
    monitor: UpDownMonitor,
) -> tuple[DBN, list[dict[str, Any]]]:
    """Return the DBN at the end of a phase, and its epochs."""

    def train() -> tuple[DBN, list[dict[str, Any]]]:
        steps = options.epochs * math.ceil(len(rows) / options.batch_size)
        trainer = UpDownTrainer(
            dbn,
            rows.images,
            options,
            labels=rows.labels,
            generator=torch.Generator(rows.images.device).manual_seed(100 * monitor.phase + seed),
            callbacks=[StepProgress(stage, steps), monitor],
        )
        stage.run_with_checkpoints(trainer)
        return trainer.dbn, as_rows(monitor.epochs)

    settings = {"options": options.to_dict(), "rows": len(rows), "seed": seed}
    return stage.model(settings, train)
