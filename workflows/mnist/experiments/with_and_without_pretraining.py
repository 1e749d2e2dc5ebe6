"""What `rbm` and `dbn` share: pretrain, then train on labels without and with that start."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ebm import DBN, SamplerOptions, TrainingOptions
from workflows.mnist.digits import CLASSES, PIXELS, Digits
from workflows.mnist.inputs import ExperimentInputs
from workflows.mnist.results import documented, figures
from workflows.mnist.results.images import chains_from_digits, layers_and_back
from workflows.mnist.results.tables import ComparisonRow, publish, write_csv
from workflows.mnist.training.epochs import EpochLines, as_rows
from workflows.mnist.training.pretraining import PretrainingEpoch, pretrain
from workflows.mnist.training.protocols import (
    SupervisedProtocol,
    counted_epoch,
    train_by_protocol,
)
from workflows.mnist.training.stages import ExperimentFolder
from workflows.mnist.training.supervised import WITH, WITHOUT, SupervisedEpoch, initial_network


@dataclass(frozen=True)
class DocumentedNetwork:
    """One of the two networks, and what the document says of it.

    Attributes
    ----------
    name, title : str
    layers : tuple of int
        Hidden layers that are pretrained.
    used_layers : int
        How many of them the network has.
    reconstructions : tuple of float
        Documented loss of each layer.
    train_without, train_with : float
        Documented training accuracy after five epochs.
    test_without, test_with : float
        Documented test accuracy, from elsewhere in that repository.
    """

    name: str
    title: str
    layers: tuple[int, ...]
    used_layers: int
    reconstructions: tuple[float, ...]
    train_without: float
    train_with: float
    test_without: float
    test_with: float

    @property
    def shape(self) -> str:
        """The network in the usual notation."""
        return "-".join(map(str, (PIXELS, *self.layers[: self.used_layers], CLASSES)))

    def used_part(self, dbn: DBN) -> DBN:
        """Return the machines that the network begins with."""
        return DBN(dbn.machines[: self.used_layers])


@dataclass(frozen=True)
class ComparisonSettings:
    """How the network is trained.

    Attributes
    ----------
    pretrain_epochs, epochs : int
        Of each layer, and of the supervised training.
    seeds : tuple of int
    protocol : {'document', 'logits', 'sound'}
        Of the supervised training; all stand in one folder and share the pretraining.
    """

    pretrain_epochs: int
    epochs: int
    seeds: tuple[int, ...]
    protocol: SupervisedProtocol


@dataclass(frozen=True)
class Measured:
    """All epochs of all seeds: of the pretraining, and of each start's supervised training."""

    pretraining: list[list[PretrainingEpoch]]
    supervised: dict[str, list[list[SupervisedEpoch]]]


def compare_starts(
    inputs: ExperimentInputs, network: DocumentedNetwork, protocol: SupervisedProtocol
) -> None:
    """Pretrain, train without and with it, say every epoch, and leave tables and figures."""
    options = inputs.options
    if options.quick:
        network = dataclasses.replace(network, layers=tuple(min(n, 128) for n in network.layers))
    settings = ComparisonSettings(
        pretrain_epochs=options.used_pretrain_epochs(5),
        epochs=options.used_epochs(5, quick=8),
        seeds=options.used_seeds(3),
        protocol=protocol,
    )
    folder = inputs.experiment(network.name)
    measured = Measured([], {WITHOUT: [], WITH: []})
    for seed in settings.seeds:
        folder.say(f"Unsupervised pretraining of {network.title}, seed {seed}")
        dbn, epochs = pretrain(
            folder.stage(f"seed-{seed}-pretraining"),
            inputs.digits.train.images,
            network.layers,
            layer_options(len(network.layers), settings.pretrain_epochs),
            seed,
        )
        measured.pretraining.append(epochs)
        for variant, start in ((WITHOUT, None), (WITH, dbn)):
            folder.say(f"Training {variant}, {network.shape}, seed {seed}")
            measured.supervised[variant].append(
                _supervise(folder, network, inputs.digits, settings, seed, variant, start)
            )
    _write_epochs(folder, settings, measured)
    _draw(folder, network, inputs.digits, dbn, measured, protocol)
    publish(folder, _comparison(network, settings, measured), f"summary-{protocol}")


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


