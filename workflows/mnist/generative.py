"""The generative DBN of Hinton, Osindero and Teh (2006): joint labels, greedy, then up-down.

784-500-500-2000, ten labels beside the second layer. A digit is classified by the free energy of
the top machine with each label in turn; a label held fixed gives digits of that class.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import ebm
from ebm import DBN, TrainingOptions, UpDownOptions, class_log_probabilities
from ebm.dbn import UpDownTrainer, class_states
from workflows.mnist import documented, figures
from workflows.mnist.digits import CLASSES, Digits, Rows
from workflows.mnist.pretraining import PretrainingEpoch, pretrain
from workflows.mnist.study import Study
from workflows.mnist.tables import Compared, comparison_lines, write_csv

LAYERS = (500, 500, 2000)
VALIDATION_ROWS = 10_000
PICTURE_SWEEPS = 1000
MOVIE_SWEEPS = (0, 1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)


@dataclass(frozen=True)
class GenerativeSettings:
    """What the user chooses.

    Attributes
    ----------
    layers : tuple of int
    pretrain_epochs : int
        Of each layer.
    epochs : int
        Of up-down, divided into three phases of 3, 6 and 10 Gibbs sweeps as in the paper.
    seeds : tuple of int
    """

    layers: tuple[int, ...]
    pretrain_epochs: int
    epochs: int
    seeds: tuple[int, ...]


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

    def line(self) -> str:
        """Return the epoch as a line of result."""
        return (
            f"up-down phase {self.phase} epoch {self.epoch:3d} wake {self.wake_nats:.1f} "
            f"sleep {self.sleep_nats:.1f} nats "
            f"validation error {self.validation_error_percent:.2f} % "
            f"test error {self.test_error_percent:.2f} % {self.seconds:.1f}sec"
        )


def layer_options(epochs: int) -> TrainingOptions:
    """Return the settings of each layer's CD-1."""
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


