"""The document's two experiments: an RBM and a DBN, each with and without pretraining."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ebm import DBN, FineTuner, Network, SamplerOptions, TrainingOptions, generate
from workflows.mnist import documented, figures
from workflows.mnist.digits import CLASSES, PIXELS, Digits
from workflows.mnist.pretraining import PretrainingEpoch, pretrain
from workflows.mnist.reconstruction import through_all_layers
from workflows.mnist.study import Study
from workflows.mnist.supervised import (
    EpochResult,
    Protocol,
    SoundEpochs,
    as_dicts,
    document_loss,
    sound_options,
    train_document,
)
from workflows.mnist.tables import Compared, comparison_lines, write_csv

VALIDATION_ROWS = 10_000
WITH, WITHOUT = "with pretraining", "without pretraining"


@dataclass(frozen=True)
class Classic:
    """One of the two experiments.

    Attributes
    ----------
    name, title : str
    layers : tuple of int
        Hidden layers that are pretrained.
    used_layers : int
        How many of them the network has; the document trains a 64-10 machine that it never uses.
    reconstructions : tuple of float
        Documented loss of each layer.
    without, with_ : float
        Documented training accuracy after five epochs.
    test_without, test_with : float
        Documented test accuracy, from elsewhere in that repository.
    """

    name: str
    title: str
    layers: tuple[int, ...]
    used_layers: int
    reconstructions: tuple[float, ...]
    without: float
    with_: float
    test_without: float
    test_with: float

    @property
    def shape(self) -> str:
        """The network in the usual notation."""
        return "-".join(map(str, (PIXELS, *self.layers[: self.used_layers], CLASSES)))


RBM_EXPERIMENT = Classic(
    name="rbm",
    title="Restricted Boltzmann Machine",
    layers=(2500,),
    used_layers=1,
    reconstructions=(documented.RBM_RECONSTRUCTION,),
    without=documented.RBM_WITHOUT,
    with_=documented.RBM_WITH,
    test_without=documented.RBM_TEST_WITHOUT,
    test_with=documented.RBM_TEST_WITH,
)
DBN_EXPERIMENT = Classic(
    name="dbn",
    title="Deep Belief Network",
    layers=(512, 128, 64, 10),
    used_layers=3,
    reconstructions=documented.DBN_RECONSTRUCTIONS,
    without=documented.DBN_WITHOUT,
    with_=documented.DBN_WITH,
    test_without=documented.DBN_TEST_WITHOUT,
    test_with=documented.DBN_TEST_WITH,
)


@dataclass(frozen=True)
class ClassicSettings:
    """What the user chooses.

    Attributes
    ----------
    pretrain_epochs, epochs : int
        Of each layer, and of the supervised training.
    seeds : tuple of int
    protocol : {'document', 'logits', 'sound'}
    """

    pretrain_epochs: int
    epochs: int
    seeds: tuple[int, ...]
    protocol: Protocol


def layer_options(layers: int, epochs: int) -> list[TrainingOptions]:
    """Return the settings of each layer: CD-1, momentum 0.9 after an epoch of 0.5.

    The first layer is held sparse, and none is centred: five supervised epochs get further from
    there, and digits are given back better (docs/mnist.md).
    """
    plain = TrainingOptions(
        epochs=epochs,
        batch_size=100,
        learning_rate=0.1,
        momentum_epochs=1,
        weight_decay=0.0,
        centred=False,
        sampler=SamplerOptions("cd", 1),
        pseudo_likelihood_rows=0,
    )
    sparse = dataclasses.replace(plain, sparsity_target=0.1, sparsity_cost=0.1)
    return [sparse, *[plain] * (layers - 1)]


def run_classic(
    study: Study, experiment: Classic, digits: Digits, settings: ClassicSettings
) -> list[Compared]:
    """Pretrain, train without and with it, print epoch by epoch, and write tables and figures.

    Returns
    -------
    list of Compared
        The rows of "documented / here".
    """
    pretrained: list[list[dict[str, Any]]] = []
    trained: dict[str, list[list[dict[str, Any]]]] = {WITHOUT: [], WITH: []}
    dbn: DBN | None = None
    for seed in settings.seeds:
        study.say(f"Unsupervised pretraining of {experiment.title}, seed {seed}")
        dbn, epochs = _pretrain(study, experiment, digits, settings, seed)
        pretrained.append(epochs)
        for variant in (WITHOUT, WITH):
            study.say(f"Training {variant}, {experiment.shape}, seed {seed}")
            start = dbn if variant == WITH else None
            trained[variant].append(
                _supervise(study, experiment, digits, settings, seed, variant, start)
            )
    assert dbn is not None
    rows = _compare(experiment, settings, pretrained, trained)
    _write_tables(study, settings, pretrained, trained, rows)
    _draw(study, experiment, digits, dbn, trained, settings.protocol)
    for line in comparison_lines(rows):
        study.say(line)
    return rows


def _pretrain(
    study: Study, experiment: Classic, digits: Digits, settings: ClassicSettings, seed: int
) -> tuple[DBN, list[dict[str, Any]]]:
    live: list[int] = []

    def tell(epoch: PretrainingEpoch) -> None:
        live.append(epoch.epoch)
        study.say(epoch.line(settings.pretrain_epochs))

    dbn, epochs = pretrain(
        study,
        f"seed-{seed}-pretraining",
        digits.train.images,
        experiment.layers,
        layer_options(len(experiment.layers), settings.pretrain_epochs),
        seed,
        on_epoch=tell,
    )
    if not live:
        for epoch in epochs:
            study.say(PretrainingEpoch(**epoch).line(settings.pretrain_epochs))
    return dbn, epochs


def _supervise(
    study: Study,
    experiment: Classic,
    digits: Digits,
    settings: ClassicSettings,
    seed: int,
    variant: str,
    dbn: DBN | None,
) -> list[dict[str, Any]]:
    live: list[EpochResult] = []

    def tell(epoch: EpochResult) -> None:
        live.append(epoch)
        study.say(epoch.line(settings.epochs))

    def compute() -> list[dict[str, Any]]:
        network = _network(experiment, dbn, seed)
        generator = torch.Generator().manual_seed(1000 + seed)
        if settings.protocol != "sound":
            loss = document_loss if settings.protocol == "document" else cross_entropy
            found = train_document(network, digits, settings.epochs, loss, generator, tell)
            return as_dicts(found)
        return _train_soundly(network, digits, settings.epochs, generator, tell)

    name = f"seed-{seed}-{settings.protocol}-{variant.split()[0]}"
    chosen = {
        "layers": list(experiment.layers),
        "pretrain_epochs": settings.pretrain_epochs if dbn is not None else None,
        "epochs": settings.epochs,
        "rows": len(digits.train),
    }
    results: list[dict[str, Any]] = study.result(name, chosen, compute)
    if not live:
        for result in results:
            study.say(EpochResult(**result).line(settings.epochs))
    return results


def _network(experiment: Classic, dbn: DBN | None, seed: int) -> Network:
    generator = torch.Generator().manual_seed(2000 + seed)
    if dbn is None:
        sizes = [PIXELS, *experiment.layers[: experiment.used_layers]]
        return Network.from_sizes(sizes, CLASSES, generator=generator)
    used = DBN(dbn.machines[: experiment.used_layers])
    return used.to_network(CLASSES, generator=generator)


def _train_soundly(
    network: Network, digits: Digits, epochs: int, generator: torch.Generator, tell: Any
) -> list[dict[str, Any]]:
    rows, held_out = digits.split(min(VALIDATION_ROWS, len(digits.train) // 6))
    results: list[EpochResult] = []

    def keep(epoch: EpochResult) -> None:
        results.append(epoch)
        tell(epoch)

    FineTuner(
        network,
        rows.images,
        rows.labels,
        sound_options(epochs),
        validation=(held_out.images, held_out.labels),
        generator=generator,
        callbacks=[SoundEpochs(rows, held_out, digits.test, keep)],
    ).run()
    return as_dicts(results)


def final_epoch(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the epoch that counts: of the lowest validation loss, or the last without one."""
    if results[-1]["validation_loss_nats"] is None:
        return results[-1]
    return min(results, key=lambda epoch: float(epoch["validation_loss_nats"]))


