"""A DBM as the start of a network: the input, and beside it what mean field made of it.

The network of a machine of two hidden layers sees (v, m_2) and computes

    a_1 = s(v·W_1 + m_2·W_2ᵀ + b_1),   a_2 = s(a_1·W_2 + b_2)

so that before fine-tuning it repeats one update of mean field. In deeper machines a layer between
two others has twice the input from below, as in the pass up of `ebm.dbm.mean_field`.

References
----------
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", section 2.3 and figure 3.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from ebm.dbm.machine import DBM
from ebm.dbm.mean_field import mean_field
from ebm.dbn.conversion import network_from_rbms
from ebm.network import Network
from ebm.rbm import RBM
from ebm.train.batches import Matrix, Placement
from ebm.train.checks import check_block
from ebm.units import Blocks, Unit

ROWS_AT_ONCE = 1024


def hidden_means(
    dbm: DBM, data: Matrix, *, steps: int = 100, tolerance: float = 1e-4
) -> list[Tensor]:
    """Return mean-field means of each hidden layer, a list of Tensors of shape (n, sizes[k]).

    Parameters
    ----------
    dbm : DBM
    data : Tensor, array or scipy sparse matrix of shape (n, sizes[0])
    steps, tolerance
        See `mean_field`.
    """
    data = check_block(data)
    place = Placement(dbm.weights[0].dtype, dbm.weights[0].device).place
    parts = [
        mean_field(dbm, place(data[start : start + ROWS_AT_ONCE]), steps=steps, tolerance=tolerance)
        for start in range(0, data.shape[0], ROWS_AT_ONCE)
    ]
    layers = zip(*(part.means for part in parts), strict=True)
    return [torch.cat(layer) for layer in layers]


def augmented_inputs(
    dbm: DBM, data: Tensor, *, steps: int = 100, tolerance: float = 1e-4
) -> Tensor:
    """Return the inputs of the network: the data, and the means of the second hidden layer.

    Returns
    -------
    Tensor of shape (n, sizes[0] + sizes[2])
        The data alone when there is only one hidden layer.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> from ebm.dbm import augmented_inputs, network_from_dbm
    >>> dbm = DBM([Bernoulli(20), Bernoulli(10), Bernoulli(5)])
    >>> x = augmented_inputs(dbm, torch.ones(3, 20))
    >>> x.shape
    torch.Size([3, 25])
    >>> network = network_from_dbm(dbm, 2, generator=torch.Generator().manual_seed(1))
    >>> network.sizes, network(x).shape
    ([25, 10, 5], torch.Size([3, 2]))
    """
    if len(dbm.units) == 2:
        return data
    means = hidden_means(dbm, data, steps=steps, tolerance=tolerance)
    return torch.cat([data, means[1].to(data)], dim=1)


@torch.no_grad()
def network_from_dbm(
    dbm: DBM,
    n_outputs: int,
    *,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    generator: torch.Generator,
) -> Network:
    """Build the network that takes `augmented_inputs`, with clones of the weights.

    Parameters
    ----------
    dbm : DBM
    n_outputs : int
        Number of logits of the new linear head.
    dropout, input_dropout : float
        See `Network`.
    generator : torch.Generator
        Source of the head's initial weights.

    Raises
    ------
    ValueError
        If hidden units have no counterpart in a network (softmax, thermometer, blocks).
    """
    units, weights = dbm.units, list(dbm.weights)
    inputs, first = [units[0]], weights[0]
    if len(units) > 2:
        inputs.append(units[2])
        first = torch.cat([weights[0], weights[1].T])
    rbms = [_rbm(inputs, units[1], first)]
    for number, matrix in enumerate(weights[1:], start=1):
        last = number + 1 == len(weights)
        rbms.append(_rbm([units[number]], units[number + 1], matrix if last else 2 * matrix))
    return network_from_rbms(
        rbms,
        sum(unit.size for unit in inputs),
        n_outputs,
        dropout=dropout,
        input_dropout=input_dropout,
        generator=generator,
    )


def _rbm(inputs: Sequence[Unit], hidden: Unit, weights: Tensor) -> RBM:
    rbm = RBM(Blocks(copy.deepcopy(list(inputs))), copy.deepcopy(hidden), weight_scale=0.0)
    rbm.weights.copy_(weights)
    return rbm
