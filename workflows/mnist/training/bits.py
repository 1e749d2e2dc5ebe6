"""Digits as bits: a grey level is the probability of its bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ebm import RBM
from ebm.loop import ResumableLoop

BLOCK = 10_000


def binarise(images: Tensor, seed: int) -> Tensor:
    """Draw bits once, shape (n, 784)."""
    return torch.bernoulli(images, generator=torch.Generator(images.device).manual_seed(seed))


class FreshBits:
    """A stream of rows in a new order with new bits each epoch, the same after a resume.

    Parameters
    ----------
    images : Tensor of shape (n, 784)
        Grey levels: the probability of each bit.
    seed : int
    below : RBM, optional
        Its sampled hidden states are streamed instead of the images' bits.
    """

    def __init__(self, images: Tensor, seed: int, below: RBM | None = None) -> None:
        self.images = images
        self.seed = seed
        self.below = below
        self.trainer: ResumableLoop[Any, Any] | None = None

    def __call__(self) -> Iterator[Tensor]:
        """Yield the blocks of the epoch that the trainer is in."""
        epoch = 0 if self.trainer is None else self.trainer.epoch
        device = self.images.device
        generator = torch.Generator(device).manual_seed(100_003 * self.seed + epoch)
        order = torch.randperm(len(self.images), generator=generator, device=device)
        for index in torch.split(order, BLOCK):
            bits = torch.bernoulli(self.images[index], generator=generator)
            yield bits if self.below is None else self.below.sample_hidden(bits, generator)
