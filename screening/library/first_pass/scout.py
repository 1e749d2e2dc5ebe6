"""The scout: a small network on Morgan counts that guesses what the full model would say.

It is taught in the engine, which loads torch; its guesses are two products in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.features.blocks import BITS

HIDDEN = 128
# Passes over what was scored: of a new scout, and of one that goes on learning.
_FIRST_PASSES, _FURTHER_PASSES = 10, 4
_BATCH = 256
_RATE, _FURTHER_RATE = 4e-3, 3e-3
_DROPOUT = 0.2
# Logarithms of counts, ready made: a look-up instead of a function of each entry.
_LOGS = np.log1p(np.arange(256, dtype=np.float32))


@dataclass(frozen=True)
class Scout:
    """Weights of a network with one hidden layer of rectified units.

    Attributes
    ----------
    weights : float32 array of shape (n_bits, n_hidden)
    bias : float32 array of shape (n_hidden,)
    head : float32 array of shape (n_hidden,)
    offset : float
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    head: NDArray[np.float32]
    offset: float

    def __call__(self, counts: csr_matrix) -> NDArray[np.float32]:
        """Return a guess for each row, shape (n,).

        Parameters
        ----------
        counts : CSR matrix of uint8, shape (n, n_bits)
        """
        hidden = logs(counts) @ self.weights
        hidden += self.bias
        np.maximum(hidden, 0, out=hidden)
        guess: NDArray[np.float32] = hidden @ self.head
        return guess + np.float32(self.offset)

    @classmethod
    def without_opinion(cls) -> Self:
        """Return a scout that has learned nothing: all its guesses are zero."""
        bits = np.zeros((BITS, 1), np.float32)
        return cls(bits, np.zeros(1, np.float32), np.zeros(1, np.float32), 0.0)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights by name."""
        offset = np.array([self.offset], np.float32)
        return {"weights": self.weights, "bias": self.bias, "head": self.head, "offset": offset}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[np.float32]]) -> Self:
        """Return the scout of such arrays."""
        return cls(arrays["weights"], arrays["bias"], arrays["head"], float(arrays["offset"][0]))


def logs(counts: csr_matrix) -> csr_matrix:
    """Return log(1 + count) of each entry, float32."""
    return csr_matrix((_LOGS[counts.data], counts.indices, counts.indptr), shape=counts.shape)


def teach(
    counts: csr_matrix, target: NDArray[np.float32], seed: int, before: Scout | None = None
) -> Scout:
    """Teach a scout.

    Parameters
    ----------
    counts : CSR matrix of uint8, shape (n, n_bits)
    target : float32 array of shape (n,)
    seed
        Decides everything random.
    before
        Goes on learning; a new one when None.
    """
    import torch

    from ebm.finetune import FinetuneOptions, fine_tune
    from ebm.network import Network
    from ebm.rowwise import one_thread

    generator = torch.Generator().manual_seed(seed)
    with one_thread():
        if before is None:
            network = Network.from_sizes(
                [counts.shape[1], HIDDEN],
                1,
                activation="relu",
                dropout=_DROPOUT,
                generator=generator,
            )
        else:
            layer, head = (
                (torch.from_numpy(weights), torch.from_numpy(bias))
                for weights, bias in (
                    (before.weights, before.bias),
                    (before.head[:, None], np.array([before.offset], np.float32)),
                )
            )
            network = Network([layer], head, ["relu"], dropout=_DROPOUT)
        options = FinetuneOptions(
            task="regression",
            epochs=_FIRST_PASSES if before is None else _FURTHER_PASSES,
            batch_size=_BATCH,
            learning_rate=_RATE if before is None else _FURTHER_RATE,
        )
        fine_tune(network, logs(counts), target, options, generator=generator)
    weights, bias, last, offset = (
        parameter.detach().numpy().copy() for parameter in network.parameters()
    )
    return Scout(weights, bias, np.ascontiguousarray(last[:, 0]), float(offset[0]))
