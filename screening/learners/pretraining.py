"""Where the networks of one ensemble begin: one stack of RBMs, learned from the part they see.

The members share it. They differ in what they draw while they are fine-tuned, and a stack for each
would cost more than the fine-tuning does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from scipy.sparse import csr_matrix

from ebm import RBM, fit_rbm
from ebm.dbn import DBN, continue_greedily, pretrain_greedily
from ebm.plain import PlainRBM
from ebm.storage import ModelArrays
from ebm.threads import one_thread
from ebm.train import History, TrainingOptions
from ebm.units import Bernoulli, NReLU, Unit
from screening.features import Encoder
from screening.learners.options import HiddenUnits, ModelOptions, pretraining_passes
from screening.trust.novelty import Novelty, read_novelty

# Of each part, by the monitors: with more they would cost as much as the learning of 1,000 rows.
_WATCHED_ROWS = 200
# Rectified units reach eight times as high as bits do, and move that much more.
_RATES: dict[HiddenUnits, float] = {"rectified": 0.005, "sigmoid": 0.05}


class LibraryStack(NamedTuple):
    """A stack that was learned from molecules without labels, and the columns it sees.

    Attributes
    ----------
    encoder : Encoder
    dbn : DBN
    """

    encoder: Encoder
    dbn: DBN


@dataclass
class PretrainedStack:
    """What pretraining on one part left.

    Attributes
    ----------
    dbn : DBN or None
        On all columns; None where the networks start from random weights.
    novelty : Novelty
        Of the part's compounds: the first RBM that was learned from them alone.
    history : History
        Of the novelty's RBM, epoch by epoch.
    """

    dbn: DBN | None
    novelty: Novelty
    history: History


def pretrain_part(
    x: csr_matrix,
    options: ModelOptions,
    seed: int,
    held_out: csr_matrix | None = None,
    begun: DBN | None = None,
) -> PretrainedStack:
    """Pretrain the stack of one part, and read its novelty off the first RBM.

    A stack that others began knows more than the part's compounds: beside it, or without
    pretraining, the novelty has an RBM of its own.

    Parameters
    ----------
    x : CSR of shape (n, n_columns)
        Encoded compounds, values in [0, 1].
    options, seed
    held_out : CSR, optional
        Compounds whose free energy is watched beside theirs; they teach nothing.
    begun : DBN, optional
        A stack on the same columns to go on with.
    """
    generator = torch.Generator().manual_seed(seed)
    if options.pretrain == "rbm" and begun is None:
        watched = replace(pretraining_options(options, x.shape[0]), monitor_every=1)
        with one_thread():
            dbn, histories = pretrain_greedily(
                x, hidden_layers(options), watched, validation=held_out, generator=generator
            )
        return PretrainedStack(dbn, read_novelty(_arrays_of(dbn.machines[0]), x), histories[0])
    novelty, history = fit_novelty(x, options, seed, held_out)
    if begun is None:
        return PretrainedStack(None, novelty, history)
    with one_thread():
        further, _ = continue_greedily(
            begun, x, pretraining_options(options, x.shape[0]), generator=generator
        )
    return PretrainedStack(further, novelty, history)


def fit_novelty(
    x: csr_matrix, options: ModelOptions, seed: int, held_out: csr_matrix | None = None
) -> tuple[Novelty, History]:
    """Train an RBM on all columns of the training compounds, and read it as a novelty.

    Parameters
    ----------
    x
        Encoded training compounds.
    options
    seed
    held_out
        Compounds whose free energy is watched beside theirs; they teach it nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    rbm = RBM(Bernoulli(x.shape[1]), hidden_layers(options)[0], generator=generator)
    with one_thread():
        watched = replace(pretraining_options(options, x.shape[0]), monitor_every=1)
        history = fit_rbm(rbm, x, watched, validation=held_out, generator=generator)
    return read_novelty(_arrays_of(rbm), x), history


def _arrays_of(rbm: RBM) -> PlainRBM:
    """Return a machine's numbers as they are now, whatever is made of it later."""
    config, arrays = ModelArrays.of(rbm)
    return PlainRBM.from_state(config, {name: part.copy() for name, part in arrays.items()})


def hidden_layers(options: ModelOptions) -> list[Unit]:
    """Return new hidden units of every RBM, lowest first."""
    kind = {"rectified": NReLU, "sigmoid": Bernoulli}[options.units]
    return [kind(size) for size in options.hidden]


def pretraining_options(options: ModelOptions, n: int) -> TrainingOptions:
    """Return the settings of every RBM that learns from n compounds: CD-1 with centred gradient."""
    epochs = pretraining_passes(options.pretrain_epochs, n)
    return TrainingOptions(
        epochs=epochs,
        batch_size=50,
        learning_rate=_RATES[options.units],
        monitor_every=epochs,
        monitor_rows=_WATCHED_ROWS,
        pseudo_likelihood_rows=0,
    )