def run_generative(study: Study, digits: Digits, settings: GenerativeSettings) -> list[Compared]:
    """Train greedily with labels, then up-down; print errors, write tables and figures.

    Returns
    -------
    list of Compared
        The rows of "documented / here".
    """
    rows, held_out = digits.split(min(VALIDATION_ROWS, len(digits.train) // 6))
    greedy_errors, errors, table = [], [], []
    dbn: DBN | None = None
    for seed in settings.seeds:
        study.say(f"Generative DBN 784-{'-'.join(map(str, settings.layers))}, seed {seed}")
        greedy = _pretrain(study, rows, settings, seed)
        greedy_errors.append(error_percent(greedy, digits.test))
        study.say(f"greedy: test error {greedy_errors[-1]:.2f} % by free energy")
        dbn, epochs = _up_down(study, greedy, rows, held_out, digits.test, settings, seed)
        best = min(epochs, key=lambda epoch: float(epoch["validation_error_percent"]))
        errors.append(best["test_error_percent"])
        table += [{"seed": seed, **epoch} for epoch in epochs]
    assert dbn is not None
    write_csv(table, study.folder / "epochs.csv")
    compared = [
        Compared(
            "test error after greedy training, %",
            "-",
            "",
            greedy_errors,
            f"CD-1, {settings.pretrain_epochs} epochs a layer",
            2,
        ),
        Compared(
            "test error after up-down, %",
            f"{documented.GENERATIVE_ERROR_PERCENT}",
            documented.HINTON_2006,
            errors,
            f"{settings.epochs} epochs, chosen on validation digits",
            2,
        ),
    ]
    write_csv([row.as_dict() for row in compared], study.folder / "summary.csv")
    _draw(study, dbn)
    for line in comparison_lines(compared):
        study.say(line)
    return compared


@torch.no_grad()
def error_percent(dbn: DBN, rows: Rows) -> float:
    """Share of the rows whose most probable label by free energy is wrong, in percent."""
    batch = 2000
    wrong = 0
    for start in range(0, len(rows), batch):
        images = rows.images[start : start + batch]
        found = class_log_probabilities(dbn, images).argmax(1)
        wrong += int((found != rows.labels[start : start + batch]).sum())
    return 100 * wrong / len(rows)


def _pretrain(study: Study, rows: Rows, settings: GenerativeSettings, seed: int) -> DBN:
    def tell(epoch: PretrainingEpoch) -> None:
        study.say(epoch.line(settings.pretrain_epochs))

    dbn, _ = pretrain(
        study,
        f"seed-{seed}-greedy",
        rows.images,
        settings.layers,
        [layer_options(settings.pretrain_epochs)] * len(settings.layers),
        seed,
        on_epoch=tell,
        labels=rows.labels,
    )
    return dbn


def _up_down(
    study: Study,
    greedy: DBN,
    rows: Rows,
    held_out: Rows,
    test: Rows,
    settings: GenerativeSettings,
    seed: int,
) -> tuple[DBN, list[dict[str, Any]]]:
    """All phases, each one a stage; returns the DBN of the best validation epoch."""
    current, best = greedy, greedy
    lowest = error_percent(greedy, held_out)
    epochs: list[dict[str, Any]] = []
    for number, options in enumerate(phases(settings.epochs), start=1):
        phase = _Phase(study, f"seed-{seed}-up-down-{number}", number, options, held_out, test)
        current, phase_best, found = phase.run(current, rows, seed)
        epochs += found
        smallest = min(epoch["validation_error_percent"] for epoch in found)
        if smallest < lowest:
            lowest, best = smallest, phase_best
    return best, epochs


@dataclass
class _Phase:
    """One phase of up-down training, measured after each epoch and resumable within it."""

    study: Study
    name: str
    number: int
    options: UpDownOptions
    held_out: Rows
    test: Rows

    def run(self, dbn: DBN, rows: Rows, seed: int) -> tuple[DBN, DBN, list[dict[str, Any]]]:
        """Return the DBN at the end, the one of the best epoch, and the epochs."""
        settings = {"options": self.options.to_dict(), "rows": len(rows), "seed": seed}
        best_file = self.study.stages / f"{self.name}-best.safetensors"
        live: list[UpDownEpoch] = []

        def train() -> tuple[DBN, list[dict[str, Any]]]:
            trainer = UpDownTrainer(
                dbn,
                rows.images,
                self.options,
                labels=rows.labels,
                generator=torch.Generator().manual_seed(100 * self.number + seed),
            )
            live.extend(self._epochs(trainer, len(rows), best_file))
            return trainer.dbn, [dataclasses.asdict(epoch) for epoch in live]

        end, epochs = self.study.model(self.name, settings, train)
        if not live:
            for epoch in epochs:
                self.study.say(UpDownEpoch(**epoch).line())
        best: Any = ebm.load(best_file)
        return end, best, epochs

    def _epochs(self, trainer: UpDownTrainer, n_rows: int, best_file: Any) -> list[UpDownEpoch]:
        steps = -(-n_rows // self.options.batch_size)
        checkpoint = self.study.stages / f"{self.name}.resume"
        log = f"{self.name}-epochs"
        found: list[UpDownEpoch] = []
        if checkpoint.is_file():
            ebm.load_resume(checkpoint, trainer)
            noted = [UpDownEpoch(**row) for row in self.study.notes(log)]
            # A kill between the two files leaves one epoch more here than there.
            found = [epoch for epoch in noted if epoch.epoch <= trainer.epoch]
        while trainer.epoch < self.options.epochs:
            trainer.run(steps)
            epoch = self._measure(trainer)
            self.study.say(epoch.line())
            lowest = min((e.validation_error_percent for e in found), default=float("inf"))
            if epoch.validation_error_percent < lowest:
                ebm.save(best_file, trainer.dbn)
            found.append(epoch)
            self.study.note(log, [dataclasses.asdict(e) for e in found])
            ebm.save_resume(checkpoint, trainer)
        return found

    def _measure(self, trainer: UpDownTrainer) -> UpDownEpoch:
        record = trainer.history.records[-1]
        return UpDownEpoch(
            phase=self.number,
            epoch=trainer.epoch,
            wake_nats=record.wake_nats,
            sleep_nats=record.sleep_nats,
            validation_error_percent=error_percent(trainer.dbn, self.held_out),
            test_error_percent=error_percent(trainer.dbn, self.test),
            seconds=record.seconds,
        )


def _draw(study: Study, dbn: DBN) -> None:
    """Ten digits of each class, and one chain of each class as a strip of pictures."""
    names = [str(label) for label in range(CLASSES)]
    generator = torch.Generator().manual_seed(0)
    digits = [
        dbn.down_mean(class_states(dbn, label, 10, PICTURE_SWEEPS, generator), generator)
        for label in range(CLASSES)
    ]
    figures.grid(torch.cat(digits).detach(), study.folder / "digits.png", 10, names)
    movie = torch.cat([_strip(dbn, label) for label in range(CLASSES)])
    figures.grid(movie, study.folder / "movie.png", len(MOVIE_SWEEPS), names)


def _strip(dbn: DBN, label: int) -> Tensor:
    """One chain after more and more sweeps: the same seed gives the same chain."""
    frames = []
    for sweeps in MOVIE_SWEEPS:
        generator = torch.Generator().manual_seed(label)
        states = class_states(dbn, label, 1, sweeps, generator)
        frames.append(dbn.down_mean(states, generator))
    return torch.cat(frames).detach()
