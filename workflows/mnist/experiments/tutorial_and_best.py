"""`mnist dbn --preset tutorial|best`: two deep networks, judged by their test error.

tutorial
    The Deep Learning Tutorials' DBN. 784-1000-1000-1000-10, CD-1, fine-tuned without dropout;
    50,000 digits to train, 10,000 to choose the epoch by: that of the lowest validation error, as
    there. Batches, rates and epochs are ours: batches of ten and a hundred epochs a layer took the
    original eleven hours.
best
    The best that pretraining reaches here. The same start with dropout, adversarial training
    (Goodfellow et al. 2015), and all 60,000 digits. Dropout and the adversarial step were compared
    with the tutorial's network on the last 10,000 training digits in twenty epochs; that thirty
    are better was not tried.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ebm import DBN, FinetuneOptions, Network, predict_logits
from workflows.mnist.digits import Digits
from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions
from workflows.mnist.results import documented, figures
from workflows.mnist.results.images import chains_from_digits
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.epochs import EpochLines, as_rows
from workflows.mnist.training.pretraining import contrastive_divergence, pretrain
from workflows.mnist.training.stages import ExperimentFolder
from workflows.mnist.training.supervised import (
    AccuracyMonitor,
    SupervisedEpoch,
    error_percent,
    fine_tuner,
    initial_network,
    one_cycle,
)

MEASURED_ROWS = 10_000


@dataclass(frozen=True)
class DeepNetwork:
    """One of the two networks, and how it is trained.

    Attributes
    ----------
    name : str
    layers : tuple of int
    pretrain_epochs : int
        Of each layer.
    finetune : FinetuneOptions
    dropout, input_dropout : float
    all_digits : bool
        Train on all digits and take the last epoch, or hold 10,000 out to choose the epoch by.
    documented : tuple of (str, str)
        Value and source to compare with.
    """

    name: str
    layers: tuple[int, ...]
    pretrain_epochs: int
    finetune: FinetuneOptions
    dropout: float
    input_dropout: float
    all_digits: bool
    documented: tuple[str, str]

    def changed_by(self, options: ExperimentOptions) -> DeepNetwork:
        """Return the network as the user chose it."""
        epochs = options.used_epochs(self.finetune.epochs, quick=8)
        return dataclasses.replace(
            self,
            layers=(100, 100, 100) if options.quick else self.layers,
            pretrain_epochs=options.used_pretrain_epochs(self.pretrain_epochs),
            finetune=dataclasses.replace(self.finetune, epochs=epochs),
        )


TUTORIAL = DeepNetwork(
    name="tutorial",
    layers=(1000, 1000, 1000),
    pretrain_epochs=15,
    finetune=one_cycle(epochs=30, batch_size=100, learning_rate=1e-3),
    dropout=0.0,
    input_dropout=0.0,
    all_digits=False,
    documented=(f"{documented.TUTORIAL_ERROR_PERCENT}", documented.DEEP_LEARNING_TUTORIALS),
)
BEST = DeepNetwork(
    name="best",
    layers=(1000, 1000, 1000),
    pretrain_epochs=15,
    finetune=one_cycle(epochs=30, batch_size=100, learning_rate=1e-3, adversarial_step=0.25),
    dropout=0.3,
    input_dropout=0.1,
    all_digits=True,
    documented=(
        f"{documented.BEST_DBM_ERROR_PERCENT} (DBM), {documented.BEST_DBN_ERROR_PERCENT} (DBN)",
        documented.SALAKHUTDINOV_HINTON,
    ),
)
DEEP_NETWORKS = {network.name: network for network in (TUTORIAL, BEST)}


def run(inputs: ExperimentInputs, name: str) -> None:
    """Pretrain and fine-tune one network a seed; say epochs and the test errors.

    Parameters
    ----------
    inputs : ExperimentInputs
    name : {'tutorial', 'best'}
    """
    deep = DEEP_NETWORKS[name].changed_by(inputs.options)
    seeds = inputs.options.used_seeds(3)
    digits = inputs.digits
    folder = inputs.experiment(name)
    errors, table, logits = [], [], []
    for seed in seeds:
        folder.say(f"Preset {name}, 784-{'-'.join(map(str, deep.layers))}-10, seed {seed}")
        dbn, _ = pretrain(
            folder.stage(f"seed-{seed}-pretraining"),
            (digits.train if deep.all_digits else digits.split()[0]).images,
            deep.layers,
            [contrastive_divergence(deep.pretrain_epochs)] * len(deep.layers),
            seed,
        )
        network, epochs = _fine_tune(folder, deep, dbn, digits, seed)
        errors.append(100 * (1 - chosen_epoch(epochs).test_accuracy))
        table += [{"seed": seed, **row} for row in as_rows(epochs)]
        logits.append(torch.log_softmax(predict_logits(network, digits.test.images), 1))
    write_csv(table, folder.path / "epochs.csv")
    figures.filters(dbn.machines[0].weights.detach(), folder.path / "filters.png")
    figures.picture_rows(chains_from_digits(dbn, digits), folder.path / "fantasies.png")
    value, source = deep.documented
    which = "last epoch of all digits" if deep.all_digits else "epoch chosen on validation digits"
    protocol = f"{deep.finetune.epochs} epochs, {which}"
    rows = [ComparisonRow("test error, %", value, source, errors, protocol, 2)]
    if len(seeds) > 1:
        together = error_percent(torch.stack(logits).mean(0), digits.test.labels)
        what = f"test error of the {len(seeds)} networks together, %"
        rows.append(ComparisonRow(what, value, source, [together], protocol, 2))
    publish(folder, rows)


def chosen_epoch(epochs: Sequence[SupervisedEpoch]) -> SupervisedEpoch:
    """Return the first epoch of the highest validation accuracy; the last one without validation.

    By error as in the Deep Learning Tutorials, not by loss: the loss of a network without dropout
    begins to grow long before its errors do.
    """
    accuracies = [epoch.validation_accuracy for epoch in epochs]
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    return epochs[accuracies.index(max(known))] if known else epochs[-1]


def _fine_tune(
    folder: ExperimentFolder, deep: DeepNetwork, dbn: DBN, digits: Digits, seed: int
) -> tuple[Network, list[SupervisedEpoch]]:
    rows, held_out = (digits.train, None) if deep.all_digits else digits.split()
    stage = folder.stage(f"seed-{seed}-finetuning")
    lines = EpochLines(stage, SupervisedEpoch, deep.finetune.epochs)

    def train() -> tuple[Network, list[dict[str, Any]]]:
        network = initial_network(
            dbn, seed, folder.device, dropout=deep.dropout, input_dropout=deep.input_dropout
        )
        monitor = AccuracyMonitor(rows.first(MEASURED_ROWS), held_out, digits.test, lines.add)
        tuner = fine_tuner(
            stage, network, rows, deep.finetune, seed, held_out=held_out, callbacks=[monitor]
        )
        stage.run_with_checkpoints(tuner)
        return network, as_rows(monitor.epochs)

    chosen = {
        "layers": list(deep.layers),
        "pretrain_epochs": deep.pretrain_epochs,
        "finetune": deep.finetune.to_dict(),
        "dropout": [deep.input_dropout, deep.dropout],
        "rows": len(rows),
    }
    network, epochs = stage.model(chosen, train)
    return network, lines.finished(epochs)
