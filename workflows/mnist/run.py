"""Which settings a workflow runs with: the defaults, the user's, or those of a quick look."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workflows.mnist.classic import (
    DBN_EXPERIMENT,
    RBM_EXPERIMENT,
    Classic,
    ClassicSettings,
    run_classic,
)
from workflows.mnist.digits import Digits
from workflows.mnist.generative import LAYERS, GenerativeSettings, run_generative
from workflows.mnist.label_curve import LabelSettings, run_label_curve
from workflows.mnist.likelihood import LikelihoodSettings, run_likelihood
from workflows.mnist.preset import PRESETS, run_preset
from workflows.mnist.study import Progress, Study
from workflows.mnist.supervised import PROTOCOLS, Protocol
from workflows.mnist.tables import Compared

QUICK_TRAIN, QUICK_TEST, QUICK_PRETRAINING = 6000, 1000, 10


@dataclass(frozen=True)
class Choice:
    """What the user asked for; None takes the workflow's own default.

    Attributes
    ----------
    seed : int
        The first one.
    seeds, epochs, pretrain_epochs : int or None
    quick : bool
        Few digits, small networks, few epochs.
    """

    seed: int
    seeds: int | None
    epochs: int | None
    pretrain_epochs: int | None
    quick: bool

    def first_seeds(self, default: int) -> tuple[int, ...]:
        """Return the seeds to run."""
        count = self.seeds or (1 if self.quick else default)
        return tuple(range(self.seed, self.seed + count))

    def digits(self, digits: Digits) -> Digits:
        """Return the digits to use."""
        return digits.reduced(QUICK_TRAIN, QUICK_TEST) if self.quick else digits


@dataclass(frozen=True)
class Run:
    """Where results go and how they are told.

    Attributes
    ----------
    folder : Path
        Each workflow makes one of its own in it.
    echo : callable
        Takes a line of result.
    progress : callable
        Told the steps of long stages.
    digits : Digits
    choice : Choice
    """

    folder: Path
    echo: Callable[[str], None]
    progress: Progress
    digits: Digits
    choice: Choice

    def study(self, name: str) -> Study:
        """Return the folder of one workflow."""
        return Study(self.folder / name, self.echo, self.progress)

    def classic(self, experiment: Classic, protocol: Protocol) -> list[Compared]:
        """Run the document's RBM or DBN."""
        choice = self.choice
        if choice.quick:
            small = tuple(min(size, 128) for size in experiment.layers)
            experiment = dataclasses.replace(experiment, layers=small)
        # The two protocols share the pretraining, and stand in one folder side by side.
        pretrain_epochs = choice.pretrain_epochs or (QUICK_PRETRAINING if choice.quick else 5)
        settings = ClassicSettings(
            pretrain_epochs=pretrain_epochs,
            epochs=choice.epochs or (8 if choice.quick else 5),
            seeds=choice.first_seeds(3),
            protocol=protocol,
        )
        study = self.study(experiment.name)
        return run_classic(study, experiment, choice.digits(self.digits), settings)

    def rbm(self, protocol: Protocol) -> list[Compared]:
        """Run the document's RBM 784-2500."""
        return self.classic(RBM_EXPERIMENT, protocol)

    def dbn(self, protocol: Protocol) -> list[Compared]:
        """Run the document's DBN 784-512-128-64-10."""
        return self.classic(DBN_EXPERIMENT, protocol)

    def preset(self, name: str) -> list[Compared]:
        """Run the tutorial or the best network."""
        choice, preset = self.choice, PRESETS[name]
        if choice.quick:
            tuning = dataclasses.replace(preset.finetune, epochs=8)
            preset = dataclasses.replace(
                preset, layers=(100, 100, 100), pretrain_epochs=QUICK_PRETRAINING, finetune=tuning
            )
        if choice.epochs:
            tuning = dataclasses.replace(preset.finetune, epochs=choice.epochs)
            preset = dataclasses.replace(preset, finetune=tuning)
        if choice.pretrain_epochs:
            preset = dataclasses.replace(preset, pretrain_epochs=choice.pretrain_epochs)
        digits = choice.digits(self.digits)
        return run_preset(self.study(name), preset, digits, choice.first_seeds(3))

    def generative(self) -> list[Compared]:
        """Run Hinton's generative DBN."""
        choice = self.choice
        settings = GenerativeSettings(
            layers=(64, 64, 128) if choice.quick else LAYERS,
            pretrain_epochs=choice.pretrain_epochs or (QUICK_PRETRAINING if choice.quick else 20),
            epochs=choice.epochs or (3 if choice.quick else 100),
            seeds=choice.first_seeds(1),
        )
        return run_generative(self.study("generative"), choice.digits(self.digits), settings)

    def likelihood(self) -> list[Compared]:
        """Train and measure the machines whose likelihood is estimated."""
        choice = self.choice
        quick = choice.quick
        usual = {"PCD": 200, "CD-1": 15, "CD-25": 12, "tempering": 12, "DBN": 40}
        epochs = {name: choice.epochs or (5 if quick else value) for name, value in usual.items()}
        settings = LikelihoodSettings(
            hidden=32 if quick else 500,
            top=800 if quick else 2000,
            epochs=epochs,
            mixtures=(10,) if quick else (10, 100, 500),
            betas=1000 if quick else 10_000,
            chains=50 if quick else 100,
            burn_in=1000 if quick else 2000,
            seed=choice.seed,
        )
        return run_likelihood(self.study("likelihood"), choice.digits(self.digits), settings)

    def labels(self) -> list[Compared]:
        """Run the curve of accuracy against labels."""
        choice = self.choice
        quick = choice.quick
        settings = LabelSettings(
            layers=(256,) if quick else (1000, 1000),
            pretrain_epochs=choice.pretrain_epochs or (QUICK_PRETRAINING if quick else 15),
            counts=(100, 1000) if quick else (100, 1000, 10_000, 60_000),
            steps=400 if quick else 3000,
            epochs=choice.epochs or (2 if quick else 20),
            seeds=choice.first_seeds(3),
        )
        return run_label_curve(self.study("labels"), choice.digits(self.digits), settings)

    def everything(self) -> None:
        """Run all of them."""
        for protocol in PROTOCOLS:
            self.rbm(protocol)
            self.dbn(protocol)
        for name in PRESETS:
            self.preset(name)
        self.generative()
        self.likelihood()
        self.labels()
