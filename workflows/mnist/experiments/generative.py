"""`mnist generative`: the DBN of Hinton, Osindero and Teh (2006), a model of digits and labels.

784-500-500-2000, ten labels beside the second layer; trained greedily, then by up-down. A digit is
classified by the free energy of the top machine with each label in turn; a label held fixed gives
digits of that class.
"""

from __future__ import annotations

from dataclasses import dataclass

from ebm import DBN
from workflows.mnist.digits import CLASSES, LabelledImages
from workflows.mnist.experiments.generative_up_down import (
    free_energy_error_percent as error_percent,
)
from workflows.mnist.experiments.generative_up_down import train_up_down
from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions
from workflows.mnist.results import documented, figures
from workflows.mnist.results.images import (
    STRIP_SWEEPS,
    digits_of_each_class,
    strip_of_each_class,
)
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.epochs import as_rows
from workflows.mnist.training.pretraining import contrastive_divergence, pretrain
from workflows.mnist.training.stages import ExperimentFolder


@dataclass(frozen=True)
class GenerativeSettings:
    """How the DBN is trained.

    Attributes
    ----------
    layers : tuple of int
    pretrain_epochs : int
        Of each layer.
    epochs : int
        Of up-down.
    seeds : tuple of int
    """

    layers: tuple[int, ...]
    pretrain_epochs: int
    epochs: int
    seeds: tuple[int, ...]


def settings_for(options: ExperimentOptions) -> GenerativeSettings:
    """Return the settings that the user chose."""
    return GenerativeSettings(
        layers=(64, 64, 128) if options.quick else (500, 500, 2000),
        pretrain_epochs=options.used_pretrain_epochs(20),
        epochs=options.used_epochs(120, quick=6),
        seeds=options.used_seeds(1),
    )


def run(inputs: ExperimentInputs) -> None:
    """Train greedily with labels, then up-down; say errors, and leave tables and figures."""
    settings = settings_for(inputs.options)
    folder = inputs.experiment("generative")
    rows, _ = inputs.digits.split()
    test = inputs.digits.test
    greedy_errors, chosen_errors, last_errors, table = [], [], [], []
    for seed in settings.seeds:
        folder.say(f"Generative DBN 784-{'-'.join(map(str, settings.layers))}, seed {seed}")
        greedy = _pretrain(folder, rows, settings, seed)
        greedy_errors.append(error_percent(greedy, test))
        folder.say(f"greedy: test error {greedy_errors[-1]:.2f} % by free energy")
        found = train_up_down(folder, greedy, inputs.digits, settings.epochs, seed)
        dbn = found.dbn
        chosen_errors.append(found.chosen().test_error_percent)
        last_errors.append(found.epochs[-1].test_error_percent)
        table += [{"seed": seed, **row} for row in as_rows(found.epochs)]
    write_csv(table, folder.path / "epochs.csv")
    names = [str(label) for label in range(CLASSES)]
    figures.grid(digits_of_each_class(dbn), folder.path / "digits.png", 10, names)
    figures.grid(strip_of_each_class(dbn), folder.path / "movie.png", len(STRIP_SWEEPS), names)
    compared = [
        ComparisonRow(
            "test error after greedy training, %",
            "-",
            "",
            greedy_errors,
            f"CD-1, {settings.pretrain_epochs} epochs a layer",
            2,
        ),
        ComparisonRow(
            "test error after up-down, digits held out, %",
            f"{documented.GENERATIVE_HELD_OUT_ERROR_PERCENT}",
            documented.HINTON_2006,
            chosen_errors,
            "the epoch with the lowest error on them",
            2,
        ),
        ComparisonRow(
            "test error after up-down, at last on all digits, %",
            f"{documented.GENERATIVE_ERROR_PERCENT}",
            documented.HINTON_2006,
            last_errors,
            f"{settings.epochs} epochs, the last one",
            2,
        ),
    ]
    publish(folder, compared)


def _pretrain(
    folder: ExperimentFolder, rows: LabelledImages, settings: GenerativeSettings, seed: int
) -> DBN:
    dbn, _ = pretrain(
        folder.stage(f"seed-{seed}-greedy"),
        rows.images,
        settings.layers,
        [contrastive_divergence(settings.pretrain_epochs)] * len(settings.layers),
        seed,
        labels=rows.labels,
    )
    return dbn
