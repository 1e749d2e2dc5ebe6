"""What every experiment is given: the digits, what the user chose, and where results go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from screening.progress import OnStep
from workflows.mnist.digits import Digits
from workflows.mnist.training.stages import ExperimentFolder

QUICK_TRAIN, QUICK_TEST, QUICK_PRETRAINING_EPOCHS = 6000, 1000, 10


@dataclass(frozen=True)
class ExperimentOptions:
    """What the user chose; None takes the experiment's own default.

    Attributes
    ----------
    seed : int
        The first one.
    seeds : int or None
        How many.
    epochs, pretrain_epochs : int or None
    quick : bool
        Few digits, small networks, few epochs.
    """

    seed: int
    seeds: int | None
    epochs: int | None
    pretrain_epochs: int | None
    quick: bool

    def used_seeds(self, default: int) -> tuple[int, ...]:
        """Return the seeds to run; a quick look has one."""
        count = self.seeds or (1 if self.quick else default)
        return tuple(range(self.seed, self.seed + count))

    def used_epochs(self, default: int, quick: int) -> int:
        """Return the epochs of the last training."""
        return self.epochs or (quick if self.quick else default)

    def used_pretrain_epochs(self, default: int) -> int:
        """Return the epochs of each layer's pretraining."""
        return self.pretrain_epochs or (QUICK_PRETRAINING_EPOCHS if self.quick else default)


@dataclass(frozen=True)
class ExperimentInputs:
    """What every experiment is given.

    Attributes
    ----------
    folder : Path
        Each experiment makes one of its own in it.
    digits : Digits
        Those to use, on the device to train on; `reduced_for` makes them few for a quick look.
    options : ExperimentOptions
    say : callable
        Takes a line of result.
    on_step : callable
        Takes the name of a stage, the minibatches done, and how many there are.
    """

    folder: Path
    digits: Digits
    options: ExperimentOptions
    say: Callable[[str], None]
    on_step: OnStep

    def experiment(self, name: str) -> ExperimentFolder:
        """Return the folder of one experiment."""
        device = self.digits.train.images.device
        return ExperimentFolder(self.folder / name, self.say, self.on_step, device)


def reduced_for(options: ExperimentOptions, digits: Digits) -> Digits:
    """Return the digits to use: the first 6,000 and 1,000 for a quick look, else all."""
    return digits.reduced(QUICK_TRAIN, QUICK_TEST) if options.quick else digits
