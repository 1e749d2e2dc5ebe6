"""Images that a trained stack makes: its layers, its chains, and digits of each class."""

from __future__ import annotations

import torch
from torch import Tensor

from ebm import DBM, DBN, generate
from ebm.dbm import gibbs, mean_field
from ebm.dbn import class_states
from workflows.mnist.digits import CLASSES, Digits

CHAIN_SWEEPS = (1, 10, 100, 1000)
CLASS_SWEEPS = 1000
STRIP_SWEEPS = (0, 1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)


def first_of_each_class(digits: Digits) -> Tensor:
    """First test image of each class, shape (10, 784)."""
    labels = digits.test.labels
    index = torch.stack([(labels == label).nonzero()[0, 0] for label in range(CLASSES)])
    return digits.test.images[index]


@torch.no_grad()
def layers_and_back(dbn: DBN, digits: Digits) -> dict[str, Tensor]:
    """Test digits, each hidden layer's means, and the reconstruction from each layer down."""
    start = first_of_each_class(digits)
    rows = {"original": start}
    state = start
    for rbm in dbn.machines:
        state = rbm.hidden_mean(state)
        rows[f"hidden {rbm.hidden.size}"] = state
    for count in range(1, len(dbn.machines) + 1):
        lower = DBN(dbn.machines[:count])
        rows[f"back from {lower.top.hidden.size}"] = through_all_layers(lower, start)
    return rows


@torch.no_grad()
def through_all_layers(dbn: DBN, data: Tensor) -> Tensor:
    """Mean-field states up to the highest layer and down again, shape (n, n_visible)."""
    state = dbn.hidden_mean(data)
    for rbm in reversed(dbn.machines):
        state = rbm.visible_mean(state)
    return state


def chains_from_digits(dbn: DBN, digits: Digits) -> dict[str, Tensor]:
    """Test digits, and what chains that start there show after more and more sweeps."""
    start = first_of_each_class(digits)
    rows = {"start": start}
    for sweeps in CHAIN_SWEEPS:
        generator = torch.Generator(start.device).manual_seed(0)
        rows[_after(sweeps)] = generate(dbn, len(start), sweeps, generator, start=start)
    return rows


def _after(sweeps: int) -> str:
    return "1 sweep" if sweeps == 1 else f"{sweeps} sweeps"


@torch.no_grad()
def dbm_chains(dbm: DBM, digits: Digits) -> dict[str, Tensor]:
    """Test digits, and the pixels' means in chains of a DBM that start there."""
    first = first_of_each_class(digits)
    start = torch.bernoulli(first, generator=torch.Generator(first.device).manual_seed(0))
    rows = {"start": start}
    for sweeps in CHAIN_SWEEPS:
        generator = torch.Generator(start.device).manual_seed(0)
        states = (start, *mean_field(dbm, start).sample(dbm, generator))
        states = gibbs(dbm, states, sweeps, generator)
        rows[_after(sweeps)] = dbm.units[0].mean(dbm.field(0, states))
    return rows


def digits_of_each_class(dbn: DBN) -> Tensor:
    """Ten digits of each class, the label held fixed, shape (100, 784)."""
    generator = torch.Generator(dbn.top.weights.device).manual_seed(0)
    digits = [
        dbn.down_mean(class_states(dbn, label, 10, CLASS_SWEEPS, generator), generator)
        for label in range(CLASSES)
    ]
    return torch.cat(digits).detach()


def strip_of_each_class(dbn: DBN) -> Tensor:
    """One chain of each class after each of `STRIP_SWEEPS`, shape (10 * n, 784)."""
    return torch.cat([_strip(dbn, label) for label in range(CLASSES)])


def _strip(dbn: DBN, label: int) -> Tensor:
    """One chain after more and more sweeps: the same seed gives the same chain."""
    frames = []
    for sweeps in STRIP_SWEEPS:
        generator = torch.Generator(dbn.top.weights.device).manual_seed(label)
        states = class_states(dbn, label, 1, sweeps, generator)
        frames.append(dbn.down_mean(states, generator))
    return torch.cat(frames).detach()
