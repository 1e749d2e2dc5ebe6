"""Samples of a DBN: Gibbs sampling in the top RBM, then one pass down."""

import torch
from torch import Tensor

from ebm.dbn.labels import require_labels
from ebm.dbn.stack import DBN
from ebm.sampling import gibbs, gibbs_clamped


@torch.no_grad()
def generate(
    dbn: DBN, count: int, steps: int, generator: torch.Generator, *, start: Tensor | None = None
) -> Tensor:
    """Draw visible states, shape (count, n_visible), from one chain each.

    Parameters
    ----------
    dbn : DBN
    count : int
        Number of samples.
    steps : int
        Gibbs sweeps in the top RBM before the pass down.
    generator : torch.Generator
    start : Tensor of shape (count, n_visible), optional
        Data rows whose upward samples the chains start from; by default the chains start from the
        top RBM's visible units alone.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBN, RBM, Bernoulli, generate
    >>> dbn = DBN([RBM(Bernoulli(20), Bernoulli(10)), RBM(Bernoulli(10), Bernoulli(5))])
    >>> generate(dbn, 3, 100, torch.Generator().manual_seed(1)).shape
    torch.Size([3, 20])
    """
    return dbn.down(top_states(dbn, count, steps, generator, start=start), generator)


@torch.no_grad()
def top_states(
    dbn: DBN, count: int, steps: int, generator: torch.Generator, *, start: Tensor | None = None
) -> Tensor:
    """Draw states of the layer below the highest hidden one, shape (count, sizes[-2]).

    What `generate` takes down; for parameters see there.
    """
    state = _top_start(dbn, count, generator, start)
    unknown = state.isnan()
    alone = dbn.top.visible.sample(torch.zeros_like(state), generator)
    state = gibbs(dbn.top, torch.where(unknown, alone, state), steps, generator)
    return state[:, : dbn.sizes[-2]]


@torch.no_grad()
def generate_class(
    dbn: DBN,
    label: int,
    count: int,
    steps: int,
    generator: torch.Generator,
    *,
    start: Tensor | None = None,
) -> Tensor:
    """Draw visible states of one class: the label is held fixed in the top RBM.

    Parameters
    ----------
    dbn : DBN
        With a label block.
    label : int
        Class number.
    count, steps, generator, start
        See `generate`.

    Raises
    ------
    ValueError
        If the DBN has no labels, or not this one.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, generate_class, pretrain_greedily
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)
    >>> labels = torch.arange(200) % 2
    >>> generator, options = torch.Generator().manual_seed(1), TrainingOptions(epochs=2)
    >>> dbn, _ = pretrain_greedily(bits, [6, 4], options, labels=labels, generator=generator)
    >>> generate_class(dbn, 1, 3, 100, generator).shape
    torch.Size([3, 8])
    """
    return dbn.down(class_states(dbn, label, count, steps, generator, start=start), generator)


@torch.no_grad()
def class_states(
    dbn: DBN,
    label: int,
    count: int,
    steps: int,
    generator: torch.Generator,
    *,
    start: Tensor | None = None,
) -> Tensor:
    """Draw states of the layer below the highest hidden one, the label held.

    What `generate_class` takes down; for parameters and errors see there.

    Returns
    -------
    Tensor of shape (count, sizes[-2])
    """
    require_labels(dbn)
    if not 0 <= label < dbn.label_size:
        raise ValueError(f"label must be from 0 to {dbn.label_size - 1}, not {label}")
    state = _top_start(dbn, count, generator, start)
    columns = dbn.sizes[-2]
    state[:, columns:] = 0
    state[:, columns + label] = 1
    clamped = torch.arange(state.shape[1], device=state.device) >= columns
    return gibbs_clamped(dbn.top, state, clamped, steps, generator)[:, :columns]


def _top_start(dbn: DBN, count: int, generator: torch.Generator, start: Tensor | None) -> Tensor:
    """States of the top RBM's visible layer, NaN where nothing is known."""
    state = dbn.top.weights.new_full((count, dbn.top.visible.size), torch.nan)
    if start is not None:
        if len(start) != count:
            raise ValueError(f"start has {len(start)} rows, but {count} are wanted")
        for rbm in dbn.recognition:
            start = rbm.sample_hidden(start, generator)
        state[:, : dbn.sizes[-2]] = start
    return state