def _compare(
    experiment: Classic,
    settings: ClassicSettings,
    pretrained: list[list[dict[str, Any]]],
    trained: dict[str, list[list[dict[str, Any]]]],
) -> list[Compared]:
    source = documented.TUTORIAL_DOCUMENT
    rows = []
    for layer, value in enumerate(experiment.reconstructions):
        last = [[e for e in epochs if e["layer"] == layer][-1] for epochs in pretrained]
        size = f"{last[0]['n_visible']}-{last[0]['n_hidden']}"
        protocol = f"CD-1, {settings.pretrain_epochs} epochs"
        rows += [
            Compared(
                f"reconstruction error {size}, sampled bits (floor {last[0]['error_floor']:.3f}, "
                f"all black {last[0]['all_black']:.3f})",
                f"{value:.3f}",
                source,
                [e["error"] for e in last],
                protocol,
                3,
            ),
            Compared(
                f"reconstruction error {size}, mean field",
                "-",
                "",
                [e["mean_field_error"] for e in last],
                protocol,
                3,
            ),
            Compared(
                f"cross-entropy {size}, nats (base rates {last[0]['base_rate_nats']:.1f})",
                "-",
                "",
                [e["cross_entropy_nats"] for e in last],
                protocol,
                1,
            ),
        ]
    for variant, train_value, test_value in (
        (WITHOUT, experiment.without, experiment.test_without),
        (WITH, experiment.with_, experiment.test_with),
    ):
        final = [final_epoch(results) for results in trained[variant]]
        protocol = f"{settings.protocol}, {settings.epochs} epochs"
        for part, value, origin in (
            ("train", train_value, source),
            ("test", test_value, documented.SEED_README),
        ):
            here = [epoch[f"{part}_accuracy"] for epoch in final]
            rows.append(
                Compared(f"{part} accuracy {variant}", f"{value:.3f}", origin, here, protocol)
            )
    return rows


