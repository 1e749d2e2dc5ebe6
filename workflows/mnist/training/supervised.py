"""What every supervised training of a network on digits has in common: start, settings, epochs.

Seeds: 1000 + seed orders the rows, 2000 + seed draws the weights that no pretraining gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm import DBN, Callback, FinetuneOptions, FineTuner, Network, predict_logits
from workflows.mnist.digits import CLASSES, PIXELS, LabelledImages
from workflows.mnist.training.epochs import EpochMonitor
from workflows.mnist.training.stages import Stage, StepProgress

# The two starts that are compared, as tables and figures call them.
WITH, WITHOUT = "with pretraining", "without pretraining"


@dataclass(frozen=True)
class SupervisedEpoch:
    """One epoch of supervised training.

    Attributes
    ----------
    epoch : int
    train_loss_nats, train_accuracy : float
        Running means of the epoch's batches (protocols of the document), or the loss that was
        descended and the accuracy on training digits after the epoch (all others).
    validation_loss_nats, validation_accuracy : float or None
        None where nothing is held out.
    test_accuracy : float
    seconds : float
        Of the training, without the measuring.
    """

    epoch: int
    train_loss_nats: float
    train_accuracy: float
    validation_loss_nats: float | None
    validation_accuracy: float | None
    test_accuracy: float
    seconds: float

    def line(self, epochs: int) -> str:
        """Return the epoch in the document's form, with the test accuracy added."""
        return (
            f"epoch {self.epoch:3d}/{epochs:3d} train loss {self.train_loss_nats:.3f} "
            f"train acc {self.train_accuracy:.4f} test acc {self.test_accuracy:.4f} "
            f"{self.seconds:.1f}sec"
        )


def initial_network(
    start: DBN | Sequence[int],
    seed: int,
    device: torch.device,
    *,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
) -> Network:
    """Return the network that a training begins with.

    Parameters
    ----------
    start : DBN or sequence of int
        A pretrained stack, or the sizes of the hidden layers of a network without pretraining.
    seed : int
    device : torch.device
    dropout, input_dropout : float
        Share of hidden units and of pixels that is left out.
    """
    generator = weights_generator(seed, device)
    if isinstance(start, DBN):
        return start.to_network(
            CLASSES, dropout=dropout, input_dropout=input_dropout, generator=generator
        )
    return Network.from_sizes(
        [PIXELS, *start],
        CLASSES,
        dropout=dropout,
        input_dropout=input_dropout,
        generator=generator,
    )


def weights_generator(seed: int, device: torch.device) -> torch.Generator:
    """Return the source of the weights that no pretraining gives."""
    return torch.Generator(device).manual_seed(2000 + seed)


def order_generator(seed: int, device: torch.device) -> torch.Generator:
    """Return the source of the order of the rows."""
    return torch.Generator(device).manual_seed(1000 + seed)


def one_cycle(
    epochs: int, batch_size: int, learning_rate: float, adversarial_step: float = 0.0
) -> FinetuneOptions:
    """Return settings of fine-tuning: one cycle of AdamW, neither decayed nor stopped early."""
    return FinetuneOptions(
        task="multi_class",
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=0.0,
        patience=None,
        adversarial_step=adversarial_step,
    )


def fine_tuner(
    stage: Stage,
    network: Network,
    rows: LabelledImages,
    options: FinetuneOptions,
    seed: int,
    *,
    held_out: LabelledImages | None = None,
    callbacks: Sequence[Callback] = (),
) -> FineTuner:
    """Return a fine-tuning that is ready to run and tells its progress.

    Parameters
    ----------
    stage : Stage
    network : Network
        Trained in place.
    rows : LabelledImages
    options : FinetuneOptions
    seed : int
    held_out : LabelledImages, optional
        The network ends with the weights of their lowest loss.
    callbacks : sequence of Callback
    """
    steps = options.epochs * math.ceil(len(rows) / options.batch_size)
    return FineTuner(
        network,
        rows.images,
        rows.labels,
        options,
        validation=None if held_out is None else (held_out.images, held_out.labels),
        generator=order_generator(seed, rows.images.device),
        callbacks=[*callbacks, StepProgress(stage, steps)],
    )


class AccuracyMonitor(EpochMonitor[SupervisedEpoch]):
    """Measures accuracies after each epoch of fine-tuning.

    Parameters
    ----------
    train, test : LabelledImages
    held_out : LabelledImages or None
    on_epoch : callable
        Told of each epoch.
    """

    def __init__(
        self,
        train: LabelledImages,
        held_out: LabelledImages | None,
        test: LabelledImages,
        on_epoch: Callable[[SupervisedEpoch], None],
    ) -> None:
        super().__init__(SupervisedEpoch, on_epoch)
        self.train, self.held_out, self.test = train, held_out, test

    def measure(self, trainer: FineTuner) -> SupervisedEpoch:
        """Measure the network as it is now."""
        record = trainer.history.records[-1]
        network, held_out = trainer.network, self.held_out
        return SupervisedEpoch(
            epoch=record.epoch,
            train_loss_nats=record.train_loss_nats,
            train_accuracy=accuracy(network, self.train),
            validation_loss_nats=record.validation_loss_nats,
            validation_accuracy=None if held_out is None else accuracy(network, held_out),
            test_accuracy=accuracy(network, self.test),
            seconds=record.seconds,
        )


def accuracy(network: Network, rows: LabelledImages) -> float:
    """Share of the rows whose highest logit is their label."""
    return float((predict_logits(network, rows.images).argmax(1) == rows.labels).float().mean())


def error_percent(scores: Tensor, labels: Tensor) -> float:
    """Share of the rows whose highest score is not their label, in percent."""
    return 100 * float((scores.argmax(1) != labels).float().mean())
