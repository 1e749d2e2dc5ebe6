"""Up-down training of a whole DBN: the contrastive form of wake-sleep.

Wake: the data go up by samples of the recognition weights; each layer's generative weights learn
to give back the layer below. Then the top RBM, from there, runs k Gibbs sweeps and learns by CD-k.
Sleep: from where it stopped, a sample goes down; each layer's recognition weights learn to give
back the layer above. Recognition and generative weights are no longer tied.

References
----------
Hinton, Osindero, Teh (2006), section 5 and appendix B. https://doi.org/10.1162/neco.2006.18.7.1527
"""

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ebm.dbn.conditional import log_conditional_nats
from ebm.dbn.representation import append_labels
from ebm.dbn.stack import DBN
from ebm.rbm import RBM
from ebm.sampling import gibbs
from ebm.train.batches import Batch, Block, DataSource, Placement, Stream
from ebm.units import as_dense


@dataclass(frozen=True)
class UpDownOptions:
    """Settings of `train_up_down`.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
        Of the gradient of a mean over rows.
    momentum : float
    weight_decay : float
        L2 cost of the weights, never of the biases.
    gibbs_steps : int
        Sweeps of the top RBM between wake and sleep (3, 6, then 10 in the paper).
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.01
    momentum: float = 0.5
    weight_decay: float = 0.0
    gibbs_steps: int = 3

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "gibbs_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, not {getattr(self, name)}")
        if not self.learning_rate > 0 or not 0 <= self.momentum < 1 or self.weight_decay < 0:
            raise ValueError("learning_rate must be > 0, momentum in [0, 1), weight_decay >= 0")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class UpDownRecord:
    """One epoch; all values are means over rows, in nats.

    Attributes
    ----------
    epoch : int
    wake_nats : float
        -Σ log p(layer below | layer above) on the way up.
    sleep_nats : float
        -Σ log q(layer above | layer below) on the way down.
    top_nats : float
        Free energy of the top RBM at the data minus that where its chains stopped.
    seconds : float
        Wall clock; not compared.
    """

    epoch: int
    wake_nats: float
    sleep_nats: float
    top_nats: float
    seconds: float = field(default=0.0, compare=False)


def train_up_down(
    dbn: DBN,
    data: Block | Stream,
    options: UpDownOptions | None = None,
    *,
    labels: Any = None,
    generator: torch.Generator,
) -> tuple[DBN, list[UpDownRecord]]:
    """Train all layers together; the DBN given is not changed.

    Parameters
    ----------
    dbn : DBN
        Pretrained greedily.
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example.
    options : UpDownOptions, optional
    labels : array of shape (n,), optional
        Class numbers; needed exactly when the DBN has a label block.
    generator : torch.Generator
        The only source of randomness.

    Returns
    -------
    dbn : DBN
        A copy with untied weights.
    records : list of UpDownRecord
        One for each epoch.
    """
    options = options or UpDownOptions()
    if (labels is None) != (dbn.label_size == 0):
        raise ValueError("labels are needed exactly when the DBN has a label block")
    if labels is not None:
        data = append_labels(data, labels, dbn.label_size)
    dbn = dbn.with_untied_weights()
    optimiser = _optimiser(dbn, options)
    source = DataSource(data, Placement(dbn.top.weights.dtype, dbn.top.weights.device))
    records = []
    for epoch in range(1, options.epochs + 1):
        started = time.perf_counter()
        totals = torch.zeros(4, dtype=torch.float64, device=dbn.top.weights.device)
        for batch in _epoch(source, options, generator):
            losses = _losses(dbn, batch.visible, options.gibbs_steps, generator)
            optimiser.zero_grad()
            torch.autograd.backward(losses.sum())
            optimiser.step()
            rows = len(batch.weights)
            totals[:3] += losses.detach() * rows
            totals[3] += rows
        wake, sleep, top = (totals[:3] / totals[3]).tolist()
        seconds = time.perf_counter() - started
        records.append(UpDownRecord(epoch, wake, sleep, top, seconds))
    return dbn, records


def _epoch(
    source: DataSource, options: UpDownOptions, generator: torch.Generator
) -> Iterator[Batch]:
    seed = torch.randint(2**62, (), generator=generator, device=generator.device)
    return source.batches(options.batch_size, int(seed))


def _losses(dbn: DBN, batch: Tensor, gibbs_steps: int, generator: torch.Generator) -> Tensor:
    """Wake, sleep and top loss, whose gradients touch three different sets of parameters."""
    visible = as_dense(batch)
    if dbn.label_size:
        visible, labels = visible[:, : dbn.n_visible], visible[:, dbn.n_visible :]
    pairs = list(zip(dbn.machines[:-1], dbn.recognition, strict=True))
    wake = sleep = visible.new_zeros(())

    state = visible
    for generative, recognition in pairs:
        above = recognition.sample_hidden(state, generator)
        wake = wake - _down_log_probability(generative, state, above)
        state = above

    at_data = torch.cat([state, labels], dim=1) if dbn.label_size else state
    fantasy = gibbs(dbn.top, at_data, gibbs_steps, generator)
    top = dbn.top.free_energy(at_data).mean() - dbn.top.free_energy(fantasy).mean()

    state = fantasy[:, : dbn.sizes[-2]]
    for generative, recognition in reversed(pairs):
        below = generative.sample_visible(state, generator)
        sleep = sleep - _up_log_probability(recognition, below, state)
        state = below
    return torch.stack([wake, sleep, top])


def _down_log_probability(rbm: RBM, below: Tensor, above: Tensor) -> Tensor:
    return log_conditional_nats(rbm.visible, below, rbm.visible_field(above)).mean()


def _up_log_probability(rbm: RBM, below: Tensor, above: Tensor) -> Tensor:
    return log_conditional_nats(rbm.hidden, above, rbm.hidden_field(below)).mean()


def _optimiser(dbn: DBN, options: UpDownOptions) -> torch.optim.SGD:
    weights = [parameter for parameter in dbn.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in dbn.parameters() if parameter.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": options.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, options.learning_rate, options.momentum)