def _write_tables(
    study: Study,
    settings: ClassicSettings,
    pretrained: list[list[dict[str, Any]]],
    trained: dict[str, list[list[dict[str, Any]]]],
    rows: list[Compared],
) -> None:
    seeded = zip(settings.seeds, pretrained, strict=True)
    write_csv(
        [{"seed": seed, **epoch} for seed, epochs in seeded for epoch in epochs],
        study.folder / "pretraining.csv",
    )
    supervised = [
        {"seed": seed, "variant": variant, "protocol": settings.protocol, **epoch}
        for variant, all_results in trained.items()
        for seed, results in zip(settings.seeds, all_results, strict=True)
        for epoch in results
    ]
    write_csv(supervised, study.folder / f"epochs-{settings.protocol}.csv")
    write_csv([row.as_dict() for row in rows], study.folder / f"summary-{settings.protocol}.csv")


def _draw(
    study: Study,
    experiment: Classic,
    digits: Digits,
    dbn: DBN,
    trained: dict[str, list[list[dict[str, Any]]]],
    protocol: Protocol,
) -> None:
    panels = {
        title: {
            f"{variant}, {part}": np.array([[e[key] for e in r] for r in trained[variant]])
            for variant in (WITHOUT, WITH)
            for part, key in columns
        }
        for title, columns in {
            "training loss, nats": [("train", "train_loss_nats")],
            "accuracy": [("train", "train_accuracy"), ("test", "test_accuracy")],
        }.items()
    }
    figures.curves(panels, study.folder / f"curves-{protocol}.png", "epoch")
    figures.picture_rows(_layers_of(dbn, digits), study.folder / "digits.png")
    figures.filters(dbn.machines[0].weights.detach(), study.folder / "filters.png")
    used = DBN(dbn.machines[: experiment.used_layers])
    figures.picture_rows(chain(used, digits, (1, 10, 100, 1000)), study.folder / "fantasies.png")


def _layers_of(dbn: DBN, digits: Digits) -> dict[str, Tensor]:
    """Original, each hidden layer's means, and the reconstruction down through all layers."""
    state = first_of_each(digits)
    rows = {"original": state}
    below = state
    with torch.no_grad():
        for rbm in dbn.machines:
            below = rbm.hidden_mean(below)
            rows[f"hidden {rbm.hidden.size}"] = below
        for count in range(1, len(dbn.machines) + 1):
            through = through_all_layers(DBN(dbn.machines[:count]), state)
            rows[f"back from {dbn.machines[count - 1].hidden.size}"] = through
    return rows


def chain(dbn: DBN, digits: Digits, sweeps: tuple[int, ...]) -> dict[str, Tensor]:
    """Test digits, and what chains that start there show after so many sweeps."""
    start = first_of_each(digits)
    rows = {"start": start}
    for steps in sweeps:
        generator = torch.Generator().manual_seed(0)
        rows[f"{steps} sweeps"] = generate(dbn, len(start), steps, generator, start=start)
    return rows


def first_of_each(digits: Digits) -> Tensor:
    """First test image of each class, shape (10, 784)."""
    labels = digits.test.labels
    index = torch.stack([(labels == label).nonzero()[0, 0] for label in range(CLASSES)])
    return digits.test.images[index]
