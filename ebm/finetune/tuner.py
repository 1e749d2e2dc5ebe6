"""Fine-tuning of a network: `fine_tune`, and the `FineTuner` whose `step` is one minibatch."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import scipy.sparse as sp
import torch
from torch import Tensor

from ebm.finetune.adversarial import backward_with_adversary
from ebm.finetune.history import FinetuneHistory, FinetuneRecord
from ebm.finetune.losses import check_labels, make_loss
from ebm.finetune.optimiser import make_optimiser
from ebm.finetune.options import FinetuneOptions, rate_fraction
from ebm.finetune.predict import check_width, placement_of, predict_logits
from ebm.loop import Callback, ResumableLoop
from ebm.network import Network
from ebm.train.batches import Matrix
from ebm.train.checks import check_weights


def fine_tune(
    network: Network,
    x: Matrix,
    y: Any,
    options: FinetuneOptions | None = None,
    *,
    validation: tuple[Matrix, Any] | None = None,
    sample_weight: Any = None,
    generator: torch.Generator,
    callbacks: Sequence[Callback] = (),
) -> FinetuneHistory:
    """Train a network in place, pretrained or not.

    Parameters
    ----------
    network : Network
        Changed in place. A network made by `DBN.to_network` shares nothing with the DBN.
    x : Tensor, array or scipy sparse matrix of shape (n, n_inputs)
        One row an example. A sparse matrix is never made dense.
    y : array or Tensor of shape (n,) or (n, n_tasks)
        0 to 1 (binary, multi-label: the share of a yes), class numbers from 0 (multi-class), or any
        numbers (regression). NaN is a missing label.
    options : FinetuneOptions, optional
        All settings.
    validation : (x, y), optional
        Data for early stopping. The network ends with the weights of the epoch that had the lowest
        validation loss.
    sample_weight : array of shape (n,), optional
        Weight of each row; only ratios matter.
    generator : torch.Generator
        The only source of randomness (order of rows, dropout). On the device of the network.
    callbacks : sequence of Callback

    Returns
    -------
    FinetuneHistory
        One record for each epoch, and the best epoch.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, or a label is none.

    Examples
    --------
    >>> import torch
    >>> from ebm import FinetuneOptions, Network, fine_tune, predict_logits
    >>> generator = torch.Generator().manual_seed(1)
    >>> x = (torch.rand(200, 10, generator=generator) < 0.5).float()
    >>> y = x[:, 0]
    >>> network = Network.from_sizes([10, 16], 1, generator=generator)
    >>> options = FinetuneOptions(task="binary", epochs=40, learning_rate=0.02)
    >>> history = fine_tune(
    ...     network, x[:150], y[:150], options, validation=(x[150:], y[150:]), generator=generator
    ... )
    >>> float(((predict_logits(network, x)[:, 0] > 0) == y).float().mean())
    1.0
    """
    tuner = FineTuner(
        network,
        x,
        y,
        options or FinetuneOptions(),
        validation=validation,
        sample_weight=sample_weight,
        generator=generator,
        callbacks=callbacks,
    )
    return tuner.run()


class FineTuner(ResumableLoop[Tensor, FinetuneHistory]):
    """The fine-tuning of a network, to be stopped after any step and continued bit for bit.

    Parameters are those of `fine_tune`; for stopping and continuing see `ResumableLoop`. The best
    weights are put back only when the training has come to its end.

    Attributes
    ----------
    network : Network
    history : FinetuneHistory
    """

    options: FinetuneOptions

    def __init__(
        self,
        network: Network,
        x: Matrix,
        y: Any,
        options: FinetuneOptions,
        *,
        validation: tuple[Matrix, Any] | None = None,
        sample_weight: Any = None,
        generator: torch.Generator,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(options, FinetuneHistory(), generator, callbacks)
        self.network = network
        if options.adversarial_step and sp.issparse(x):
            raise ValueError("adversarial_step needs dense inputs")
        placement = placement_of(network)
        self._place = placement.place
        self.x = check_width(network, x)
        rows = self.x.shape[0]
        labels = check_labels(y, rows, network.n_outputs, options)
        self._loss = make_loss(labels, network.n_outputs, options).to(placement)
        self._labels = labels.to(dtype=placement.dtype, device=placement.device)
        weights = torch.ones(rows) if sample_weight is None else check_weights(sample_weight, rows)
        self._weights = weights.to(dtype=placement.dtype, device=placement.device)
        self._validation: tuple[Matrix, Tensor] | None = None
        if validation is not None:
            held = check_width(network, validation[0])
            held_labels = check_labels(validation[1], held.shape[0], network.n_outputs, options)
            self._validation = held, held_labels.to(self._labels)
        self.optimiser = make_optimiser(network, options)
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=placement.device)
        self._best: dict[str, Tensor] = {}
        self._best_loss = math.inf

    @property
    def batches_per_epoch(self) -> int:
        """Number of minibatches of an epoch, the short last one included."""
        return math.ceil(len(self._labels) / self.options.batch_size)

    def batches(self) -> Iterable[Tensor]:
        """Row numbers of each minibatch of the epoch, from number `step_in_epoch` on."""
        order = torch.Generator().manual_seed(self.epoch_seed)
        permutation = torch.randperm(self.x.shape[0], generator=order)
        return torch.split(permutation, self.options.batch_size)[self.step_in_epoch :]

    def step(self, batch: Tensor) -> None:
        """One minibatch, given by its row numbers: forward, loss, backward, step."""
        index = batch.to(self.x.device) if isinstance(self.x, Tensor) else batch.numpy()
        x = self._place(self.x[index])
        rows = batch.to(self._labels.device)

        def loss_of(x: Tensor) -> Tensor:
            logits = self.network(x, self.generator)
            return self._loss.mean(logits, self._labels[rows], self._weights[rows])

        self.optimiser.zero_grad()
        if self.options.adversarial_step:
            loss = backward_with_adversary(loss_of, x, self.options.adversarial_step)
        else:
            loss = loss_of(x)
            torch.autograd.backward(loss)
        self.optimiser.step(self.learning_rate)

        self._loss_sum += loss.detach()

    @property
    def learning_rate(self) -> float:
        """Rate of the next step."""
        return self._rate_of(self.total_steps)

    def _rate_of(self, step: int) -> float:
        total = self.options.epochs * self.batches_per_epoch
        return self.options.learning_rate * rate_fraction(step, total, self.options.schedule)

    def validation_loss_nats(self) -> float | None:
        """Loss of the validation data as the network is now; None without such data."""
        if self._validation is None:
            return None
        x, labels = self._validation
        weights = labels.new_ones(len(labels))
        plain = self._loss.without_smoothing()
        return float(plain.mean(predict_logits(self.network, x), labels, weights))

    def end_epoch(self, seconds: float) -> None:  # noqa: D102
        record = FinetuneRecord(
            epoch=self.epoch,
            step=self.total_steps,
            learning_rate=self._rate_of(self.total_steps - 1),
            train_loss_nats=float(self._loss_sum) / self.batches_per_epoch,
            validation_loss_nats=self.validation_loss_nats(),
            seconds=seconds,
        )
        self.history.records.append(record)
        self._loss_sum.zero_()
        self._keep_best(record)

    def _keep_best(self, record: FinetuneRecord) -> None:
        if record.validation_loss_nats is None:
            self.history.best_epoch = record.epoch
            return
        if record.validation_loss_nats < self._best_loss:
            self._best_loss = record.validation_loss_nats
            self._best = {key: value.clone() for key, value in self.network.state_dict().items()}
            self.history.best_epoch = record.epoch
        waited = record.epoch - self.history.best_epoch
        if self.options.patience is not None and waited >= self.options.patience:
            self.stop_because = f"no lower validation loss in {waited} epochs"

    def finish(self) -> None:
        """Put the best weights back."""
        if self._best:
            self.network.load_state_dict(self._best)

    def learned_state(self) -> dict[str, Any]:  # noqa: D102
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.kept,
            "best": self._best,
            "best_loss": None if math.isinf(self._best_loss) else self._best_loss,
            "loss_sum": self._loss_sum,
        }

    def load_learned_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self.network.load_state_dict(state["network"])
        self.optimiser.kept = state["optimiser"]
        self._best = state["best"]
        self._best_loss = math.inf if state["best_loss"] is None else float(state["best_loss"])
        self._loss_sum = state["loss_sum"]
