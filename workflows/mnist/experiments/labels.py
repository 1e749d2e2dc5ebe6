"""`mnist labels`: accuracy against the number of labels, with and without pretraining.

The honest case for pretraining: the images are many, the labels few. The stack is pretrained once a
seed on all training images without their labels; both networks then see the same labelled digits,
the same number of each class, and train for a number of epochs fixed beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure

from ebm import DBN, FinetuneOptions
from workflows.mnist.digits import CLASSES, Digits, LabelledImages
from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions
from workflows.mnist.results import documented, figures
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.epochs import as_rows
from workflows.mnist.training.pretraining import contrastive_divergence, pretrain
from workflows.mnist.training.stages import ExperimentFolder
from workflows.mnist.training.supervised import (
    WITH,
    WITHOUT,
    accuracy,
    fine_tuner,
    initial_network,
    one_cycle,
)

DOCUMENTED = {WITH: documented.LABELS_WITH, WITHOUT: documented.LABELS_WITHOUT}
DROPOUT, INPUT_DROPOUT = 0.5, 0.2


@dataclass(frozen=True)
class LabelCurveSettings:
    """How the networks are trained.

    Attributes
    ----------
    layers : tuple of int
    pretrain_epochs : int
        Of each layer.
    counts : tuple of int
        Numbers of labels.
    steps : int
        Minibatches of the supervised training, for fewer than 10,000 labels; more labels get
        `epochs` passes.
    epochs : int
    seeds : tuple of int
    """

    layers: tuple[int, ...]
    pretrain_epochs: int
    counts: tuple[int, ...]
    steps: int
    epochs: int
    seeds: tuple[int, ...]

    def finetune(self, labels: int) -> FinetuneOptions:
        """Return the settings of the supervised training on so many labels."""
        batch = min(100, max(10, labels // 10))
        steps_per_epoch = math.ceil(labels / batch)
        epochs = self.epochs if labels >= 10_000 else max(1, self.steps // steps_per_epoch)
        return one_cycle(epochs, batch, learning_rate=1e-3)


@dataclass(frozen=True)
class LabelledAccuracy:
    """Test accuracy of one network; its fields are the columns of labels.csv."""

    seed: int
    labels: int
    variant: str
    accuracy: float


def settings_for(options: ExperimentOptions) -> LabelCurveSettings:
    """Return the settings that the user chose."""
    quick = options.quick
    return LabelCurveSettings(
        layers=(256,) if quick else (1000, 1000),
        pretrain_epochs=options.used_pretrain_epochs(15),
        counts=(100, 1000) if quick else (100, 1000, 10_000, 60_000),
        steps=400 if quick else 3000,
        epochs=options.used_epochs(20, quick=2),
        seeds=options.used_seeds(3),
    )


def run(inputs: ExperimentInputs) -> None:
    """Train at every number of labels; say the accuracies, and leave table and plot."""
    settings = settings_for(inputs.options)
    folder = inputs.experiment("labels")
    measured: list[LabelledAccuracy] = []
    for seed in settings.seeds:
        dbn, _ = pretrain(
            folder.stage(f"seed-{seed}-pretraining"),
            inputs.digits.train.images,
            settings.layers,
            [contrastive_divergence(settings.pretrain_epochs)] * len(settings.layers),
            seed,
        )
        for count in settings.counts:
            for variant, start in ((WITH, dbn), (WITHOUT, None)):
                value = _accuracy_at(folder, inputs.digits, settings, seed, count, start)
                measured.append(LabelledAccuracy(seed, count, variant, value))
                folder.say(f"{count:6d} labels {variant:20s} seed {seed} test acc {value:.4f}")
    write_csv(as_rows(measured), folder.path / "labels.csv")
    _draw(folder, settings, measured)
    rows = [
        ComparisonRow(
            f"test accuracy at {count} labels {variant}",
            str(known.get(count, "-")),
            documented.YELL,
            _over_seeds(measured, count, variant),
            "784-" + "-".join(map(str, settings.layers)) + ", dropout",
        )
        for count in settings.counts
        for variant, known in DOCUMENTED.items()
    ]
    publish(folder, rows)


def balanced_rows(rows: LabelledImages, count: int, seed: int) -> LabelledImages:
    """Draw `count` rows, the same number of each class; all rows when there are no more."""
    if count >= len(rows):
        return rows
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for label in range(CLASSES):
        members = (rows.labels == label).nonzero()[:, 0]
        order = torch.randperm(len(members), generator=generator).to(members.device)
        chosen.append(members[order[: count // CLASSES]])
    return rows.take(torch.cat(chosen))


def _accuracy_at(
    folder: ExperimentFolder,
    digits: Digits,
    settings: LabelCurveSettings,
    seed: int,
    count: int,
    dbn: DBN | None,
) -> float:
    options = settings.finetune(count)
    stage = folder.stage(f"seed-{seed}-labels-{count}-{'without' if dbn is None else 'with'}")

    def compute() -> float:
        start = settings.layers if dbn is None else dbn
        network = initial_network(
            start, seed, folder.device, dropout=DROPOUT, input_dropout=INPUT_DROPOUT
        )
        rows = balanced_rows(digits.train, count, seed)
        fine_tuner(stage, network, rows, options, seed).run()
        return accuracy(network, digits.test)

    chosen = {
        "layers": list(settings.layers),
        "pretrain_epochs": None if dbn is None else settings.pretrain_epochs,
        "options": options.to_dict(),
        "rows": len(digits.train),
    }
    return float(stage.result(chosen, compute))


def _over_seeds(measured: list[LabelledAccuracy], count: int, variant: str) -> list[float]:
    return [m.accuracy for m in measured if (m.labels, m.variant) == (count, variant)]


def _draw(
    folder: ExperimentFolder, settings: LabelCurveSettings, measured: list[LabelledAccuracy]
) -> None:
    figure = Figure(figsize=(5.5, 3.6))
    axes = figure.add_subplot()
    for colour, (variant, known) in zip(figures.COLOURS, DOCUMENTED.items(), strict=False):
        errors = [
            [100 * (1 - value) for value in _over_seeds(measured, count, variant)]
            for count in settings.counts
        ]
        mean = np.array([np.mean(e) for e in errors])
        spread = np.array([np.std(e, ddof=1) if len(e) > 1 else 0.0 for e in errors])
        axes.errorbar(settings.counts, mean, spread, marker="o", color=colour, label=f"{variant}")
        shared = [count for count in settings.counts if count in known]
        axes.plot(
            shared,
            [100 * (1 - known[count]) for count in shared],
            "x--",
            color=colour,
            alpha=0.5,
            label=f"documented, {variant}",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylabel("test error, %", fontsize=9)
    figures.finish(axes, "The fewer the labels, the more pretraining gives", "labels")
    figures.save(figure, folder.path / "labels.png")
