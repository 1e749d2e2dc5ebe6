"""Two deep networks: the Deep Learning Tutorials' DBN, and the best that pretraining reaches here.

tutorial
    784-1000-1000-1000-10, CD-1, fine-tuned without dropout; 50,000 digits to train, 10,000 to
    choose the epoch by: that of the lowest validation error, as there. Batches, rates and epochs
    are ours: batches of ten and a hundred epochs a layer took the original eleven hours.
best
    The same start with dropout, adversarial training (Goodfellow et al. 2015), and all 60,000
    digits. Dropout and the adversarial step were compared with the tutorial's network on the last
    10,000 training digits in twenty epochs; that thirty are better was not tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm import DBN, FinetuneOptions, FineTuner, Network, TrainingOptions, predict_logits
from workflows.mnist import documented, figures
from workflows.mnist.classic import VALIDATION_ROWS, chain
from workflows.mnist.digits import CLASSES, Digits, Rows
from workflows.mnist.pretraining import PretrainingEpoch, pretrain
from workflows.mnist.study import EpochNotes, StepProgress, Study
from workflows.mnist.supervised import EpochResult, SoundEpochs
from workflows.mnist.tables import Compared, comparison_lines, write_csv

MEASURED_ROWS = 10_000


@dataclass(frozen=True)
class Preset:
    """One of the two networks.

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


TUTORIAL = Preset(
    name="tutorial",
    layers=(1000, 1000, 1000),
    pretrain_epochs=15,
    finetune=FinetuneOptions(
        task="multi_class",
        epochs=30,
        batch_size=100,
        learning_rate=1e-3,
        weight_decay=0.0,
        patience=None,
    ),
    dropout=0.0,
    input_dropout=0.0,
    all_digits=False,
    documented=(f"{documented.TUTORIAL_ERROR_PERCENT}", documented.THEANO),
)
BEST = Preset(
    name="best",
    layers=(1000, 1000, 1000),
    pretrain_epochs=15,
    finetune=FinetuneOptions(
        task="multi_class",
        epochs=30,
        batch_size=100,
        learning_rate=1e-3,
        weight_decay=0.0,
        patience=None,
        adversarial_step=0.25,
    ),
    dropout=0.3,
    input_dropout=0.1,
    all_digits=True,
    documented=(
        f"{documented.BEST_DBM_ERROR_PERCENT} (DBM), {documented.BEST_DBN_ERROR_PERCENT} (DBN)",
        documented.SALAKHUTDINOV_HINTON,
    ),
)
PRESETS = {"tutorial": TUTORIAL, "best": BEST}


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


def run_preset(
    study: Study, preset: Preset, digits: Digits, seeds: tuple[int, ...]
) -> list[Compared]:
    """Pretrain and fine-tune one network a seed; print epochs and the test errors.

    Returns
    -------
    list of Compared
        The rows of "documented / here".
    """
    if preset.all_digits:
        rows, held_out = digits.train, None
    else:
        rows, held_out = digits.split(min(VALIDATION_ROWS, len(digits.train) // 6))
    errors, table, logits = [], [], []
    dbn: DBN | None = None
    for seed in seeds:
        study.say(f"Preset {preset.name}, 784-{'-'.join(map(str, preset.layers))}-10, seed {seed}")
        dbn = _pretrain(study, preset, rows, seed)
        network, epochs = _fine_tune(study, preset, dbn, rows, held_out, digits.test, seed)
        final = chosen_epoch(epochs)
        errors.append(100 * (1 - final["test_accuracy"]))
        table += [{"seed": seed, **epoch} for epoch in epochs]
        logits.append(torch.log_softmax(predict_logits(network, digits.test.images), 1))
    assert dbn is not None
    write_csv(table, study.folder / "epochs.csv")
    value, source = preset.documented
    chosen = (
        "last epoch of all digits" if preset.all_digits else "epoch chosen on validation digits"
    )
    protocol = f"{preset.finetune.epochs} epochs, {chosen}"
    compared = [Compared("test error, %", value, source, errors, protocol, 2)]
    if len(seeds) > 1:
        together = error_percent(torch.stack(logits).mean(0), digits.test.labels)
        what = f"test error of the {len(seeds)} networks together, %"
        compared.append(Compared(what, value, source, [together], protocol, 2))
    write_csv([row.as_dict() for row in compared], study.folder / "summary.csv")
    figures.filters(dbn.machines[0].weights.detach(), study.folder / "filters.png")
    figures.picture_rows(chain(dbn, digits, (1, 10, 100, 1000)), study.folder / "fantasies.png")
    for line in comparison_lines(compared):
        study.say(line)
    return compared


def chosen_epoch(epochs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the first epoch of the highest validation accuracy; the last one without validation.

    By error as in the Deep Learning Tutorials, not by loss: the loss of a network without dropout
    begins to grow long before its errors do.
    """
    if epochs[-1]["validation_accuracy"] is None:
        return epochs[-1]
    return max(epochs, key=lambda epoch: float(epoch["validation_accuracy"]))


def error_percent(scores: Tensor, labels: Tensor) -> float:
    """Share of the rows whose highest score is not their label, in percent."""
    return 100 * float((scores.argmax(1) != labels).float().mean())


def _pretrain(study: Study, preset: Preset, rows: Rows, seed: int) -> DBN:
    def tell(epoch: PretrainingEpoch) -> None:
        study.say(epoch.line(preset.pretrain_epochs))

    dbn, _ = pretrain(
        study,
        f"seed-{seed}-pretraining",
        rows.images,
        preset.layers,
        [layer_options(preset.pretrain_epochs)] * len(preset.layers),
        seed,
        on_epoch=tell,
    )
    return dbn


def _fine_tune(
    study: Study,
    preset: Preset,
    dbn: DBN,
    rows: Rows,
    held_out: Rows | None,
    test: Rows,
    seed: int,
) -> tuple[Network, list[dict[str, Any]]]:
    name = f"seed-{seed}-finetuning"
    live: list[int] = []

    def train() -> tuple[Network, list[dict[str, Any]]]:
        notes = EpochNotes(study, name)

        def tell(epoch: EpochResult) -> None:
            live.append(epoch.epoch)
            notes.add(epoch)
            study.say(epoch.line(preset.finetune.epochs))

        network = dbn.to_network(
            CLASSES,
            dropout=preset.dropout,
            input_dropout=preset.input_dropout,
            generator=torch.Generator().manual_seed(2000 + seed),
        )
        measured = SoundEpochs(rows.first(MEASURED_ROWS), held_out, test, tell)
        tuner = FineTuner(
            network,
            rows.images,
            rows.labels,
            preset.finetune,
            validation=None if held_out is None else (held_out.images, held_out.labels),
            generator=torch.Generator().manual_seed(1000 + seed),
            callbacks=[measured],
        )
        total = preset.finetune.epochs * tuner.batches_per_epoch
        tuner.callbacks = (*tuner.callbacks, StepProgress(study.progress, name, total))
        study.run(name, tuner)
        return network, notes.upto(tuner.epoch)

    chosen = {
        "layers": list(preset.layers),
        "pretrain_epochs": preset.pretrain_epochs,
        "finetune": preset.finetune.to_dict(),
        "dropout": [preset.input_dropout, preset.dropout],
        "rows": len(rows),
    }
    network, epochs = study.model(name, chosen, train)
    if not live:
        for epoch in epochs:
            study.say(EpochResult(**epoch).line(preset.finetune.epochs))
    return network, epochs
