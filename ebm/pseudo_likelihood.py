"""Exact pseudo-likelihood: how well each variable is predicted from all the others.

For a variable i with states s, log p(v_i | v_rest) is a softmax over s of
-U_i(s) + Γ_h(x - v_i·W_i + s·W_i), where x = v·W is computed once: changing one variable moves the
hidden field by one row of W, so no state is multiplied by the whole matrix again.

Units: nats for each image (row), summed over variables. `per_variable` divides by their number
(nats for each bit, when the variables are bits). Projects differ here; always name the unit.

References
----------
Besag (1975), "Statistical analysis of non-lattice data". https://doi.org/10.2307/2987782
"""

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.units import as_dense


def site_log_probabilities(rbm: RBM, visible: Tensor) -> Tensor:
    """Log p(v_i | v_rest) of every variable, in nats, shape (n, n_variables).

    A Bernoulli value between 0 and 1 counts as that probability of either state.

    Raises
    ------
    ValueError
        If visible units are continuous.
    """
    visible = as_dense(visible)
    field = rbm.hidden_field(visible)
    columns = []
    for site in rbm.visible.sites():
        values = visible[:, site.start : site.stop]
        weights = rbm.weights[site.start : site.stop]
        alone = visible.new_zeros(len(site.states), rbm.visible.size)
        alone[:, site.start : site.stop] = site.states
        # (n, n_states, n_hidden): the hidden field had the variable been in each of its states.
        moved = (field - values @ weights)[:, None, :] + site.states @ weights
        cumulant = rbm.hidden.log_partition(moved.flatten(0, 1)).view(moved.shape[:2])
        log_probability = torch.log_softmax(cumulant - rbm.visible.energy(alone), dim=1)
        columns.append((site.weights(values) * log_probability).sum(1))
    return torch.stack(columns, dim=1)


def pseudo_log_likelihood_nats(rbm: RBM, visible: Tensor, *, per_variable: bool = False) -> Tensor:
    """Exact log pseudo-likelihood Σ_i log p(v_i | v_rest) of each row, shape (n,).

    Parameters
    ----------
    rbm : RBM
        A machine with discrete visible units.
    visible : Tensor of shape (n, n_visible)
        Rows to judge.
    per_variable : bool
        Divide by the number of variables: nats for each bit instead of nats for each image.

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, pseudo_log_likelihood_nats
    >>> rbm = RBM(Bernoulli(6), Bernoulli(3), weight_scale=0.0)  # every bit is a fair coin
    >>> rows = torch.ones(2, 6)
    >>> pseudo_log_likelihood_nats(rbm, rows, per_variable=True).exp().tolist()
    [0.5, 0.5]
    """
    each = site_log_probabilities(rbm, visible)
    return each.mean(1) if per_variable else each.sum(1)
