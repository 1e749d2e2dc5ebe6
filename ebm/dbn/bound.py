"""The variational lower bound on a DBN's log-likelihood.

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

from ebm.dbn.conditional import log_conditional_nats
from ebm.dbn.labels import negative_free_energies
from ebm.dbn.stack import DBN
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
        total -= log_conditional_nats(recognition.hidden, above, field)
        total += log_conditional_nats(generative.visible, state, generative.visible_field(above))
        state = above
    return total + negative_top_free_energy(dbn, state)


def negative_top_free_energy(dbn: DBN, state: Tensor) -> Tensor:
    """-F of the top RBM, its labels summed out, in nats, shape (n,)."""
    if dbn.label_size == 0:
        return -dbn.top.free_energy(state)
    return torch.logsumexp(negative_free_energies(dbn, state), dim=1)
