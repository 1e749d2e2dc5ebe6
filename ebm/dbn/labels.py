"""Labels as columns that the top RBM sees beside the features: classification by free energy.

    p(y | x) = exp(-F(x, y)) / Σ_y' exp(-F(x, y'))

with F the top RBM's free energy: exact for a single RBM, and for a deep stack exact given the
states that went up.

References
----------
Larochelle, Bengio (2008), "Classification using discriminative restricted Boltzmann machines",
equation 2. https://doi.org/10.1145/1390156.1390224. Hinton, Osindero, Teh (2006), section 6.1.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from ebm.dbn.stack import DBN
from ebm.train.batches import Matrix, Stream
from ebm.train.checks import check_block


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


def append_labels(data: Matrix | Stream, labels: Any, label_size: int) -> Matrix:
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


def require_labels(dbn: DBN) -> None:
    """Raise ValueError unless the top RBM has a label block."""
    if dbn.label_size == 0:
        raise ValueError("this DBN has no label block; pretrain it with labels=...")


def negative_free_energies(dbn: DBN, state: Tensor) -> Tensor:
    """-F(x, y) of the top RBM for every class y, in nats, shape (n, label_size).

    Parameters
    ----------
    dbn : DBN
        With a label block.
    state : Tensor of shape (n, sizes[-2])
        States of the layer below the highest hidden one.
    """
    top, columns = dbn.top, dbn.sizes[-2]
    field = state @ top.weights[:columns]
    parts = []
    for label in range(dbn.label_size):
        one_hot = state.new_zeros(len(state), dbn.label_size)
        one_hot[:, label] = 1
        energy = top.visible.energy(torch.cat([state, one_hot], dim=1))
        parts.append(top.hidden.log_partition(field + top.weights[columns + label]) - energy)
    return torch.stack(parts, dim=1)


@torch.no_grad()
def class_log_probabilities(dbn: DBN, visible: Tensor) -> Tensor:
    """Log p(y | v) of every class by the top RBM's free energy, in nats, shape (n, label_size).

    Parameters
    ----------
    dbn : DBN
        With a label block.
    visible : Tensor of shape (n, n_visible)
        Dense, or sparse CSR when there is a layer below the top RBM.

    Raises
    ------
    ValueError
        If the DBN has no labels.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, class_log_probabilities, pretrain_greedily
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)
    >>> labels = torch.arange(200) % 2
    >>> generator, options = torch.Generator().manual_seed(1), TrainingOptions(epochs=20)
    >>> dbn, _ = pretrain_greedily(bits, [6], options, labels=labels, generator=generator)
    >>> class_log_probabilities(dbn, bits[:4]).argmax(1).tolist()
    [0, 1, 0, 1]
    """
    require_labels(dbn)
    return torch.log_softmax(negative_free_energies(dbn, dbn.up(visible)), dim=1)
