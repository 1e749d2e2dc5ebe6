"""Exact probabilities of machines small enough to enumerate one of their layers."""

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.units import Unit

MAX_STATES = 2**22
ROWS_AT_ONCE = 2**14


def count_states(unit: Unit) -> int:
    """Count the states of a layer of discrete units (ValueError when continuous)."""
    total = 1
    for site in unit.sites():
        total *= len(site.states)
    return total


def enumerate_states(unit: Unit) -> Tensor:
    """Every state of a layer, shape (n_states, size); the last variable changes fastest.

    Raises
    ------
    ValueError
        If the units are continuous, or there are more than 2**22 states.

    Examples
    --------
    >>> from ebm import Bernoulli
    >>> from ebm.exact import enumerate_states
    >>> enumerate_states(Bernoulli(2)).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    total = count_states(unit)
    if total > MAX_STATES:
        raise ValueError(f"{total} states are too many to enumerate; the limit is {MAX_STATES}")
    index = torch.arange(total, device=unit.bias.device)
    columns = []
    for site in reversed(unit.sites()):
        columns.append(site.states[index % len(site.states)])
        index = index // len(site.states)
    return torch.cat(columns[::-1], dim=1)


def log_partition(rbm: RBM) -> Tensor:
    """Exact log Z in nats, by enumeration of the layer with fewer states; a scalar tensor.

    Raises
    ------
    ValueError
        If neither layer is discrete and small enough.

    Examples
    --------
    Without weights and biases each of the 5 bits counts log 2:

    >>> from ebm import RBM, Bernoulli
    >>> from ebm.exact import log_partition
    >>> rbm = RBM(Bernoulli(3), Bernoulli(2), weight_scale=0.0)
    >>> round(float(log_partition(rbm).detach()), 4)
    3.4657
    """
    over_hidden = _enumerable(rbm.hidden) < _enumerable(rbm.visible)
    states = enumerate_states(rbm.hidden if over_hidden else rbm.visible)
    free_energy = rbm.free_energy_of_hidden if over_hidden else rbm.free_energy
    parts = [torch.logsumexp(-free_energy(rows), 0) for rows in torch.split(states, ROWS_AT_ONCE)]
    return torch.logsumexp(torch.stack(parts), 0)


def log_likelihood_nats(rbm: RBM, data: Tensor) -> Tensor:
    """Exact log p(v) of each row of `data`, in nats, shape (n,); differentiable."""
    return -rbm.free_energy(data) - log_partition(rbm)


def visible_distribution(rbm: RBM) -> tuple[Tensor, Tensor]:
    """Every visible state (n_states, n_visible) and its exact probability (n_states,).

    Examples
    --------
    >>> from ebm import RBM, Bernoulli
    >>> from ebm.exact import visible_distribution
    >>> rbm = RBM(Bernoulli(2), Bernoulli(4), weight_scale=0.0)
    >>> states, probability = visible_distribution(rbm)
    >>> states.shape, probability.tolist()
    (torch.Size([4, 2]), [0.25, 0.25, 0.25, 0.25])
    """
    states = enumerate_states(rbm.visible)
    return states, torch.softmax(-rbm.free_energy(states), 0)


def _enumerable(unit: Unit) -> float:
    try:
        return count_states(unit)
    except ValueError:
        return float("inf")
