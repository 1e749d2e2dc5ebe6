"""Gibbs sampling by sides: all even layers given the odd ones, then all odd given the even ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ebm.dbm.machine import DBM


@dataclass(frozen=True)
class Sweep:
    """Where a sweep ended.

    Attributes
    ----------
    states : tuple of Tensor of shape (n, sizes[k])
        Of every layer.
    odd_fields : tuple of Tensor of shape (n, sizes[k])
        From which the layers of odd number were drawn, the lowest first.
    """

    states: tuple[Tensor, ...]
    odd_fields: tuple[Tensor, ...]


@torch.no_grad()
def gibbs_step(dbm: DBM, states: Sequence[Tensor], generator: torch.Generator) -> Sweep:
    """One sweep, which leaves the law of the machine unchanged.

    Parameters
    ----------
    dbm : DBM
    states : sequence of Tensor of shape (n, sizes[k])
        Of every layer; those of the even ones are not looked at.
    generator : torch.Generator
    """
    new = list(states)
    fields: list[Tensor] = []
    for side in (0, 1):
        for number in range(side, len(new), 2):
            field = dbm.field(number, new)
            if side == 1:
                fields.append(field)
            new[number] = dbm.units[number].sample(field, generator)
    return Sweep(tuple(new), tuple(fields))


def gibbs(
    dbm: DBM, states: Sequence[Tensor], steps: int, generator: torch.Generator
) -> tuple[Tensor, ...]:
    """Run `steps` sweeps; the states given are not changed.

    Returns
    -------
    tuple of Tensor of shape (n, sizes[k])
        Of every layer.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> from ebm.dbm import gibbs
    >>> dbm = DBM([Bernoulli(20), Bernoulli(10), Bernoulli(5)])
    >>> start = [torch.zeros(3, size) for size in dbm.sizes]
    >>> [state.shape for state in gibbs(dbm, start, 10, torch.Generator().manual_seed(1))]
    [torch.Size([3, 20]), torch.Size([3, 10]), torch.Size([3, 5])]
    """
    now = tuple(states)
    for _ in range(steps):
        now = gibbs_step(dbm, now, generator).states
    return now


class PersistentChains:
    """Chains that go on from step to step of the training.

    Parameters
    ----------
    start : sequence of Tensor of shape (n_chains, sizes[k])
        First states of every layer.
    steps : int
        Sweeps for each step of the training, at least 1.

    References
    ----------
    Tieleman (2008), section 3. https://doi.org/10.1145/1390156.1390290
    """

    def __init__(self, start: Sequence[Tensor], steps: int) -> None:
        self.states = tuple(state.clone() for state in start)
        self.steps = steps

    def advance(self, dbm: DBM, generator: torch.Generator) -> Sweep:
        """Run the sweeps, and return where they ended."""
        self.states = gibbs(dbm, self.states, self.steps - 1, generator)
        sweep = gibbs_step(dbm, self.states, generator)
        self.states = sweep.states
        return sweep

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue the chains."""
        return {"states": list(self.states)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue chains from what `state_dict` returned."""
        pairs = zip(state["states"], self.states, strict=True)
        self.states = tuple(new.to(old) for new, old in pairs)
