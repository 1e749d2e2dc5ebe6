"""The log-likelihood of a DBN: a lower bound of any, the exact value of a small one.

With q(h¹ | v) q(h² | h¹) ... the recognition conditionals up to the layer x that the top RBM sees,

    log p(v) >= E_q[ log p(v | h¹) + ... + log p(h^{L-2} | x) - F_top(x) - log q ] - log Z

and the distance is the divergence of q from the posterior. The mean over q is estimated by samples,
so each row has a standard error; log Z comes from `ebm.exact` or `ebm.likelihood`.

References
----------
Hinton, Osindero, Teh (2006), section 4.1; Salakhutdinov, Murray (2008), section 5,
https://doi.org/10.1145/1390156.1390266
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm import exact
from ebm.dbn.labels import negative_free_energies
from ebm.dbn.stack import DBN
from ebm.rbm import RBM
from ebm.units import as_dense


@dataclass(frozen=True)
class LikelihoodBound:
    """Bound of each row.

    Attributes
    ----------
    log_likelihood_nats : Tensor of shape (n,)
        Estimate of the lower bound on log p(v).
    standard_error_nats : Tensor of shape (n,)
        From the samples of q; zero for a single RBM, where the bound is exact.
    """

    log_likelihood_nats: Tensor
    standard_error_nats: Tensor


@torch.no_grad()
def log_likelihood_bound(
    dbn: DBN,
    visible: Tensor,
    log_partition_nats: float | Tensor,
    *,
    samples: int = 20,
    generator: torch.Generator,
) -> LikelihoodBound:
    """Lower bound on log p(v), labels (if there are any) summed out.

    Parameters
    ----------
    dbn : DBN
    visible : Tensor of shape (n, n_visible)
        Values that the visible units can take: bits, not grey levels, for Bernoulli units.
    log_partition_nats : float
        log Z of the top RBM.
    samples : int
        Draws from q for each row, at least 2.
    generator : torch.Generator

    Examples
    --------
    >>> import torch
    >>> from ebm import DBN, RBM, Bernoulli, exact, log_likelihood_bound
    >>> dbn = DBN([RBM(Bernoulli(8), Bernoulli(5)), RBM(Bernoulli(5), Bernoulli(3))])
    >>> log_partition = exact.log_partition(dbn.top)
    >>> generator = torch.Generator().manual_seed(1)
    >>> bound = log_likelihood_bound(dbn, torch.ones(4, 8), log_partition, generator=generator)
    >>> bound.log_likelihood_nats.shape, bound.standard_error_nats.shape
    (torch.Size([4]), torch.Size([4]))
    """
    if samples < 2:
        raise ValueError(f"samples must be >= 2 to have a standard error, not {samples}")
    visible = as_dense(visible)
    draws = torch.stack([_one_draw(dbn, visible, generator) for _ in range(samples)])
    return LikelihoodBound(draws.mean(0) - log_partition_nats, draws.std(0) / samples**0.5)


def _one_draw(dbn: DBN, visible: Tensor, generator: torch.Generator) -> Tensor:
    """Return what stands inside E_q, at one sample of q for each row, shape (n,)."""
    total = visible.new_zeros(len(visible))
    state = visible
    for generative, recognition in zip(dbn.machines[:-1], dbn.recognition, strict=True):
        field = recognition.hidden_field(state)
        above = recognition.hidden.sample(field, generator)
        total -= recognition.hidden.log_conditional_nats(above, field)
        total += generative.visible.log_conditional_nats(state, generative.visible_field(above))
        state = above
    return total + negative_top_free_energy(dbn, state)


def negative_top_free_energy(dbn: DBN, state: Tensor) -> Tensor:
    """-F of the top RBM, its labels summed out, in nats, shape (n,)."""
    if dbn.label_size == 0:
        return -dbn.top.free_energy(state)
    return torch.logsumexp(negative_free_energies(dbn, state), dim=1)


@torch.no_grad()
def exact_log_likelihood_nats(dbn: DBN, visible: Tensor) -> Tensor:
    """Exact log p(v) of each row, labels (if there are any) summed out, in nats, shape (n,).

    Every state of a layer is met with every state of the layer below: for machines of some 12 units
    a layer.

    Raises
    ------
    ValueError
        If a layer is continuous or has too many states.

    Examples
    --------
    >>> from ebm import DBN, RBM, Bernoulli, exact
    >>> from ebm.dbn import exact_log_likelihood_nats
    >>> dbn = DBN([RBM(Bernoulli(4), Bernoulli(3)), RBM(Bernoulli(3), Bernoulli(2))])
    >>> every_state = exact.enumerate_states(dbn.machines[0].visible)
    >>> round(float(exact_log_likelihood_nats(dbn, every_state).exp().sum()), 4)
    1.0
    """
    log_partition = exact.log_partition(dbn.top)
    if len(dbn.machines) == 1:
        return negative_top_free_energy(dbn, visible) - log_partition
    states = exact.enumerate_states(dbn.machines[-2].hidden)
    log_prior = negative_top_free_energy(dbn, states) - log_partition
    for rbm in reversed(dbn.machines[1:-1]):
        below = exact.enumerate_states(rbm.visible)
        log_prior = _log_marginal(rbm, below, states, log_prior)
        states = below
    return _log_marginal(dbn.machines[0], visible, states, log_prior)


def _log_marginal(rbm: RBM, below: Tensor, above: Tensor, log_prior: Tensor) -> Tensor:
    """Log Σ_above p(below | above) p(above) for each row of `below`."""
    fields = rbm.visible_field(above)
    rows = [
        torch.logsumexp(
            rbm.visible.log_conditional_nats(row.expand_as(fields), fields) + log_prior, 0
        )
        for row in below
    ]
    return torch.stack(rows)
