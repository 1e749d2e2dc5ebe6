"""Accuracy against the number of labels, with and without pretraining on all digits.

The honest case for pretraining: the images are many, the labels few. The stack is pretrained once a
seed on all training images without their labels; both networks then see the same labelled digits,
the same number of each class, and train for a number of epochs fixed beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from ebm import DBN, FinetuneOptions, Network, fine_tune
from workflows.mnist import documented, figures
from workflows.mnist.digits import CLASSES, PIXELS, Digits, Rows
from workflows.mnist.preset import layer_options
from workflows.mnist.pretraining import PretrainingEpoch, pretrain
from workflows.mnist.study import StepProgress, Study
from workflows.mnist.supervised import accuracy
from workflows.mnist.tables import Compared, comparison_lines, write_csv

WITH, WITHOUT = "with pretraining", "without pretraining"


@dataclass(frozen=True)
class LabelSettings:
    """What the user chooses.

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


def options_for(labels: int, settings: LabelSettings) -> FinetuneOptions:
    """Return the supervised settings for a number of labels."""
    batch = min(100, max(10, labels // 10))
    steps_per_epoch = math.ceil(labels / batch)
    epochs = settings.epochs if labels >= 10_000 else max(1, settings.steps // steps_per_epoch)
    return FinetuneOptions(
        task="multi_class",
        epochs=epochs,
        batch_size=batch,
        learning_rate=1e-3,
        weight_decay=0.0,
        patience=None,
    )


def balanced_rows(rows: Rows, count: int, seed: int) -> Rows:
    """Draw `count` rows, the same number of each class; all rows when there are no more."""
    if count >= len(rows):
        return rows
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for label in range(CLASSES):
        members = (rows.labels == label).nonzero()[:, 0]
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[: count // CLASSES]])
    return rows.take(torch.cat(chosen))


def run_label_curve(study: Study, digits: Digits, settings: LabelSettings) -> list[Compared]:
    """Train at every number of labels; print, and write table and plot.

    Returns
    -------
    list of Compared
        The rows of "documented / here".
    """
    table: list[dict[str, Any]] = []
    for seed in settings.seeds:
        dbn = _pretrain(study, digits, settings, seed)
        for count in settings.counts:
            for variant, start in ((WITH, dbn), (WITHOUT, None)):
                value = _accuracy_at(study, digits, settings, seed, count, start)
                table.append({"seed": seed, "labels": count, "variant": variant, "accuracy": value})
                study.say(f"{count:6d} labels {variant:20s} seed {seed} test acc {value:.4f}")
    write_csv(table, study.folder / "labels.csv")
    compared = [
        Compared(
            f"test accuracy at {count} labels {variant}",
            str(known.get(count, "-")),
            documented.YELL,
            [r["accuracy"] for r in table if (r["labels"], r["variant"]) == (count, variant)],
            "784-" + "-".join(map(str, settings.layers)) + ", dropout",
        )
        for count in settings.counts
        for variant, known in (
            (WITH, documented.LABELS_WITH),
            (WITHOUT, documented.LABELS_WITHOUT),
        )
    ]
    write_csv([row.as_dict() for row in compared], study.folder / "summary.csv")
    _draw(study, settings, table)
    for line in comparison_lines(compared):
        study.say(line)
    return compared


def _pretrain(study: Study, digits: Digits, settings: LabelSettings, seed: int) -> DBN:
    def tell(epoch: PretrainingEpoch) -> None:
        study.say(epoch.line(settings.pretrain_epochs))

    dbn, _ = pretrain(
        study,
        f"seed-{seed}-pretraining",
        digits.train.images,
        settings.layers,
        [layer_options(settings.pretrain_epochs)] * len(settings.layers),
        seed,
        on_epoch=tell,
    )
    return dbn


def _accuracy_at(
    study: Study,
    digits: Digits,
    settings: LabelSettings,
    seed: int,
    count: int,
    dbn: DBN | None,
) -> float:
    options = options_for(count, settings)
    name = f"seed-{seed}-labels-{count}-{'without' if dbn is None else 'with'}"

    def compute() -> float:
        generator = torch.Generator().manual_seed(2000 + seed)
        if dbn is None:
            sizes = [PIXELS, *settings.layers]
            network = Network.from_sizes(
                sizes, CLASSES, dropout=0.5, input_dropout=0.2, generator=generator
            )
        else:
            network = dbn.to_network(CLASSES, dropout=0.5, input_dropout=0.2, generator=generator)
        rows = balanced_rows(digits.train, count, seed)
        order = torch.Generator().manual_seed(1000 + seed)
        total = options.epochs * math.ceil(len(rows) / options.batch_size)
        told = StepProgress(study.progress, name, total)
        fine_tune(network, rows.images, rows.labels, options, generator=order, callbacks=[told])
        return accuracy(network, digits.test)

    chosen = {
        "layers": list(settings.layers),
        "pretrain_epochs": None if dbn is None else settings.pretrain_epochs,
        "options": options.to_dict(),
        "rows": len(digits.train),
    }
    return float(study.result(name, chosen, compute))


def _draw(study: Study, settings: LabelSettings, table: list[dict[str, Any]]) -> None:
    figure = Figure(figsize=(5.5, 3.6))
    axes = figure.add_subplot()
    for colour, (variant, known) in zip(
        figures.COLOURS,
        ((WITH, documented.LABELS_WITH), (WITHOUT, documented.LABELS_WITHOUT)),
        strict=False,
    ):
        errors = [
            [
                100 * (1 - row["accuracy"])
                for row in table
                if (row["labels"], row["variant"]) == (count, variant)
            ]
            for count in settings.counts
        ]
        mean = np.array([np.mean(e) for e in errors])
        spread = [np.std(e, ddof=1) if len(e) > 1 else 0.0 for e in errors]
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
    figures.save(figure, study.folder / "labels.png")
