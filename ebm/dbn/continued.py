"""Pretraining that goes on with a stack that others began, on further data or fewer columns."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ebm.dbn.representation import hidden_means
from ebm.dbn.stack import DBN
from ebm.rbm import RBM
from ebm.train import History, TrainingOptions, fit_rbm
from ebm.train.batches import Block
from ebm.units import Bernoulli


def continue_greedily(
    dbn: DBN, data: Block, options: TrainingOptions, *, generator: torch.Generator
) -> tuple[DBN, list[History]]:
    """Train each RBM of a stack further, from the bottom up; the given one stays as it is.

    Parameters
    ----------
    dbn : DBN
        Pretrained on other data of the same columns, without labels.
    data : Tensor, array or scipy sparse matrix of shape (n, n_visible)
    options : TrainingOptions
        Of every RBM. Visible biases are learned on, not set anew from the data.
    generator : torch.Generator

    Returns
    -------
    dbn : DBN
    histories : list of History
        One for each RBM.
    """
    options = replace(options, set_visible_bias=False)
    machines: list[RBM] = []
    histories: list[History] = []
    below: Any = data
    for machine in dbn.machines:
        trained = copy.deepcopy(machine)
        histories.append(fit_rbm(trained, below, options, generator=generator))
        machines.append(trained)
        if len(machines) < len(dbn.machines):
            below = hidden_means(trained, below)
    return DBN(machines), histories


@torch.no_grad()
def select_visible(dbn: DBN, columns: Sequence[int] | Tensor) -> DBN:
    """Return the stack as if it saw these visible units only; those left out count as off.

    Parameters
    ----------
    dbn : DBN
        With Bernoulli visible units.
    columns : sequence of int, or int64 Tensor
        Visible units to keep, in their new order.

    Raises
    ------
    TypeError
        The visible units are of another kind.
    """
    first = dbn.machines[0]
    if type(first.visible) is not Bernoulli:
        raise TypeError(f"visible units must be Bernoulli, not {type(first.visible).__name__}")
    index = torch.as_tensor(columns)
    narrow = RBM(Bernoulli(len(index)), copy.deepcopy(first.hidden))
    narrow.weights.copy_(first.weights[index])
    narrow.visible.bias.copy_(first.visible.bias[index])
    return DBN([narrow, *(copy.deepcopy(machine) for machine in dbn.machines[1:])])
