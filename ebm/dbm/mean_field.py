"""Mean-field inference: the factorial law of the hidden layers that is closest to the posterior.

q(h¹, ..., h^L | v) is a product over units, each with the law that its kind has at a field:

    m_k = E[h^k | x_k],     x_k = m_{k-1}·W_k + W_{k+1}·m_{k+1}        (m_0 = v)

The layers of odd number are updated together, then those of even number. Each update raises the
bound of `ebm.dbm.likelihood`, so that the means settle. They start from one pass up, in which a
layer that has one above it gets the input from below twice, in place of the one that is not there
yet.

References
----------
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", section 2.1 (mean field). Salakhutdinov,
Larochelle (2010), "Efficient learning of deep Boltzmann machines" (the pass up).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ebm.dbm.machine import DBM
from ebm.units import as_dense


@dataclass(frozen=True)
class Posterior:
    """A factorial law of the hidden layers of each row.

    Attributes
    ----------
    fields, means : tuple of Tensor of shape (n, sizes[k])
        x_k and m_k of each hidden layer, the lowest first.
    change : Tensor of shape (n,)
        By how much the last update of a row moved one of its means at most.
    """

    fields: tuple[Tensor, ...]
    means: tuple[Tensor, ...]
    change: Tensor

    def sample(self, dbm: DBM, generator: torch.Generator) -> list[Tensor]:
        """One draw of each hidden layer, a list of Tensors of shape (n, sizes[k])."""
        pairs = zip(dbm.units[1:], self.fields, strict=True)
        return [unit.sample(field, generator) for unit, field in pairs]


@torch.no_grad()
def mean_field(
    dbm: DBM, visible: Tensor, *, steps: int = 100, tolerance: float = 1e-4
) -> Posterior:
    """Find q(h | v) of each row.

    Parameters
    ----------
    dbm : DBM
    visible : Tensor of shape (n, sizes[0])
        Dense or sparse CSR.
    steps : int
        Most updates of every layer.
    tolerance : float
        A row is finished when an update moves none of its means by more. What comes out for a row
        does not depend on the others.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> from ebm.dbm import mean_field
    >>> dbm = DBM([Bernoulli(20), Bernoulli(10), Bernoulli(5)])
    >>> posterior = mean_field(dbm, torch.ones(3, 20), tolerance=1e-6)
    >>> [mean.shape for mean in posterior.means], bool((posterior.change <= 1e-6).all())
    ([torch.Size([3, 10]), torch.Size([3, 5])], True)
    """
    evidence = as_dense(visible) @ dbm.weights[0]
    fields, means = _pass_up(dbm, evidence)
    change = evidence.new_full((len(evidence),), torch.inf)
    rows = torch.arange(len(evidence), device=evidence.device)
    for _ in range(steps):
        before = [mean[rows] for mean in means]
        new_fields, new_means = _update(dbm, evidence[rows], before)
        moved = torch.stack(
            [(new - old).abs().amax(1) for new, old in zip(new_means, before, strict=True)]
        ).amax(0)
        for kept, new in zip([*fields, *means], [*new_fields, *new_means], strict=True):
            kept[rows] = new
        change[rows] = moved
        rows = rows[moved > tolerance]
        if not len(rows):
            break
    return Posterior(tuple(fields), tuple(means), change)


def _pass_up(dbm: DBM, evidence: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Fields and means of the hidden layers, each from the one below alone."""
    fields: list[Tensor] = []
    means: list[Tensor] = []
    top = len(dbm.units) - 1
    for number, unit in enumerate(dbm.units[1:], start=1):
        below = evidence if number == 1 else means[-1] @ dbm.weights[number - 1]
        fields.append(below if number == top else 2 * below)
        means.append(unit.mean(fields[-1]))
    return fields, means


def _update(dbm: DBM, evidence: Tensor, means: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Fields and means of the hidden layers after one update, of the odd ones first."""
    states = [evidence, *means]  # that of the visible layer is never looked at
    fields = [evidence] * len(means)
    for first in (1, 2):
        for number in range(first, len(states), 2):
            if number > 1:
                field = dbm.field(number, states)
            elif len(states) > 2:
                field = torch.addmm(evidence, states[2], dbm.weights[1].T)
            else:
                field = evidence
            fields[number - 1] = field
            states[number] = dbm.units[number].mean(field)
    return fields, states[1:]
