"""Up-down training of the generative DBN, measured as it goes.

As in the paper: on the training digits with 10,000 held out, where the epoch of the lowest error
counts; then on all digits, for a number of epochs that was fixed beforehand. Chains of the top
machine that go on from minibatch to minibatch come first: they find the states far from digits that
greedy training left probable. Then, as in the paper, chains restart at the digits: the labels are
told better. In each phase the rate falls to a fiftieth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ebm import DBN, SamplerOptions, UpDownOptions, class_log_probabilities
from ebm.dbn import UpDownTrainer
from workflows.mnist.digits import Digits, LabelledImages
from workflows.mnist.training.epochs import EpochLines, EpochMonitor, as_rows
from workflows.mnist.training.stages import ExperimentFolder, Stage, StepProgress

# A measurement takes half as long as an epoch.
EPOCHS_A_MEASUREMENT = 5
EPOCHS_OF_THE_FIRST_CYCLE = 10
ALL_DIGITS = "all-digits"


@dataclass(frozen=True)
class Phase:
    """A stretch of the training.

    Attributes
    ----------
    number : int
        From 1.
    name : str
        Of its stage.
    rows : LabelledImages
        Trained on.
    options : UpDownOptions
    """

    number: int
    name: str
    rows: LabelledImages
    options: UpDownOptions

    @property
    def all_digits(self) -> bool:
        """Whether nothing is held out."""
        return self.name == ALL_DIGITS


@dataclass(frozen=True)
class UpDownEpoch:
    """Errors after one epoch.

    Attributes
    ----------
    phase : int
        From 1.
    all_digits : bool
        Whether no digits are held out.
    epoch : int
        Of the phase, from 1.
    rate : float
        Learning rate.
    wake_nats, sleep_nats : float
    validation_error_percent : float
        On all digits: of rows that it is trained on.
    test_error_percent, seconds : float
        The time is that of the training of this epoch.
    """

    phase: int
    all_digits: bool
    epoch: int
    rate: float
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


@dataclass(frozen=True)
class UpDownResult:
    """What the phases gave.

    Attributes
    ----------
    dbn : DBN
        At the end of the last phase.
    epochs : list of UpDownEpoch
        Those measured.
    """

    dbn: DBN
    epochs: list[UpDownEpoch]

    def chosen(self) -> UpDownEpoch:
        """Return the epoch with digits held out that has the lowest error on them."""
        held_out = [epoch for epoch in self.epochs if not epoch.all_digits]
        return min(held_out, key=lambda epoch: epoch.validation_error_percent)


def cycles(epochs: int) -> list[int]:
    """Return the lengths of cycles that double from ten epochs on; the last takes the rest.

    Examples
    --------
    >>> cycles(70), cycles(75), cycles(4)
    ([10, 20, 40], [10, 20, 45], [4])
    """
    lengths: list[int] = []
    following = EPOCHS_OF_THE_FIRST_CYCLE
    while sum(lengths) + 2 * following < epochs:
        lengths.append(following)
        following *= 2
    return [*lengths, epochs - sum(lengths)] if epochs else []


def persistent_options(epochs: int) -> UpDownOptions:
    """Return the settings of a cycle with chains that go on."""
    return UpDownOptions(
        epochs=epochs,
        batch_size=100,
        learning_rate=0.1,
        schedule="linear",
        final_rate_fraction=0.02,
        momentum=0.0,
        sampler=SamplerOptions("pcd", chains=100),
        products="bfloat16",
    )


def restarted_options(epochs: int) -> UpDownOptions:
    """Return the settings of a phase with three sweeps from the digits."""
    return UpDownOptions(
        epochs=epochs,
        batch_size=100,
        learning_rate=0.02,
        schedule="linear",
        final_rate_fraction=0.02,
        momentum=0.9,
        sampler=SamplerOptions("cd", steps=3),
        products="bfloat16",
    )


def make_phases(epochs: int, rows: LabelledImages, all_rows: LabelledImages) -> list[Phase]:
    """Divide the epochs: a quarter with persistent chains, the rest in halves."""
    persistent = epochs // 4
    last = (epochs - persistent) // 2
    settings = [persistent_options(length) for length in cycles(persistent)]
    settings.append(restarted_options(epochs - persistent - last))
    phases = [Phase(number, f"{number}", rows, of) for number, of in enumerate(settings, start=1)]
    if last:
        phases.append(Phase(len(phases) + 1, ALL_DIGITS, all_rows, restarted_options(last)))
    return phases


def train_up_down(
    folder: ExperimentFolder, greedy: DBN, digits: Digits, epochs: int, seed: int
) -> UpDownResult:
    """Train with digits held out, then on all digits.

    Parameters
    ----------
    folder : ExperimentFolder
        Each phase is a stage of its own.
    greedy : DBN
        Where the training begins; it is not changed.
    digits : Digits
        Those of the test are only measured.
    epochs : int
        Of all phases together.
    seed : int
    """
    rows, held_out = digits.split()
    current, measured = greedy, []
    for phase in make_phases(epochs, rows, digits.train):
        stage = folder.stage(f"seed-{seed}-up-down-{phase.name}")
        lines = EpochLines(stage, UpDownEpoch, phase.options.epochs)
        monitor = UpDownMonitor(phase, held_out, digits.test, lines.add)
        current, stored = _train_phase(stage, current, phase, seed, monitor)
        measured += lines.finished(stored)
    return UpDownResult(current, measured)


class UpDownMonitor(EpochMonitor[UpDownEpoch]):
    """Measures errors after every fifth epoch of a phase and the last one.

    Parameters
    ----------
    phase : Phase
    held_out, test : LabelledImages
    on_epoch : callable
        Told of each epoch that is measured.
    """

    def __init__(
        self,
        phase: Phase,
        held_out: LabelledImages,
        test: LabelledImages,
        on_epoch: Callable[[UpDownEpoch], None],
    ) -> None:
        super().__init__(UpDownEpoch, on_epoch)
        self.phase = phase
        self.held_out, self.test = held_out, test

    def on_epoch_end(self, trainer: UpDownTrainer) -> None:
        """Measure and tell, when it is time."""
        if trainer.epoch % EPOCHS_A_MEASUREMENT == 0 or trainer.is_over:
            super().on_epoch_end(trainer)

    def measure(self, trainer: UpDownTrainer) -> UpDownEpoch:
        """Measure the DBN as it is now."""
        record = trainer.history.records[-1]
        return UpDownEpoch(
            phase=self.phase.number,
            all_digits=self.phase.all_digits,
            epoch=trainer.epoch,
            rate=trainer.options.learning_rate_at(trainer.epoch - 1),
            wake_nats=record.wake_nats,
            sleep_nats=record.sleep_nats,
            validation_error_percent=free_energy_error_percent(trainer.dbn, self.held_out),
            test_error_percent=free_energy_error_percent(trainer.dbn, self.test),
            seconds=record.seconds,
        )


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
    stage: Stage, dbn: DBN, phase: Phase, seed: int, monitor: UpDownMonitor
) -> tuple[DBN, list[dict[str, Any]]]:
    """Return the DBN at the end of a phase, and its measured epochs."""
    rows, options = phase.rows, phase.options

    def train() -> tuple[DBN, list[dict[str, Any]]]:
        steps = options.epochs * math.ceil(len(rows) / options.batch_size)
        trainer = UpDownTrainer(
            dbn,
            rows.images,
            options,
            labels=rows.labels,
            generator=torch.Generator(rows.images.device).manual_seed(100 * phase.number + seed),
            callbacks=[StepProgress(stage, steps), monitor],
        )
        stage.run_with_checkpoints(trainer)
        return trainer.dbn, as_rows(monitor.epochs)

    settings = {"options": options.to_dict(), "rows": len(rows), "seed": seed}
    return stage.model(settings, train)
