"""Minibatches from a dense tensor, a scipy CSR matrix, or a stream of blocks larger than memory.

Every epoch visits every row once, in a new order. The order comes from a seed, so that a stopped
training can find its place again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from ebm.sparse import is_worth_it, to_torch_csr, transposed_times_vector
from ebm.train.checks import check_block, check_support, check_weights
from ebm.units import Moments

Matrix: TypeAlias = Any  # Tensor, numpy array or scipy sparse matrix, one row an example
Stream: TypeAlias = Callable[[], Iterable[Matrix]]


@dataclass(frozen=True)
class Batch:
    """Rows of data with their weights.

    Attributes
    ----------
    visible : Tensor of shape (n, n_visible)
        Dense, or torch's sparse CSR.
    weights : Tensor of shape (n,)
        1/n each, times the relative sample weight of the row.
    """

    visible: Tensor
    weights: Tensor

    def total(self, values: Tensor) -> Tensor:
        """Return visibleᵀ·values, both (n,) and (n_visible,), without densifying."""
        if self.visible.layout == torch.strided:
            return values @ self.visible
        return transposed_times_vector(self.visible, values)

    def fit_for_products(self) -> "Batch":
        """Return the batch as the faster products want it: sparse if it has few entries."""
        if self.visible.layout == torch.strided or is_worth_it(self.visible):
            return self
        return Batch(self.visible.to_dense(), self.weights)


@dataclass(frozen=True)
class Placement:
    """Number type and device that batches are brought to."""

    dtype: torch.dtype
    device: torch.device

    def place(self, block: Matrix) -> Tensor:
        """Return a block as a tensor (sparse CSR when the block is sparse)."""
        if sp.issparse(block):
            return to_torch_csr(block, self.dtype, self.device)
        if isinstance(block, np.ndarray) and not block.flags.writeable:
            block = block.copy()  # torch warns about memory that it must not write to
        return torch.as_tensor(block).to(dtype=self.dtype, device=self.device)


class DataSource:
    """Training data of any of the three kinds, seen as shuffled minibatches.

    Parameters
    ----------
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example. A callable is called once an epoch; its blocks are shuffled inside and
        cut into minibatches, and must come in the same order each time.
    placement : Placement
        Where minibatches go; the data stay where they are.
    sample_weight : sequence of float, optional
        Weight of each row (not for streams): finite, not negative, not all zero.
    """

    def __init__(
        self,
        data: Matrix | Stream,
        placement: Placement,
        sample_weight: Any = None,
    ) -> None:
        self.placement = placement
        self._blocks: Stream
        self._weights: Tensor | None = None
        if callable(data) and not isinstance(data, Tensor):
            if sample_weight is not None:
                raise ValueError("sample_weight needs data in memory, not a stream of blocks")
            stream = cast(Stream, data)
            self._blocks = lambda: map(check_block, stream())
            return
        block = check_block(data)
        self._blocks = lambda: (block,)
        if sample_weight is not None:
            self._weights = check_weights(sample_weight, block.shape[0]).to(placement.dtype)

    def batches(self, batch_size: int, seed: int, start: int = 0) -> Iterator[Batch]:
        """Minibatches of one epoch.

        Parameters
        ----------
        batch_size : int
            Rows in a minibatch; the last of a block may be shorter.
        seed : int
            Decides the order of the rows.
        start : int
            Number of minibatches to pass over, to continue an epoch.
        """
        order = torch.Generator().manual_seed(seed)
        for block in self._blocks():
            rows = torch.randperm(block.shape[0], generator=order)
            for index in torch.split(rows, batch_size):
                if start > 0:
                    start -= 1
                else:
                    yield self._batch(block, index)

    def first_rows(self, count: int, seed: int) -> Tensor:
        """Draw `count` dense rows (of a stream's first block); repeated if there are fewer."""
        block = next(iter(self._blocks()))
        order = torch.randperm(block.shape[0], generator=torch.Generator().manual_seed(seed))
        rows = order.repeat(-(-count // len(order)))[:count]
        visible = self._batch(block, rows).visible
        return visible if visible.layout == torch.strided else visible.to_dense()

    def moments(self, support: tuple[Tensor, Tensor] | None = None) -> Moments:
        """Weighted mean and variance of each column, in one pass.

        Parameters
        ----------
        support : two Tensors of shape (n_columns,), optional
            Smallest and largest value that each column may have.

        Raises
        ------
        ValueError
            If there is no row, or a value is outside the support; it names row, column and value.
        """
        total = square = torch.zeros(())
        count = mass = 0.0
        for block in self._blocks():
            for index in torch.split(torch.arange(block.shape[0]), 4096):
                batch = self._batch(block, index)
                if support is not None:
                    check_support(batch.visible, *support, first_row=int(count))
                share = (batch.weights * len(index)).double()
                visible = batch.visible.double()
                squares = Batch(visible * visible, share)
                total = total.to(visible.device) + Batch(visible, share).total(share)
                square = square.to(visible.device) + squares.total(share)
                count += len(index)
                mass += float(share.sum())
        if count == 0:
            raise ValueError("there is no data to train on: the stream of blocks is empty")
        mean = total / mass
        variance = (square / mass - mean**2).clamp_(min=0)
        return Moments(mean.to(self.placement.dtype), variance.to(self.placement.dtype), count)

    def _batch(self, block: Matrix, index: Tensor) -> Batch:
        rows = index.to(block.device) if isinstance(block, Tensor) else index.numpy()
        visible = self.placement.place(block[rows])
        share = 1.0 / len(index)
        if self._weights is None:
            weights = torch.full((len(index),), share, dtype=visible.dtype, device=visible.device)
        else:
            weights = self._weights[index].to(visible.device) * share
        return Batch(visible, weights)
