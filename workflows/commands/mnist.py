"""`ebmscreen mnist`: the experiments that show that the engine is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from workflows.config import write_config
from workflows.messages import Messages
from workflows.options import COMMON, FOLDER, several

if TYPE_CHECKING:
    from workflows.mnist.inputs import ExperimentInputs
    from workflows.mnist.training.protocols import SupervisedProtocol

SHARED = several(
    click.option(
        "-o",
        "--output",
        type=FOLDER,
        default=Path("mnist"),
        show_default=True,
        help="Folder of the results; a run that was stopped continues in it.",
    ),
    click.option(
        "--mnist-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder with the four IDX files; by default those of the checkout.",
    ),
    click.option("--download", is_flag=True, help="Fetch missing files from a public mirror."),
    click.option(
        "--seeds", type=click.IntRange(min=1), help="How many seeds, from --seed on: mean ± spread."
    ),
    click.option("--epochs", type=click.IntRange(min=1), help="Epochs of the last training."),
    click.option(
        "--pretrain-epochs", type=click.IntRange(min=1), help="Epochs of each layer's pretraining."
    ),
    click.option("--quick", is_flag=True, help="Few digits, small networks: see that it works."),
    click.option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where to train: the processor, or an NVIDIA GPU.",
    ),
    COMMON,
)
PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["document", "logits", "sound"]),
    default="document",
    show_default=True,
    help="document: its loss, optimiser and epochs; logits: the same with one softmax instead of "
    "two; sound: cross-entropy on logits, the epoch chosen on validation digits.",
)


@dataclass(frozen=True)
class SharedOptions:
    """The options of `SHARED`, as click gives them."""

    output: Path
    mnist_dir: Path | None
    download: bool
    seeds: int | None
    epochs: int | None
    pretrain_epochs: int | None
    quick: bool
    device: str
    config: Path | None
    seed: int
    num_workers: int
    quiet: bool
    verbose: int


@click.group("mnist", epilog="Example: ebmscreen mnist rbm -o mnist/")
def command() -> None:
    """Reproduce the documented MNIST results with the engine that screens compounds."""


@command.command("rbm", epilog="Example: ebmscreen mnist rbm --seeds 3 -o mnist/")
@PROTOCOL
@SHARED
def run_rbm(protocol: SupervisedProtocol, **given: Any) -> None:
    """784-2500: pretraining, then supervised training without and with it."""
    from workflows.mnist.experiments import rbm

    with _prepared(SharedOptions(**given)) as inputs:
        rbm.run(inputs, protocol)


@command.command("dbn", epilog="Example: ebmscreen mnist dbn --preset tutorial -o mnist/")
@PROTOCOL
@click.option(
    "--preset",
    type=click.Choice(["document", "tutorial", "best"]),
    default="document",
    show_default=True,
    help="784-512-128-64-10, the Deep Learning Tutorials' 1000-1000-1000, or the best one.",
)
@SHARED
def run_dbn(protocol: SupervisedProtocol, preset: str, **given: Any) -> None:
    """Pretrain a stack greedily, then train it without and with pretraining."""
    from workflows.mnist.experiments import dbn, tutorial_and_best

    with _prepared(SharedOptions(**given)) as inputs:
        if preset == "document":
            dbn.run(inputs, protocol)
        else:
            tutorial_and_best.run(inputs, preset)


@command.command("dbm", epilog="Example: ebmscreen mnist dbm --epochs 100 -o mnist/")
@SHARED
def run_dbm(**given: Any) -> None:
    """Deep Boltzmann machine 784-500-1000: joint training, its bound, and its test error."""
    from workflows.mnist.experiments import dbm

    with _prepared(SharedOptions(**given)) as inputs:
        dbm.run(inputs)


@command.command("generative", epilog="Example: ebmscreen mnist generative -o mnist/")
@SHARED
def run_generative(**given: Any) -> None:
    """784-500-500-2000 with joint labels: greedy, then up-down; digits of each class."""
    from workflows.mnist.experiments import generative

    with _prepared(SharedOptions(**given)) as inputs:
        generative.run(inputs)


@command.command("likelihood", epilog="Example: ebmscreen mnist likelihood -o mnist/")
@SHARED
def run_likelihood(**given: Any) -> None:
    """RBM-500 and DBN 500-2000: AIS, reverse AIS and the bound, beside simple models."""
    from workflows.mnist.experiments import likelihood

    with _prepared(SharedOptions(**given)) as inputs:
        likelihood.run(inputs)


@command.command("labels", epilog="Example: ebmscreen mnist labels --seeds 3 -o mnist/")
@SHARED
def run_labels(**given: Any) -> None:
    """Accuracy at 100 to 60,000 labels, with and without pretraining."""
    from workflows.mnist.experiments import labels

    with _prepared(SharedOptions(**given)) as inputs:
        labels.run(inputs)


@command.command("all", epilog="Example: ebmscreen mnist all --quick -o mnist/")
@SHARED
def run_everything(**given: Any) -> None:
    """Run all of them, and write one page: mnist.html."""
    from workflows.mnist.experiments import everything

    with _prepared(SharedOptions(**given)) as inputs:
        page = everything.run(inputs, " ".join(["ebmscreen", *sys.argv[1:]]))
    click.echo(page)


@contextmanager
def _prepared(given: SharedOptions) -> Iterator[ExperimentInputs]:
    """Read the digits, set the threads, write the used options, and yield what experiments need."""
    import torch

    from ebm.errors import StorageError
    from screening.errors import UserError
    from screening.progress import Stages
    from workflows.checks import writable_folder
    from workflows.mnist.digits import load_digits
    from workflows.mnist.inputs import ExperimentInputs, ExperimentOptions, reduced_for

    messages = Messages.of(given.quiet, given.verbose)
    if given.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "--device cuda: torch finds no GPU. Use --device cpu, or install a torch built for "
            "CUDA on a machine with an NVIDIA GPU."
        )
    folder = given.output
    writable_folder(folder)
    digits = load_digits(given.mnist_dir, given.download).to(torch.device(given.device))
    torch.set_num_threads(given.num_workers)
    context = click.get_current_context()
    folder.mkdir(parents=True, exist_ok=True)
    write_config(context, folder / f"{context.info_name}.toml")
    options = ExperimentOptions(
        seed=given.seed,
        seeds=given.seeds,
        epochs=given.epochs,
        pretrain_epochs=given.pretrain_epochs,
        quick=given.quick,
    )
    messages.announce(f"Results go to {folder}; what is there already is not computed again.")
    try:
        with Stages(messages.shows_progress) as stages:
            yield ExperimentInputs(
                folder, reduced_for(options, digits), options, _echo, stages.step
            )
    except StorageError as error:
        raise UserError(f"{error}.") from error


def _echo(line: str) -> None:
    """Print a result past a progress bar."""
    tqdm.write(line, file=sys.stdout)
