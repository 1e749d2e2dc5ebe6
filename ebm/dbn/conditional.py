"""Log-probability of a layer's states given the layer next to it."""

from torch import Tensor

from ebm.units import Unit


def log_conditional_nats(unit: Unit, states: Tensor, field: Tensor) -> Tensor:
    """Log p(states | field) = -U(states) + states·field - Γ(field), in nats, shape (n,).

    Parameters
    ----------
    unit : Unit
    states, field : Tensor of shape (n, unit.size)
    """
    return (states * field).sum(-1) - unit.energy(states) - unit.log_partition(field)
