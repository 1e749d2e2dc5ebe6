"""Supervised training by three protocols: the document's, the same without its flaw, a sound one.

document
    Softmax before cross-entropy (a floor of ln(1 + 9/e) = 1.461 nats under the loss), Adam at 1e-3,
    batches of 64, all 60,000 digits, the last epoch counts, and the accuracy that is printed is the
    running one of the training batches.
logits
    The document's, with cross-entropy on logits: one softmax instead of two.
sound
    Cross-entropy on logits, Adam with one cycle, 50,000 digits to train and 10,000 to choose the
    epoch by; test digits are looked at, never chosen by.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ebm import Callback, FinetuneOptions, FineTuner, Network, predict_logits
from workflows.mnist.digits import Digits, Rows

Protocol = Literal["document", "logits", "sound"]
PROTOCOLS: tuple[Protocol, ...] = ("document", "logits", "sound")
Loss = Callable[[Tensor, Tensor], Tensor]

DOCUMENT_BATCH = 64
DOCUMENT_RATE = 1e-3


@dataclass(frozen=True)
class EpochResult:
    """One epoch of supervised training.

    Attributes
    ----------
    epoch : int
    train_loss_nats, train_accuracy : float
        By the protocol: running means of the epoch (document), or the loss that was descended and
        the accuracy on all training digits after the epoch (sound).
    validation_loss_nats, validation_accuracy : float or None
        None where the protocol has no validation part.
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


def document_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of a softmax's softmax: never below ln(1 + 9/e) = 1.461 nats."""
    return cross_entropy(torch.softmax(logits, 1), labels)


def train_document(
    network: Network,
    digits: Digits,
    epochs: int,
    loss_of: Loss,
    generator: torch.Generator,
    on_epoch: Callable[[EpochResult], None],
) -> list[EpochResult]:
    """Train a network in place as the document does.

    Parameters
    ----------
    network : Network
    digits : Digits
    epochs : int
    loss_of : callable
        `document_loss`, or `cross_entropy` for the document's protocol without its flaw.
    generator : torch.Generator
        Order of the rows.
    on_epoch : callable
        Told of each epoch.
    """
    optimiser = torch.optim.Adam(network.parameters(), DOCUMENT_RATE, fused=True)
    results = []
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        loss_sum = accuracy_sum = 0.0
        order = torch.randperm(len(digits.train), generator=generator)
        batches = torch.split(order, DOCUMENT_BATCH)
        for index in batches:
            rows = digits.train.take(index)
            outputs = network(rows.images)
            loss = loss_of(outputs, rows.labels)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            loss_sum += float(loss.detach())
            accuracy_sum += float((outputs.argmax(1) == rows.labels).float().mean())
        seconds = time.perf_counter() - started
        result = EpochResult(
            epoch=epoch,
            train_loss_nats=loss_sum / len(batches),
            train_accuracy=accuracy_sum / len(batches),
            validation_loss_nats=None,
            validation_accuracy=None,
            test_accuracy=accuracy(network, digits.test),
            seconds=seconds,
        )
        on_epoch(result)
        results.append(result)
    return results


class SoundEpochs(Callback):
    """Callback of fine-tuning that measures accuracies after each epoch.

    Parameters
    ----------
    train, test : Rows
    validation : Rows or None
    on_epoch : callable
        Told of each epoch.
    """

    def __init__(
        self,
        train: Rows,
        validation: Rows | None,
        test: Rows,
        on_epoch: Callable[[EpochResult], None],
    ) -> None:
        self.train, self.validation, self.test = train, validation, test
        self.on_epoch = on_epoch

    def on_epoch_end(self, trainer: FineTuner) -> None:
        """Measure and tell."""
        record = trainer.history.records[-1]
        held_out = self.validation
        self.on_epoch(
            EpochResult(
                epoch=record.epoch,
                train_loss_nats=record.train_loss_nats,
                train_accuracy=accuracy(trainer.network, self.train),
                validation_loss_nats=record.validation_loss_nats,
                validation_accuracy=None
                if held_out is None
                else accuracy(trainer.network, held_out),
                test_accuracy=accuracy(trainer.network, self.test),
                seconds=record.seconds,
            )
        )


def sound_options(epochs: int, learning_rate: float = 2e-3) -> FinetuneOptions:
    """Return the sound protocol's settings: one cycle of AdamW, the epoch chosen on validation."""
    return FinetuneOptions(
        task="multi_class",
        epochs=epochs,
        batch_size=DOCUMENT_BATCH,
        learning_rate=learning_rate,
        weight_decay=0.0,
        patience=None,
    )


def accuracy(network: Network, rows: Rows) -> float:
    """Share of the rows whose highest logit is their label."""
    return float((predict_logits(network, rows.images).argmax(1) == rows.labels).float().mean())


def as_dicts(results: list[EpochResult]) -> list[dict[str, Any]]:
    """Return the epochs as JSON-able dicts."""
    return [dataclasses.asdict(result) for result in results]
