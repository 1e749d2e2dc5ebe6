"""The free-energy novelty: how unlike the training compounds a molecule looks to an RBM."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ebm import RBM, fit_rbm
from ebm.sparse import to_torch_csr
from ebm.train import History
from ebm.units import Bernoulli
from screening.model.member import one_thread, pretraining_options
from screening.model.options import ModelOptions


@dataclass
class Novelty:
    """An RBM of the training compounds, read as a distance.

    The score is -(-F(v) - log p_independent(v)), less its mean over the training compounds: how
    much less the structure of the training set explains the molecule than its single bits do. The
    independent-bit part takes out the size of the molecule, which decides F alone.

    Attributes
    ----------
    rbm : RBM
    bit_logits : float64 Tensor of shape (n_columns,)
        Log odds of each column in the training set, smoothed.
    centre : float
        Mean over the training compounds, in nats.
    """

    rbm: RBM
    bit_logits: torch.Tensor
    centre: float = 0.0

    @torch.no_grad()
    def __call__(self, x: csr_matrix) -> NDArray[np.float64]:
        """Return the novelty of each row in nats, shape (n,); larger is stranger."""
        if not x.shape[0]:
            return np.zeros(0)
        with one_thread():
            rows = to_torch_csr(x, torch.float64, "cpu")
            hidden = torch.nn.functional.softplus(rows @ self._weights + self._hidden_bias).sum(1)
            linear = rows @ (self._visible_bias - self.bit_logits)[:, None]
            explained = hidden + linear[:, 0] + self._independent_log_partition
        return np.asarray(-explained.numpy()) - self.centre

    def __post_init__(self) -> None:
        # float64 copies, for the same reason as in the ensemble.
        self._weights = self.rbm.weights.detach().double()
        self._hidden_bias = self.rbm.hidden.bias.detach().double()
        self._visible_bias = self.rbm.visible.bias.detach().double()
        self._independent_log_partition = torch.nn.functional.softplus(self.bit_logits).sum()


def fit_novelty(
    x: csr_matrix, options: ModelOptions, seed: int, held_out: csr_matrix | None = None
) -> tuple[Novelty, History]:
    """Train the RBM on all columns of the training compounds.

    Parameters
    ----------
    x
        Encoded training compounds.
    options
    seed
    held_out
        Compounds whose free energy is watched beside theirs; they teach it nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    rbm = RBM(Bernoulli(x.shape[1]), Bernoulli(options.hidden[0]), generator=generator)
    with one_thread():
        watched = replace(pretraining_options(options), monitor_every=1)
        history = fit_rbm(rbm, x, watched, validation=held_out, generator=generator)
    return read_novelty(rbm, x), history


def read_novelty(rbm: RBM, x: csr_matrix) -> Novelty:
    """Read an RBM that was trained on all columns of these compounds as a distance to them."""
    mean = (np.asarray(x.sum(axis=0), dtype=np.float64).ravel() + 1) / (x.shape[0] + 2)
    novelty = Novelty(rbm, torch.logit(torch.from_numpy(mean)))
    novelty.centre = float(novelty(x).mean())
    return novelty


def percentile_among(
    values: NDArray[np.float64], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of `known` (ascending) below or equal to each value, in percent."""
    return np.asarray(100 * np.searchsorted(known, values, side="right") / len(known))
