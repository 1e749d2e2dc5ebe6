"""Annealed importance sampling, forwards and backwards.

The path p_β is that of `ebm.sampling.tempering`,

    E_β(v, h) = U_v(v) + U_h(h) - β v·W·h - (1-β) (v·c_v + h·c_h),

whose β = 0 end is a machine of independent units with log Z₀ = Γ_v(c_v) + Γ_h(c_h) exactly. Any
constants are right; the closer that end is to the machine, the smaller is the error. With c_v that
turns the visible biases into those of the data's base rates it is that of Salakhutdinov and Murray
(2008), section 4.1, with the hidden units at their mean as well.

Along the path, with p*_β(v) the unnormalised marginal and T_β a Gibbs sweep that leaves p_β
unchanged:

    forwards   v ~ p_0; for k = 1..K:  log w += log p*_{β_k}(v) - log p*_{β_{k-1}}(v)
                                       v <- T_{β_k}(v)                      E[w] = Z/Z₀
    backwards  v ~ p_1; for k = K..1:  log w += log p*_{β_{k-1}}(v) - log p*_{β_k}(v)
                                       v <- T_{β_{k-1}}(v)                  E[w] = Z₀/Z

By Jensen's inequality log mean w lies below log Z/Z₀ in the mean, and -log mean w of the backward
run above it: the two hold log Z between them, if the backward run starts from samples of the
machine.

References
----------
Neal (2001), "Annealed importance sampling", https://doi.org/10.1023/A:1008923215028
Salakhutdinov, Murray (2008), "On the quantitative analysis of deep belief networks",
https://doi.org/10.1145/1390156.1390266
Burda, Grosse, Salakhutdinov (2015), "Accurate and conservative estimates of MRF log-likelihood
using reverse annealing", PMLR 38:102.
"""

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.sampling import TemperedPath
from ebm.units import Moments, as_dense


@dataclass(frozen=True)
class AnnealedEstimate:
    """One end of the bracket.

    Attributes
    ----------
    log_partition_nats : float
        The estimate of log Z.
    standard_error_nats : float
        Of that estimate, from the spread of the weights (first order), without its bias.
    effective_sample_size : float
        (Σw)²/Σw², between 1 and the number of chains.
    log_weights : Tensor of shape (n_chains,)
        log w of every chain, in nats.
    """

    log_partition_nats: float
    standard_error_nats: float
    effective_sample_size: float
    log_weights: Tensor


@torch.no_grad()
def base_rate_path(rbm: RBM, data: Tensor | None = None) -> TemperedPath:
    """Path from the base rates of the data to the machine.

    Parameters
    ----------
    rbm : RBM
    data : Tensor of shape (n, n_visible), optional
        Rows of training data. Without them the independent units have the machine's own biases
        (c = 0).
    """
    if data is None:
        zeros = rbm.weights.new_zeros
        return TemperedPath(rbm, zeros(rbm.visible.size), zeros(rbm.hidden.size))
    data = as_dense(data).to(rbm.weights)
    mean = data.mean(0)
    alone = copy.deepcopy(rbm.visible)
    alone.set_from_moments(Moments(mean, data.var(0, unbiased=False), len(data)))
    return TemperedPath(rbm, alone.bias - rbm.visible.bias, mean @ rbm.weights)


def log_partition_of_independent_units(path: TemperedPath) -> Tensor:
    """Exact log Z of the β = 0 end, in nats; a scalar."""
    visible = path.rbm.visible.log_partition(path.to_visible[None])
    hidden = path.rbm.hidden.log_partition(path.to_hidden[None])
    return (visible + hidden)[0]


@torch.no_grad()
def annealed(
    path: TemperedPath, betas: Tensor, chains: int, generator: torch.Generator
) -> AnnealedEstimate:
    """AIS from independent units to the machine: a lower bound of log Z in the mean.

    Parameters
    ----------
    path : TemperedPath
    betas : Tensor of shape (n_betas,)
        Rising from 0 to 1.
    chains : int
        Number of independent runs.
    generator : torch.Generator
    """
    check_betas(betas)
    visible = path.rbm.visible.sample(path.to_visible.expand(chains, -1), generator)
    log_weights = _anneal(path, betas, visible, generator)
    return _summary(log_weights, float(log_partition_of_independent_units(path)), sign=1)


@torch.no_grad()
def reverse_annealed(
    path: TemperedPath, betas: Tensor, samples: Tensor, generator: torch.Generator
) -> AnnealedEstimate:
    """AIS from samples of the machine back to independent units: an upper bound in the mean.

    Parameters
    ----------
    path : TemperedPath
    betas : Tensor of shape (n_betas,)
        Rising from 0 to 1; they are gone through backwards.
    samples : Tensor of shape (n_chains, n_visible)
        Samples of the machine, the closer to exact the better.
    generator : torch.Generator
    """
    check_betas(betas)
    log_weights = _anneal(path, betas.flip(0), samples, generator)
    return _summary(log_weights, float(log_partition_of_independent_units(path)), sign=-1)


def check_betas(betas: Tensor) -> None:
    """Raise ValueError unless the inverse temperatures rise from 0 to 1."""
    if len(betas) < 2 or betas[0] != 0 or betas[-1] != 1 or bool((betas.diff() <= 0).any()):
        raise ValueError("betas must rise from 0 to 1")


def _anneal(
    path: TemperedPath, betas: Tensor, visible: Tensor, generator: torch.Generator
) -> Tensor:
    """Log weights of runs through `betas` in the order given, shape (n_chains,)."""
    rbm = path.rbm
    # Sums of many small numbers: float64 keeps what float32 would lose over 10,000 steps.
    log_weights = torch.zeros(len(visible), dtype=torch.float64, device=visible.device)
    for before, after in zip(betas[:-1].tolist(), betas[1:].tolist(), strict=True):
        interaction = visible @ rbm.weights
        offset = visible @ path.to_visible
        new_field = after * interaction + (1 - after) * path.to_hidden
        old_field = before * interaction + (1 - before) * path.to_hidden
        log_weights += (before - after) * offset
        log_weights += rbm.hidden.log_partition(new_field) - rbm.hidden.log_partition(old_field)
        hidden = rbm.hidden.sample(new_field, generator)
        field = after * (hidden @ rbm.weights.T) + (1 - after) * path.to_visible
        visible = rbm.visible.sample(field, generator)
    return log_weights


def _summary(log_weights: Tensor, log_partition_at_start: float, sign: int) -> AnnealedEstimate:
    chains = len(log_weights)
    log_mean = float(torch.logsumexp(log_weights, 0)) - math.log(chains)
    shares = torch.softmax(log_weights, 0)
    effective = float(1 / shares.square().sum())
    # Standard error of the mean of w, over that mean: the first-order error of its logarithm.
    spread = float((chains * shares).std(unbiased=True)) if chains > 1 else math.nan
    return AnnealedEstimate(
        log_partition_nats=log_partition_at_start + sign * log_mean,
        standard_error_nats=spread / math.sqrt(chains),
        effective_sample_size=effective,
        log_weights=log_weights,
    )
