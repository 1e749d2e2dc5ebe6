"""Stochastic binarisation: each grey level is the probability of its bit, drawn anew each epoch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ebm import RBM, History, TrainingOptions
from ebm.train import Trainer
from workflows.mnist.study import Study

BLOCK = 10_000


def binarise(images: Tensor, seed: int) -> Tensor:
    """Draw bits once, shape (n, 784)."""
    return torch.bernoulli(images, generator=torch.Generator().manual_seed(seed))


class FreshBits:
    """A stream of rows in a new order with new bits each epoch, the same after a resume.

    Parameters
    ----------
    probabilities : Tensor of shape (n, m)
        Probability of each bit.
    seed : int
    """

    def __init__(self, probabilities: Tensor, seed: int) -> None:
        self.probabilities = probabilities
        self.seed = seed
        self.trainer: Trainer | None = None

    def __call__(self) -> Iterator[Tensor]:
        """Yield the blocks of the epoch that the trainer is in."""
        epoch = 0 if self.trainer is None else self.trainer.epoch
        generator = torch.Generator().manual_seed(100_003 * self.seed + epoch)
        order = torch.randperm(len(self.probabilities), generator=generator)
        for index in torch.split(order, BLOCK):
            yield torch.bernoulli(self.probabilities[index], generator=generator)


def train_on_fresh_bits(
    study: Study, name: str, rbm: RBM, probabilities: Tensor, options: TrainingOptions, seed: int
) -> History:
    """Train a machine in place on bits drawn anew each epoch; a killed training continues."""
    stream = FreshBits(probabilities, seed)
    trainer = Trainer(rbm, stream, options, generator=torch.Generator().manual_seed(seed))
    stream.trainer = trainer
    history: History = study.run(name, trainer)
    return history
