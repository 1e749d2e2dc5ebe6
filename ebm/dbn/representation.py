"""Training data as the next RBM of the stack sees them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.train.batches import Block, Placement, Stream, check_block

ROWS_AT_ONCE = 4096


@torch.no_grad()
def hidden_means(rbm: RBM, data: Block | Stream) -> Tensor | Stream:
    """E[h | v] of every row: a dense tensor, or a stream when the data are one."""
    if callable(data) and not isinstance(data, Tensor):
        stream = data

        def blocks() -> Iterator[Tensor]:
            for block in stream():
                yield _means(rbm, block)

        return blocks
    return _means(rbm, data)


@torch.no_grad()
def _means(rbm: RBM, block: Block) -> Tensor:
    block = check_block(block)
    place = Placement(rbm.weights.dtype, rbm.weights.device).place
    starts = range(0, block.shape[0], ROWS_AT_ONCE)
    return torch.cat([rbm.hidden_mean(place(block[s : s + ROWS_AT_ONCE])) for s in starts])


def one_hot(labels: Any, label_size: int) -> Tensor:
    """Class numbers as one-hot rows, float32, shape (n, label_size), or raise ValueError."""
    numbers = torch.as_tensor(labels)
    good = (numbers >= 0) & (numbers < label_size) & (numbers == numbers.to(torch.long))
    if numbers.ndim != 1 or not good.all():
        raise ValueError(
            f"labels must be class numbers from 0 to {label_size - 1} in one dimension; "
            f"got shape {tuple(numbers.shape)} with values from {numbers.min()} to {numbers.max()}"
        )
    return torch.nn.functional.one_hot(numbers.long(), label_size).float()


def append_labels(data: Block | Stream, labels: Any, label_size: int) -> Block:
    """Append one-hot label columns to the data; a sparse matrix stays sparse."""
    if callable(data) and not isinstance(data, Tensor):
        raise TypeError("labels need data in memory, not a stream of blocks")
    columns = one_hot(labels, label_size)
    data = check_block(data)
    if len(columns) != data.shape[0]:
        raise ValueError(f"there are {len(columns)} labels for {data.shape[0]} rows")
    if sp.issparse(data):
        return sp.hstack([data, sp.csr_matrix(columns.numpy().astype(data.dtype))], format="csr")
    if isinstance(data, Tensor):
        return torch.cat([data, columns.to(data)], dim=1)
    return np.concatenate([data, columns.numpy().astype(data.dtype)], axis=1)
