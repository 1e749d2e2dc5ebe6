"""`mnist dbm`: the deep Boltzmann machine of Salakhutdinov and Hinton (2009), 784-500-1000.

Pretrained greedily, then trained jointly in phases. After each phase the bound on the test
log-likelihood is bracketed, and a network that begins as the machine, and sees the means of its top
layer beside the digit, is fine-tuned: what longer joint training is worth shows in both. After the
last phase such a network is fine-tuned with dropout too (Srivastava et al. 2014, section 6.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from torch import Tensor

from ebm import DBM, FinetuneOptions, JointOptions, Network
from ebm.dbm import augmented_inputs, network_from_dbm
from workflows.mnist.digits import CLASSES, Digits, LabelledImages
from workflows.mnist.experiments.likelihood_estimates import (
    TOLERANCE_NATS,
    Annealing,
    Estimate,
    dbm_estimate,
    kept_estimate,
)
from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions
from workflows.mnist.results import documented, figures
from workflows.mnist.results.images import dbm_chains
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.bits import binarise
from workflows.mnist.training.deep_boltzmann import (
    JointEpoch,
    phases,
    pretrained_dbm,
    train_phase,
)
from workflows.mnist.training.epochs import EpochLines, as_rows
from workflows.mnist.training.stages import ExperimentFolder
from workflows.mnist.training.supervised import (
    AccuracyMonitor,
    SupervisedEpoch,
    fine_tuner,
    one_cycle,
    weights_generator,
)

TEST_BITS_SEED = 9
ANNEALING_ROWS = 20_000
MEASURED_ROWS = 10_000
DOCUMENTED_LAYERS = (500, 1000)
QUICK_ANNEALING = Annealing(betas=200, chains=20, burn_in=20)
ANNEALING = Annealing(betas=10_000, chains=50, burn_in=1000)
# The figure that counts: brackets of machines trained long are wide with fewer.
LAST_ANNEALING = Annealing(betas=20_000, chains=100, burn_in=5000)
# Of three settings the one with the lowest error on validation digits: see docs/mnist.md.
DROPOUT, INPUT_DROPOUT = 0.3, 0.1


@dataclass(frozen=True)
class FineTuning:
    """One way to fine-tune a network that begins as the machine.

    Attributes
    ----------
    name : str
        Of its stages.
    options : FinetuneOptions
    dropout, input_dropout : float
        Share of hidden units, and of inputs, that is left out.
    """

    name: str
    options: FinetuneOptions
    dropout: float = 0.0
    input_dropout: float = 0.0

    def settings(self) -> dict[str, Any]:
        """Return what decides the outcome, JSON-able."""
        chosen: dict[str, Any] = {"finetune": self.options.to_dict()}
        if self.dropout or self.input_dropout:
            chosen["dropout"] = [self.input_dropout, self.dropout]
        return chosen


@dataclass(frozen=True)
class DBMSettings:
    """How the machine is trained and measured.

    Attributes
    ----------
    layers : tuple of int
    pretrain_epochs : int
        Of each layer.
    phases : list of JointOptions
    annealing, last_annealing : Annealing
        After each phase; after the last one.
    plain, with_dropout : FineTuning
        After each phase; after the last one.
    seeds : tuple of int
    """

    layers: tuple[int, ...]
    pretrain_epochs: int
    phases: list[JointOptions]
    annealing: Annealing
    last_annealing: Annealing
    plain: FineTuning
    with_dropout: FineTuning
    seeds: tuple[int, ...]

    @property
    def ends(self) -> list[int]:
        """Epochs of joint training at the end of each phase."""
        return list(accumulate(part.epochs for part in self.phases))


@dataclass(frozen=True)
class Milestone:
    """What a machine is worth after so many epochs of joint training: a row of milestones.csv."""

    seed: int
    epochs: int
    test_error_percent: float
    bound_from_ais_nats: float
    bound_from_reverse_nats: float
    bracket_error_nats: float


def settings_for(options: ExperimentOptions) -> DBMSettings:
    """Return the settings that the user chose."""
    quick = options.quick
    return DBMSettings(
        layers=(48, 64) if quick else DOCUMENTED_LAYERS,
        pretrain_epochs=options.used_pretrain_epochs(20),
        phases=phases(options.used_epochs(300, quick=2), *([(1,)] if quick else [])),
        annealing=QUICK_ANNEALING if quick else ANNEALING,
        last_annealing=QUICK_ANNEALING if quick else LAST_ANNEALING,
        plain=FineTuning("finetuning", _cycle(4 if quick else 20)),
        with_dropout=FineTuning("dropout", _cycle(4 if quick else 40), DROPOUT, INPUT_DROPOUT),
        seeds=options.used_seeds(2),
    )


def _cycle(epochs: int) -> FinetuneOptions:
    return one_cycle(epochs, batch_size=100, learning_rate=1e-3)


def run(inputs: ExperimentInputs) -> None:
    """Train, measure after each phase, and leave tables and figures."""
    settings = settings_for(inputs.options)
    folder = inputs.experiment("dbm")
    milestones: list[Milestone] = []
    epochs: list[dict[str, Any]] = []
    dropout_errors: list[float] = []
    for seed in settings.seeds:
        folder.say(f"DBM 784-{'-'.join(map(str, settings.layers))}, seed {seed}")
        dbm, found, trained = _one_seed(folder, inputs.digits, settings, seed)
        milestones += found
        epochs += [{"seed": seed, **row} for row in as_rows(trained)]
        end = settings.ends[-1]
        last = _fine_tune(folder, dbm, inputs.digits, settings.with_dropout, end, seed)[-1]
        dropout_errors.append(100 * (1 - last.test_accuracy))
        folder.say(f"fine-tuned with dropout: test error {dropout_errors[-1]:.2f} %")
    write_csv(epochs, folder.path / "epochs.csv")
    write_csv(as_rows(milestones), folder.path / "milestones.csv")
    _draw(folder, dbm, inputs.digits, milestones, settings)
    publish(folder, _compared(milestones, dropout_errors, settings))


def _one_seed(
    folder: ExperimentFolder, digits: Digits, settings: DBMSettings, seed: int
) -> tuple[DBM, list[Milestone], list[JointEpoch]]:
    """Return the machine at the end, what it was worth on the way, and its epochs."""
    images = digits.train.images
    test = binarise(digits.test.images, TEST_BITS_SEED)
    dbm = pretrained_dbm(folder, images, settings.layers, settings.pretrain_epochs, seed)
    milestones, epochs = [_milestone(folder, dbm, digits, test, settings, 0, seed)], []
    for number, (options, end) in enumerate(
        zip(settings.phases, settings.ends, strict=True), start=1
    ):
        dbm, found = train_phase(
            folder,
            dbm,
            images,
            test,
            options,
            number=number,
            epochs_before=end - options.epochs,
            seed=seed,
        )
        epochs += found
        milestones.append(_milestone(folder, dbm, digits, test, settings, end, seed))
    return dbm, milestones, epochs


def _milestone(
    folder: ExperimentFolder,
    dbm: DBM,
    digits: Digits,
    test: Tensor,
    settings: DBMSettings,
    epochs: int,
    seed: int,
) -> Milestone:
    """Bracket the bound and fine-tune a network, each kept in a stage; say both."""
    last = epochs == settings.ends[-1]
    annealing = settings.last_annealing if last else settings.annealing

    def compute() -> Estimate:
        bits = binarise(digits.train.images[:ANNEALING_ROWS], seed)
        return dbm_estimate(dbm, bits, test, annealing, seed, "DBM", "-")

    stage = folder.stage(f"seed-{seed}-likelihood-{epochs}")
    estimate = kept_estimate(stage, annealing, epochs, seed, compute)
    found = _fine_tune(folder, dbm, digits, settings.plain, epochs, seed)
    milestone = Milestone(
        seed=seed,
        epochs=epochs,
        test_error_percent=100 * (1 - found[-1].test_accuracy),
        bound_from_ais_nats=estimate.from_ais_nats,
        bound_from_reverse_nats=estimate.lower_nats,
        bracket_error_nats=estimate.error_nats,
    )
    folder.say(
        f"after {epochs} epochs of joint training: test error "
        f"{milestone.test_error_percent:.2f} %, bound {estimate.shown()} nats per image"
    )
    return milestone


def _fine_tune(
    folder: ExperimentFolder,
    dbm: DBM,
    digits: Digits,
    tuning: FineTuning,
    epochs: int,
    seed: int,
) -> list[SupervisedEpoch]:
    options = tuning.options
    stage = folder.stage(f"seed-{seed}-{tuning.name}-{epochs}")
    lines = EpochLines(stage, SupervisedEpoch, options.epochs)

    def train() -> tuple[Network, list[dict[str, Any]]]:
        rows, test = (_augmented(dbm, part) for part in (digits.train, digits.test))
        network = network_from_dbm(
            dbm,
            CLASSES,
            dropout=tuning.dropout,
            input_dropout=tuning.input_dropout,
            generator=weights_generator(seed, folder.device),
        )
        monitor = AccuracyMonitor(rows.first(MEASURED_ROWS), None, test, lines.add)
        tuner = fine_tuner(stage, network, rows, options, seed, callbacks=[monitor])
        stage.run_with_checkpoints(tuner)
        return network, as_rows(monitor.epochs)

    chosen = {**tuning.settings(), "rows": len(digits.train), "seed": seed}
    _, stored = stage.model(chosen, train)
    return lines.finished(stored)


def _augmented(dbm: DBM, rows: LabelledImages) -> LabelledImages:
    return LabelledImages(augmented_inputs(dbm, rows.images, tolerance=1e-3), rows.labels)


def _compared(
    milestones: list[Milestone], dropout_errors: list[float], settings: DBMSettings
) -> list[ComparisonRow]:
    """Return the last milestone of each seed beside what is documented."""
    end = settings.ends[-1]
    last = [found for found in milestones if found.epochs == end]
    protocol = f"{settings.pretrain_epochs} epochs a layer, then {end} of joint training"
    published = settings.layers == DOCUMENTED_LAYERS
    error, bound = f"{documented.BEST_DBM_ERROR_PERCENT}", f"{documented.DBM_BOUND}"
    source = documented.SALAKHUTDINOV_HINTON
    rows = [
        ComparisonRow(
            "test error, %",
            error if published else "-",
            source,
            [found.test_error_percent for found in last],
            protocol,
            2,
        ),
        ComparisonRow(
            "test error, fine-tuned with dropout, %",
            f"{documented.DBM_DROPOUT_ERROR_PERCENT}" if published else "-",
            documented.SRIVASTAVA_2014,
            dropout_errors,
            protocol,
            2,
        ),
    ]
    middles = [
        (found.bound_from_ais_nats + found.bound_from_reverse_nats) / 2
        for found in last
        if abs(found.bound_from_ais_nats - found.bound_from_reverse_nats) <= TOLERANCE_NATS
    ]
    if len(middles) == len(last):
        what = "bound on the test log-likelihood, nats"
        rows.append(ComparisonRow(what, bound if published else "-", source, middles, protocol, 2))
    return rows


def _draw(
    folder: ExperimentFolder,
    dbm: DBM,
    digits: Digits,
    milestones: list[Milestone],
    settings: DBMSettings,
) -> None:
    figures.picture_rows(dbm_chains(dbm, digits), folder.path / "chains.png")
    figures.filters(dbm.weights[0].detach(), folder.path / "filters.png")

    def over_epochs(name: str) -> np.ndarray:
        values = [getattr(found, name) for found in milestones]
        return np.reshape(values, (len(settings.seeds), -1))

    panels = {
        "test error after fine-tuning, %": {"fine-tuned": over_epochs("test_error_percent")},
        "bound on the test log-likelihood, nats": {
            "log Z from AIS": over_epochs("bound_from_ais_nats"),
            "log Z from reverse AIS": over_epochs("bound_from_reverse_nats"),
        },
    }
    path = folder.path / "curves.png"
    figures.curves(panels, path, "epochs of joint training", [0, *settings.ends])
