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

import time
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ebm import Network
from workflows.mnist.digits import Digits
from workflows.mnist.training.stages import Stage
from workflows.mnist.training.supervised import (
    AccuracyMonitor,
    SupervisedEpoch,
    accuracy,
    fine_tuner,
    one_cycle,
    order_generator,
)

SupervisedProtocol = Literal["document", "logits", "sound"]
PROTOCOLS: tuple[SupervisedProtocol, ...] = ("document", "logits", "sound")
Loss = Callable[[Tensor, Tensor], Tensor]
OnEpoch = Callable[[SupervisedEpoch], None]

BATCH_SIZE = 64
DOCUMENT_RATE, SOUND_RATE = 1e-3, 2e-3


def train_by_protocol(
    stage: Stage,
    network: Network,
    digits: Digits,
    protocol: SupervisedProtocol,
    epochs: int,
    seed: int,
    on_epoch: OnEpoch,
) -> list[SupervisedEpoch]:
    """Train a network in place by one of the three protocols.

    Parameters
    ----------
    stage : Stage
        Told the progress.
    network : Network
    digits : Digits
    protocol : {'document', 'logits', 'sound'}
    epochs : int
    seed : int
    on_epoch : callable
        Told of each epoch.
    """
    if protocol == "sound":
        return _train_soundly(stage, network, digits, epochs, seed, on_epoch)
    loss_of = document_loss if protocol == "document" else cross_entropy
    return _train_as_documented(stage, network, digits, loss_of, epochs, seed, on_epoch)


def document_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of a softmax's softmax: never below ln(1 + 9/e) = 1.461 nats."""
    return cross_entropy(torch.softmax(logits, 1), labels)


def counted_epoch(epochs: Sequence[SupervisedEpoch]) -> SupervisedEpoch:
    """Return the epoch that counts: of the lowest validation loss, or the last without one."""
    losses = [epoch.validation_loss_nats for epoch in epochs]
    known = [loss for loss in losses if loss is not None]
    return epochs[losses.index(min(known))] if known else epochs[-1]


def _train_as_documented(
    stage: Stage,
    network: Network,
    digits: Digits,
    loss_of: Loss,
    epochs: int,
    seed: int,
    on_epoch: OnEpoch,
) -> list[SupervisedEpoch]:
    device = digits.train.images.device
    generator = order_generator(seed, device)
    optimiser = torch.optim.Adam(network.parameters(), DOCUMENT_RATE, fused=True)
    results = []
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        loss_sum = accuracy_sum = 0.0
        order = torch.randperm(len(digits.train), generator=generator, device=device)
        batches = torch.split(order, BATCH_SIZE)
        for number, index in enumerate(batches, start=1):
            rows = digits.train.take(index)
            outputs = network(rows.images)
            loss = loss_of(outputs, rows.labels)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            loss_sum += float(loss.detach())
            accuracy_sum += float((outputs.argmax(1) == rows.labels).float().mean())
            stage.tell_step((epoch - 1) * len(batches) + number, epochs * len(batches))
        seconds = time.perf_counter() - started
        result = SupervisedEpoch(
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


def _train_soundly(
    stage: Stage,
    network: Network,
    digits: Digits,
    epochs: int,
    seed: int,
    on_epoch: OnEpoch,
) -> list[SupervisedEpoch]:
    rows, held_out = digits.split()
    monitor = AccuracyMonitor(rows, held_out, digits.test, on_epoch)
    options = one_cycle(epochs, BATCH_SIZE, SOUND_RATE)
    fine_tuner(stage, network, rows, options, seed, held_out=held_out, callbacks=[monitor]).run()
    return monitor.epochs