def _supervise(
    folder: ExperimentFolder,
    network: DocumentedNetwork,
    digits: Digits,
    settings: ComparisonSettings,
    seed: int,
    variant: str,
    dbn: DBN | None,
) -> list[SupervisedEpoch]:
    stage = folder.stage(f"seed-{seed}-{settings.protocol}-{variant.split()[0]}")
    lines = EpochLines(stage, SupervisedEpoch, settings.epochs)

    def compute() -> list[dict[str, Any]]:
        start = network.layers[: network.used_layers] if dbn is None else network.used_part(dbn)
        trained = initial_network(start, seed, stage.folder.device)
        return as_rows(
            train_by_protocol(
                stage, trained, digits, settings.protocol, settings.epochs, seed, lines.add
            )
        )

    chosen = {
        "layers": list(network.layers),
        "pretrain_epochs": None if dbn is None else settings.pretrain_epochs,
        "epochs": settings.epochs,
        "rows": len(digits.train),
    }
    return lines.finished(stage.result(chosen, compute))


def _comparison(
    network: DocumentedNetwork, settings: ComparisonSettings, measured: Measured
) -> list[ComparisonRow]:
    rows = []
    for layer, value in enumerate(network.reconstructions):
        rows += _reconstruction_rows(layer, value, settings, measured)
    protocol = f"{settings.protocol}, {settings.epochs} epochs"
    for variant, train_value, test_value in (
        (WITHOUT, network.train_without, network.test_without),
        (WITH, network.train_with, network.test_with),
    ):
        final = [counted_epoch(epochs) for epochs in measured.supervised[variant]]
        rows += [
            ComparisonRow(
                f"train accuracy {variant}",
                f"{train_value:.3f}",
                documented.DOCUMENT,
                [epoch.train_accuracy for epoch in final],
                protocol,
            ),
            ComparisonRow(
                f"test accuracy {variant}",
                f"{test_value:.3f}",
                documented.DOCUMENT_README,
                [epoch.test_accuracy for epoch in final],
                protocol,
            ),
        ]
    return rows


def _reconstruction_rows(
    layer: int, documented_error: float, settings: ComparisonSettings, measured: Measured
) -> list[ComparisonRow]:
    last = [[e for e in epochs if e.layer == layer][-1] for epochs in measured.pretraining]
    first = last[0]
    size = f"{first.n_visible}-{first.n_hidden}"
    protocol = f"CD-1, {settings.pretrain_epochs} epochs"
    return [
        ComparisonRow(
            f"reconstruction error {size}, sampled bits (floor {first.error_floor:.3f}, "
            f"all black {first.all_black:.3f})",
            f"{documented_error:.3f}",
            documented.DOCUMENT,
            [e.error for e in last],
            protocol,
            3,
        ),
        ComparisonRow(
            f"reconstruction error {size}, mean field",
            "-",
            "",
            [e.mean_field_error for e in last],
            protocol,
            3,
        ),
        ComparisonRow(
            f"cross-entropy {size}, nats (base rates {first.base_rate_nats:.1f})",
            "-",
            "",
            [e.cross_entropy_nats for e in last],
            protocol,
            1,
        ),
    ]


def _write_epochs(
    folder: ExperimentFolder, settings: ComparisonSettings, measured: Measured
) -> None:
    pretraining = [
        {"seed": seed, **row}
        for seed, epochs in zip(settings.seeds, measured.pretraining, strict=True)
        for row in as_rows(epochs)
    ]
    write_csv(pretraining, folder.path / "pretraining.csv")
    supervised = [
        {"seed": seed, "variant": variant, "protocol": settings.protocol, **row}
        for variant, of_seeds in measured.supervised.items()
        for seed, epochs in zip(settings.seeds, of_seeds, strict=True)
        for row in as_rows(epochs)
    ]
    write_csv(supervised, folder.path / f"epochs-{settings.protocol}.csv")


def _draw(
    folder: ExperimentFolder,
    network: DocumentedNetwork,
    digits: Digits,
    dbn: DBN,
    measured: Measured,
    protocol: SupervisedProtocol,
) -> None:
    panels = {
        title: {
            f"{variant}, {part}": np.array(
                [[getattr(e, name) for e in epochs] for epochs in measured.supervised[variant]]
            )
            for variant in (WITHOUT, WITH)
            for part, name in columns
        }
        for title, columns in {
            "training loss, nats": [("train", "train_loss_nats")],
            "accuracy": [("train", "train_accuracy"), ("test", "test_accuracy")],
        }.items()
    }
    figures.curves(panels, folder.path / f"curves-{protocol}.png", "epoch")
    figures.picture_rows(layers_and_back(dbn, digits), folder.path / "digits.png")
    figures.filters(dbn.machines[0].weights.detach(), folder.path / "filters.png")
    chains = chains_from_digits(network.used_part(dbn), digits)
    figures.picture_rows(chains, folder.path / "fantasies.png")
