"""Up-down training of a whole DBN: the contrastive form of wake-sleep.

Wake: the data go up by samples of the recognition weights; each layer's generative weights learn
to give back the layer below. Then the top RBM, from there, runs k Gibbs sweeps and learns by CD-k.
Sleep: from where it stopped, a sample goes down; each layer's recognition weights learn to give
back the layer above. Recognition and generative weights are no longer tied.

References
----------
Hinton, Osindero, Teh (2006), section 5 and appendix B. https://doi.org/10.1162/neco.2006.18.7.1527
"""

import copy
import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ebm.dbn.conditional import log_conditional_nats
from ebm.dbn.representation import append_labels
from ebm.dbn.stack import DBN
from ebm.finetune.optimiser import SGD
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
    return UpDownTrainer(dbn, data, options, labels=labels, generator=generator).run()


class UpDownTrainer:
    """An up-down training that can be stopped after any step and continued bit for bit.

    Build a second one with the same arguments, give it the first one's `state_dict()`, and `run`.
    Parameters are those of `train_up_down`.

    Attributes
    ----------
    dbn : DBN
        The copy with untied weights that is trained.
    epoch, step_in_epoch, total_steps : int
        Where the training is.
    records : list of UpDownRecord
    """

    def __init__(
        self,
        dbn: DBN,
        data: Block | Stream,
        options: UpDownOptions | None = None,
        *,
        labels: Any = None,
        generator: torch.Generator,
    ) -> None:
        self.options = options or UpDownOptions()
        self.generator = generator
        if (labels is None) != (dbn.label_size == 0):
            raise ValueError("labels are needed exactly when the DBN has a label block")
        if labels is not None:
            data = append_labels(data, labels, dbn.label_size)
        self.dbn = dbn.with_untied_weights()
        self._optimiser = SGD(self.dbn, self.options.weight_decay, self.options.momentum)
        weights = self.dbn.top.weights
        self._source = DataSource(data, Placement(weights.dtype, weights.device))
        # Sums over the rows of the epoch: wake, sleep and top loss, and the rows.
        self._totals = torch.zeros(4, dtype=torch.float64, device=weights.device)
        self.epoch = self.step_in_epoch = self.total_steps = 0
        self._epoch_seed = 0
        self.records: list[UpDownRecord] = []

    def run(self, max_steps: int | None = None) -> tuple[DBN, list[UpDownRecord]]:
        """Train to the end, or for at most `max_steps` more minibatches."""
        last = None if max_steps is None else self.total_steps + max_steps
        while self.epoch < self.options.epochs:
            started = time.perf_counter()
            if self.total_steps == last:
                break
            if self.step_in_epoch == 0:
                self._begin_epoch()
            batches = self._source.batches(
                self.options.batch_size, self._epoch_seed, self.step_in_epoch
            )
            for batch in batches:
                if self.total_steps == last:
                    return self.dbn, self.records
                self.step(batch)
            self._end_epoch(time.perf_counter() - started)
        return self.dbn, self.records

    def step(self, batch: Batch) -> None:
        """Wake, top and sleep on one minibatch."""
        losses = _losses(self.dbn, batch.visible, self.options.gibbs_steps, self.generator)
        self._optimiser.zero_grad()
        torch.autograd.backward(losses.sum())
        self._optimiser.step(self.options.learning_rate)
        rows = len(batch.weights)
        self._totals[:3] += losses.detach() * rows
        self._totals[3] += rows
        self.step_in_epoch += 1
        self.total_steps += 1

    def _begin_epoch(self) -> None:
        device = self.generator.device
        self._epoch_seed = int(torch.randint(2**62, (), generator=self.generator, device=device))
        self._totals.zero_()

    def _end_epoch(self, seconds: float) -> None:
        wake, sleep, top = (self._totals[:3] / self._totals[3]).tolist()
        self.epoch += 1
        self.step_in_epoch = 0
        self.records.append(UpDownRecord(self.epoch, wake, sleep, top, seconds))

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on: copied tensors and JSON-able values.

        The data and the options are not in it: give the same ones again.
        """
        state = {
            "dbn": self.dbn.state_dict(),
            "optimiser": self._optimiser.kept,
            "totals": self._totals,
            "generator": self.generator.get_state(),
            "epoch": self.epoch,
            "step_in_epoch": self.step_in_epoch,
            "total_steps": self.total_steps,
            "epoch_seed": self._epoch_seed,
            "records": [dataclasses.asdict(record) for record in self.records],
        }
        return copy.deepcopy(state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        state = copy.deepcopy(state)
        self.dbn.load_state_dict(state["dbn"])
        self._optimiser.kept = state["optimiser"]
        self._totals = state["totals"]
        self.generator.set_state(state["generator"])
        self.epoch = int(state["epoch"])
        self.step_in_epoch = int(state["step_in_epoch"])
        self.total_steps = int(state["total_steps"])
        self._epoch_seed = int(state["epoch_seed"])
        self.records = [UpDownRecord(**record) for record in state["records"]]


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
