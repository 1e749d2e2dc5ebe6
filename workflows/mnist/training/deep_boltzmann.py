"""Training of a DBM on digits: pretrained greedily, then jointly in phases, each a stage."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ebm import DBM, Callback, DBMPretrainer, JointOptions, JointTrainer
from workflows.mnist.training.bits import FreshBits
from workflows.mnist.training.epochs import EpochLines, EpochMonitor, as_rows
from workflows.mnist.training.pretraining import contrastive_divergence
from workflows.mnist.training.stages import ExperimentFolder, StepProgress

# Epochs of joint training after which the machine is measured.
MILESTONES = (10, 25, 50, 100, 200)
# The learning rate, and the epochs in which it falls to a half.
FIRST_RATE, HALVING_EPOCHS = 0.005, 75


@dataclass(frozen=True)
class JointEpoch:
    """One epoch of joint training.

    Attributes
    ----------
    phase, epoch : int
        The phase from 1, and the epoch of all phases.
    learning_rate : float
    score_train_nats, score_test_nats : float
        The bound without log Z, of some training and test digits. Only their distance says much.
    activity : float
        Mean of the top layer's means.
    seconds : float
    """

    phase: int
    epoch: int
    learning_rate: float
    score_train_nats: float
    score_test_nats: float
    activity: float
    seconds: float

    def line(self, epochs: int) -> str:
        """Return the epoch as a line of result."""
        return (
            f"joint training epoch {self.epoch:3d}/{epochs:3d} rate {self.learning_rate:.4f} "
            f"score {self.score_train_nats:.1f} train {self.score_test_nats:.1f} test nats "
            f"top layer {self.activity:.2f} {self.seconds:.1f}sec"
        )


def phases(epochs: int, milestones: Sequence[int] = MILESTONES) -> list[JointOptions]:
    """Return the settings of each phase; the rate falls through all of them, whatever their end."""
    ends = [0, *(end for end in milestones if end < epochs), epochs]
    return [
        JointOptions(
            epochs=end - begin,
            learning_rate=FIRST_RATE * 0.5 ** (begin / HALVING_EPOCHS),
            schedule="exponential",
            final_rate_fraction=0.5 ** ((end - begin) / HALVING_EPOCHS),
            momentum=0.5,
            mean_field_steps=5,
            mean_field_tolerance=1e-2,
            gibbs_steps=2,
        )
        for begin, end in pairwise(ends)
    ]


def pretrained_dbm(
    folder: ExperimentFolder, images: Tensor, layers: Sequence[int], epochs: int, seed: int
) -> DBM:
    """Pretrain greedily, or take the machine from its stage.

    Parameters
    ----------
    folder : ExperimentFolder
    images : Tensor of shape (n, 784)
    layers : sequence of int
        Hidden layers, bottom first.
    epochs : int
        Of each layer.
    seed : int
    """
    # The first layer hears its input twice: half the rate.
    options = dataclasses.replace(contrastive_divergence(epochs), learning_rate=0.05)
    stage = folder.stage(f"seed-{seed}-pretraining")

    def train() -> tuple[DBM, Any]:
        steps = epochs * math.ceil(len(images) / options.batch_size)

        def callbacks(layer: int) -> Sequence[Callback]:
            return (StepProgress(stage, steps * len(layers), steps * layer),)

        pretrainer = DBMPretrainer(
            images,
            list(layers),
            options,
            generator=torch.Generator(images.device).manual_seed(seed),
            callbacks=callbacks,
            device=images.device,
        )
        _, histories = stage.run_with_checkpoints(pretrainer)
        return pretrainer.dbm(), [row for part in histories for row in part.to_dict()["records"]]

    settings = {
        "layers": list(layers),
        "options": options.to_dict(),
        "rows": len(images),
        "seed": seed,
    }
    dbm, _ = stage.model(settings, train)
    return dbm


def train_phase(
    folder: ExperimentFolder,
    dbm: DBM,
    images: Tensor,
    test: Tensor,
    options: JointOptions,
    *,
    number: int,
    epochs_before: int,
    seed: int,
) -> tuple[DBM, list[JointEpoch]]:
    """Train all layers for one phase, or take the machine at its end from its stage.

    Parameters
    ----------
    folder : ExperimentFolder
    dbm : DBM
        From the phase before; trained in place unless the stage is there.
    images : Tensor of shape (n, 784)
        Grey levels; their bits are drawn anew each epoch.
    test : Tensor of shape (m, 784)
        Bits, only measured.
    options : JointOptions
    number, epochs_before : int
        Of the phase, from 1; and the epochs of those before it.
    seed : int
    """
    stage = folder.stage(f"seed-{seed}-joint-{number}")
    lines = EpochLines(stage, JointEpoch, epochs_before + options.epochs)

    def train() -> tuple[DBM, list[dict[str, Any]]]:
        steps = options.epochs * math.ceil(len(images) / options.batch_size)
        monitor = JointMonitor(number, epochs_before, lines)
        bits = FreshBits(images, 1000 * number + seed)
        trainer = JointTrainer(
            dbm,
            bits,
            options,
            validation=test,
            generator=torch.Generator(images.device).manual_seed(1000 * number + seed),
            callbacks=[StepProgress(stage, steps), monitor],
        )
        bits.trainer = trainer
        stage.run_with_checkpoints(trainer)
        return trainer.dbm, as_rows(monitor.epochs)

    settings = {"options": options.to_dict(), "rows": len(images), "seed": seed}
    trained, stored = stage.model(settings, train)
    return trained, lines.finished(stored)


class JointMonitor(EpochMonitor[JointEpoch]):
    """Says each epoch of a phase.

    Parameters
    ----------
    phase, epochs_before : int
        Its number, and the epochs of the phases before it.
    lines : EpochLines
    """

    def __init__(self, phase: int, epochs_before: int, lines: EpochLines[JointEpoch]) -> None:
        super().__init__(JointEpoch, lines.add)
        self.phase = phase
        self.epochs_before = epochs_before

    def measure(self, trainer: JointTrainer) -> JointEpoch:
        """Return what the training has measured."""
        record = trainer.history.records[-1]
        assert record.score_validation_nats is not None
        return JointEpoch(
            phase=self.phase,
            epoch=self.epochs_before + record.epoch,
            learning_rate=record.learning_rate,
            score_train_nats=record.score_train_nats,
            score_test_nats=record.score_validation_nats,
            activity=record.activity[-1],
            seconds=record.seconds,
        )
