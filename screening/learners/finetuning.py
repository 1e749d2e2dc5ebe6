"""How a member of the ensemble is trained: a deep belief network, fine-tuned for activity."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ebm.dbn import DBN, select_visible
from ebm.finetune import FinetuneOptions, fine_tune
from ebm.network import Activation, Network
from ebm.plain import FeedForward
from ebm.storage import ModelArrays
from ebm.threads import one_thread
from screening.learners.member import Member
from screening.learners.options import HiddenUnits, ModelOptions, finetuning_passes

_ACTIVATIONS: dict[HiddenUnits, Activation] = {"rectified": "relu", "sigmoid": "sigmoid"}


def train_member(
    x: csr_matrix,
    y: NDArray[np.float32],
    options: ModelOptions,
    seed: int,
    dbn: DBN | None = None,
) -> Member:
    """Draw columns, and fine-tune from a pretrained stack or from random weights.

    Parameters
    ----------
    x : CSR of shape (n, n_columns)
        Encoded compounds, values in [0, 1].
    y : float32 array of shape (n, n_tasks)
        1, 0, or NaN where missing.
    options
        Settings of the ensemble.
    seed
        Decides everything random of this member.
    dbn
        A stack on all columns; it stays as it is.
    """
    with one_thread():
        draw = np.random.default_rng(seed)
        columns = _draw_columns(draw, x.shape[1], options.column_share)
        generator = torch.Generator().manual_seed(seed)
        if dbn is None:
            sizes = [len(columns), *options.hidden]
            network = Network.from_sizes(
                sizes,
                y.shape[1],
                activation=_ACTIVATIONS[options.units],
                dropout=options.dropout,
                input_dropout=options.input_dropout,
                generator=generator,
            )
        else:
            own = select_visible(dbn, torch.from_numpy(columns))
            network = own.to_network(
                y.shape[1],
                dropout=options.dropout,
                input_dropout=options.input_dropout,
                generator=generator,
            )
        finetuning = fine_tune(
            network,
            x[:, columns],
            y,
            FinetuneOptions(
                task="binary" if y.shape[1] == 1 else "multi_label",
                epochs=finetuning_passes(options.epochs, x.shape[0]),
                batch_size=options.batch_size,
                learning_rate=options.learning_rate,
                weight_decay=options.weight_decay,
            ),
            generator=generator,
        )
    arrays = FeedForward.from_state(*ModelArrays.of(network))
    return Member(columns, arrays, finetuning.to_dict())


def _draw_columns(draw: np.random.Generator, n: int, share: float) -> NDArray[np.int64]:
    return np.sort(draw.permutation(n)[: max(1, round(share * n))])
