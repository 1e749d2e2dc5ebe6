"""Logits and probabilities of a network, batch by batch."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ebm.train.batches import Matrix, Placement
from ebm.train.checks import check_block

if TYPE_CHECKING:
    from ebm.finetune.options import Task
    from ebm.network import Network


@torch.no_grad()
def predict_logits(network: "Network", x: Matrix, batch_size: int = 1024) -> Tensor:
    """Logits of every row, shape (n, n_outputs), on the network's device; no dropout.

    Parameters
    ----------
    network : Network
    x : Tensor, array or scipy sparse matrix of shape (n, n_inputs)
        A sparse matrix is never made dense.
    batch_size : int
        Rows at a time.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> import torch
    >>> from ebm import Network, predict_logits
    >>> network = Network.from_sizes([30, 8], 2, generator=torch.Generator().manual_seed(1))
    >>> predict_logits(network, sp.random(5, 30, density=0.1, format="csr")).shape
    torch.Size([5, 2])
    """
    x = check_width(network, x)
    place = placement_of(network).place
    parts = [
        network(place(x[start : start + batch_size])) for start in range(0, x.shape[0], batch_size)
    ]
    return torch.cat(parts)


def probabilities(logits: Tensor, task: "Task") -> Tensor:
    """Probability of each class or label: softmax over a row for multi-class, else sigmoid.

    Examples
    --------
    >>> import torch
    >>> from ebm import probabilities
    >>> probabilities(torch.zeros(1, 4), "multi_class").tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    >>> probabilities(torch.zeros(1, 2), "multi_label").tolist()
    [[0.5, 0.5]]
    """
    return torch.softmax(logits, 1) if task == "multi_class" else torch.sigmoid(logits)


def placement_of(network: "Network") -> Placement:
    """Return the number type and device that the network wants its input in."""
    weights = network.head.weights
    return Placement(weights.dtype, weights.device)


def check_width(network: "Network", x: Matrix) -> Matrix:
    """Return a checked block of input rows, or raise ValueError."""
    x = check_block(x)
    if x.shape[1] != network.sizes[0]:
        raise ValueError(f"x has {x.shape[1]} columns, but the network takes {network.sizes[0]}")
    return x
