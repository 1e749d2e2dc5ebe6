"""Exact log-likelihood of DBNs small enough to enumerate every hidden layer below the top."""

import torch
from torch import Tensor

from ebm import exact
from ebm.dbn.bound import negative_top_free_energy
from ebm.dbn.conditional import log_conditional_nats
from ebm.dbn.stack import DBN
from ebm.rbm import RBM


@torch.no_grad()
def log_likelihood_nats(dbn: DBN, visible: Tensor) -> Tensor:
    """Exact log p(v) of each row, labels (if there are any) summed out, in nats, shape (n,).

    Every state of a layer is met with every state of the layer below: for machines of some 12 units
    a layer.

    Raises
    ------
    ValueError
        If a layer is continuous or has too many states.
    """
    log_partition = exact.log_partition(dbn.top)
    if len(dbn.machines) == 1:
        return negative_top_free_energy(dbn, visible) - log_partition
    states = exact.enumerate_states(dbn.machines[-2].hidden)
    log_prior = negative_top_free_energy(dbn, states) - log_partition
    for rbm in reversed(dbn.machines[1:-1]):
        below = exact.enumerate_states(rbm.visible)
        log_prior = _marginal(rbm, below, states, log_prior)
        states = below
    return _marginal(dbn.machines[0], visible, states, log_prior)


def _marginal(rbm: RBM, below: Tensor, above: Tensor, log_prior: Tensor) -> Tensor:
    """Log Σ_above p(below | above) p(above) for each row of `below`."""
    fields = rbm.visible_field(above)
    rows = [
        torch.logsumexp(
            log_conditional_nats(rbm.visible, row.expand_as(fields), fields) + log_prior, 0
        )
        for row in below
    ]
    return torch.stack(rows)
