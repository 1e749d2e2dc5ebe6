"""Where the networks of one ensemble begin: one stack of RBMs, learned from the part they see.

The members share it. They differ in what they draw while they are fine-tuned, and a stack for each
would cost more than the fine-tuning does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ebm.dbn import DBN, continue_greedily, pretrain_greedily
from ebm.train import History
from screening.model.member import hidden_layers, one_thread, pretraining_options
from screening.model.novelty import Novelty, fit_novelty, read_novelty
from screening.model.options import ModelOptions
from screening.model.parcel import Parcel


class Part(NamedTuple):
    """Compounds that one ensemble learns from.

    Attributes
    ----------
    x : CSR of shape (n, n_columns)
        Encoded, values in [0, 1].
    y : float32 array of shape (n, n_tasks)
        1, 0, or NaN where missing.
    seed : int
        Of the stack, and of the first member; the others have the seeds that follow.
    held_out : CSR, optional
        Compounds whose free energy is watched beside theirs; they teach it nothing.
    members : int, optional
        Of the ensemble; as many as the options say when None.
    """

    x: csr_matrix
    y: NDArray[np.float32]
    seed: int
    held_out: csr_matrix | None = None
    members: int | None = None


@dataclass
class Start:
    """What pretraining left.

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

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        stack = None if self.dbn is None else Parcel.of(self.dbn)
        return _unpack, (stack, self.novelty, self.history)


def _unpack(stack: Parcel | None, novelty: Novelty, history: History) -> Start:
    return Start(None if stack is None else stack.model(), novelty, history)


def learn_start(part: Part, options: ModelOptions, begun: DBN | None = None) -> Start:
    """Pretrain the stack of one part, and read its novelty off the first RBM.

    A stack that others began knows more than the part's compounds: beside it, or without
    pretraining, the novelty has an RBM of its own.
    """
    generator = torch.Generator().manual_seed(part.seed)
    if options.pretrain == "rbm" and begun is None:
        watched = replace(pretraining_options(options, part.x.shape[0]), monitor_every=1)
        with one_thread():
            dbn, histories = pretrain_greedily(
                part.x,
                hidden_layers(options),
                watched,
                validation=part.held_out,
                generator=generator,
            )
        return Start(dbn, read_novelty(dbn.machines[0], part.x), histories[0])
    novelty, history = fit_novelty(part.x, options, part.seed, part.held_out)
    if begun is None:
        return Start(None, novelty, history)
    with one_thread():
        further, _ = continue_greedily(
            begun, part.x, pretraining_options(options, part.x.shape[0]), generator=generator
        )
    return Start(further, novelty, history)
