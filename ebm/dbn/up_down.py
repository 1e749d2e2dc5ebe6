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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from ebm.dbn.labels import append_labels
from ebm.dbn.stack import DBN
from ebm.finetune.optimiser import SGD
from ebm.loop import Callback, EpochHistory, ResumableLoop
from ebm.sampling import gibbs
from ebm.train.batches import Batch, DataSource, Matrix, Placement, Stream
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


class UpDownHistory(EpochHistory[UpDownRecord]):
    """Losses of an up-down training, oldest first."""

    record_type: ClassVar[type[UpDownRecord]] = UpDownRecord


def train_up_down(
    dbn: DBN,
    data: Matrix | Stream,
    options: UpDownOptions | None = None,
    *,
    labels: Any = None,
    generator: torch.Generator,
    callbacks: Sequence[Callback] = (),
) -> tuple[DBN, UpDownHistory]:
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
    callbacks : sequence of Callback

    Returns
    -------
    dbn : DBN
        A copy with untied weights.
    history : UpDownHistory
        One record for each epoch.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, UpDownOptions, pretrain_greedily, train_up_down
    >>> generator = torch.Generator().manual_seed(1)
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)
    >>> dbn, _ = pretrain_greedily(bits, [6, 4], TrainingOptions(epochs=2), generator=generator)
    >>> trained, history = train_up_down(dbn, bits, UpDownOptions(epochs=3), generator=generator)
    >>> history.column("epoch")
    [1, 2, 3]
    >>> torch.equal(trained.machines[0].weights, trained.recognition[0].weights)
    False
    """
    trainer = UpDownTrainer(
        dbn, data, options, labels=labels, generator=generator, callbacks=callbacks
    )
    history = trainer.run()
    return trainer.dbn, history


class UpDownTrainer(ResumableLoop[Batch, UpDownHistory]):
    """The up-down training of a DBN, to be stopped after any step and continued bit for bit.

    Parameters are those of `train_up_down`; for stopping and continuing see `ResumableLoop`.

    Attributes
    ----------
    dbn : DBN
        The copy with untied weights that is trained.
    history : UpDownHistory
    """

    options: UpDownOptions

    def __init__(
        self,
        dbn: DBN,
        data: Matrix | Stream,
        options: UpDownOptions | None = None,
        *,
        labels: Any = None,
        generator: torch.Generator,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(options or UpDownOptions(), UpDownHistory(), generator, callbacks)
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

    def batches(self) -> Iterable[Batch]:  # noqa: D102
        return self._source.batches(self.options.batch_size, self.epoch_seed, self.step_in_epoch)

    def step(self, batch: Batch) -> None:
        """Wake, top and sleep on one minibatch."""
        losses = _losses(self.dbn, batch.visible, self.options.gibbs_steps, self.generator)
        self._optimiser.zero_grad()
        torch.autograd.backward(losses.sum())
        self._optimiser.step(self.options.learning_rate)
        rows = len(batch.weights)
        self._totals[:3] += losses.detach() * rows
        self._totals[3] += rows

    def end_epoch(self, seconds: float) -> None:  # noqa: D102
        wake, sleep, top = (self._totals[:3] / self._totals[3]).tolist()
        self.history.records.append(UpDownRecord(self.epoch, wake, sleep, top, seconds))
        self._totals.zero_()

    def learned_state(self) -> dict[str, Any]:  # noqa: D102
        return {
            "dbn": self.dbn.state_dict(),
            "optimiser": self._optimiser.kept,
            "totals": self._totals,
        }

    def load_learned_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self.dbn.load_state_dict(state["dbn"])
        self._optimiser.kept = state["optimiser"]
        self._totals = state["totals"]


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
        field = generative.visible_field(above)
        wake = wake - generative.visible.log_conditional_nats(state, field).mean()
        state = above

    at_data = torch.cat([state, labels], dim=1) if dbn.label_size else state
    fantasy = gibbs(dbn.top, at_data, gibbs_steps, generator)
    top = dbn.top.free_energy(at_data).mean() - dbn.top.free_energy(fantasy).mean()

    state = fantasy[:, : dbn.sizes[-2]]
    for generative, recognition in reversed(pairs):
        below = generative.sample_visible(state, generator)
        field = recognition.hidden_field(below)
        sleep = sleep - recognition.hidden.log_conditional_nats(state, field).mean()
        state = below
    return torch.stack([wake, sleep, top])
