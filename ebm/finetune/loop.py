"""Fine-tuning, top to bottom: `fine_tune`, `FineTuner.run`, `FineTuner.step`."""

import copy
import math
import time
from collections.abc import Sequence
from typing import Any, Protocol

import scipy.sparse as sp
import torch
from torch import Tensor

from ebm.finetune.adversarial import backward_with_adversary
from ebm.finetune.history import FinetuneHistory, FinetuneRecord
from ebm.finetune.losses import check_labels, make_loss
from ebm.finetune.optimiser import make_optimiser
from ebm.finetune.options import FinetuneOptions
from ebm.finetune.predict import check_width, placement_of, predict_logits
from ebm.finetune.schedule import rate_fraction
from ebm.network import Network
from ebm.train.batches import Block, check_weights


class FinetuneCallback(Protocol):
    """Hooks into fine-tuning, of the same names as those of `ebm.train.Callback`."""

    def on_step_end(self, trainer: Any) -> None:
        """After each minibatch; `trainer` is the `FineTuner`."""

    def on_epoch_end(self, trainer: Any) -> None:
        """After each epoch; the newest record is `trainer.history.records[-1]`."""


def fine_tune(
    network: Network,
    x: Block,
    y: Any,
    options: FinetuneOptions | None = None,
    *,
    validation: tuple[Block, Any] | None = None,
    sample_weight: Block | None = None,
    generator: torch.Generator,
    callbacks: Sequence[FinetuneCallback] = (),
) -> FinetuneHistory:
    """Train a network in place, pretrained or not.

    Parameters
    ----------
    network : Network
        Changed in place. A network made by `DBN.to_network` shares nothing with the DBN.
    x : Tensor, array or scipy sparse matrix of shape (n, n_inputs)
        One row an example. A sparse matrix is never made dense.
    y : array or Tensor of shape (n,) or (n, n_tasks)
        0 to 1 (binary, multi-label: the share of a yes), or class numbers from 0 (multi-class). NaN
        is a missing label.
    options : FinetuneOptions, optional
        All settings.
    validation : (x, y), optional
        Data for early stopping. The network ends with the weights of the epoch that had the lowest
        validation loss.
    sample_weight : array of shape (n,), optional
        Weight of each row; only ratios matter.
    generator : torch.Generator
        The only source of randomness (order of rows, dropout). On the device of the network.
    callbacks : sequence of FinetuneCallback

    Returns
    -------
    FinetuneHistory
        One record for each epoch, and the best epoch.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, or a label is none.
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


class FineTuner:
    """A fine-tuning that can be stopped after any step and continued bit for bit.

    Build a second one with the same arguments, give it the first one's `state_dict()`, and `run`.
    Parameters are those of `fine_tune`.

    Attributes
    ----------
    epoch, step_in_epoch, total_steps : int
        Where the training is.
    stop_because : str
        Set by a callback to end the training.
    history : FinetuneHistory
    """

    def __init__(
        self,
        network: Network,
        x: Block,
        y: Any,
        options: FinetuneOptions,
        *,
        validation: tuple[Block, Any] | None = None,
        sample_weight: Block | None = None,
        generator: torch.Generator,
        callbacks: Sequence[FinetuneCallback] = (),
    ) -> None:
        self.network = network
        self.options = options
        self.generator = generator
        self.callbacks = tuple(callbacks)
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
        self._validation: tuple[Block, Tensor] | None = None
        if validation is not None:
            held = check_width(network, validation[0])
            held_labels = check_labels(validation[1], held.shape[0], network.n_outputs, options)
            self._validation = held, held_labels.to(self._labels)
        self.optimiser = make_optimiser(network, options)
        self.epoch = self.step_in_epoch = self.total_steps = 0
        self.stop_because = ""
        self.history = FinetuneHistory()
        self._epoch_seed = 0
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=placement.device)
        self._best: dict[str, Tensor] = {}
        self._best_loss = math.inf

    @property
    def batches_per_epoch(self) -> int:
        """Number of minibatches of an epoch, the short last one included."""
        return math.ceil(len(self._labels) / self.options.batch_size)

    def run(self, max_steps: int | None = None) -> FinetuneHistory:
        """Train to the end, or for at most `max_steps` more minibatches.

        The best weights are put back only when the training has come to its end.
        """
        last = None if max_steps is None else self.total_steps + max_steps
        while self.epoch < self.options.epochs and not self.stop_because:
            if self._run_epoch(last):
                return self.history
        self.history.stopped_because = self.stop_because
        if self._best:
            self.network.load_state_dict(self._best)
        return self.history

    def _run_epoch(self, last: int | None) -> bool:
        """Do (the rest of) an epoch; True when the number of steps was used up before its end."""
        started = time.perf_counter()
        if self.total_steps == last:
            return True
        if self.step_in_epoch == 0:
            self._epoch_seed = self._new_seed()
            self._loss_sum.zero_()
        order = torch.Generator().manual_seed(self._epoch_seed)
        permutation = torch.randperm(self.x.shape[0], generator=order)
        batches = torch.split(permutation, self.options.batch_size)
        for rows in batches[self.step_in_epoch :]:
            if self.total_steps == last:
                return True
            self.step(rows)
            for callback in self.callbacks:
                callback.on_step_end(self)
            if self.stop_because:
                return False
        self._end_epoch(time.perf_counter() - started)
        return False

    def step(self, rows: Tensor) -> None:
        """One minibatch: forward, loss, backward, step."""
        index = rows.to(self.x.device) if isinstance(self.x, Tensor) else rows.numpy()
        x = self._place(self.x[index])
        rows = rows.to(self._labels.device)

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
        self.step_in_epoch += 1
        self.total_steps += 1

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

    def _end_epoch(self, seconds: float) -> None:
        self.epoch += 1
        self.step_in_epoch = 0
        record = FinetuneRecord(
            epoch=self.epoch,
            step=self.total_steps,
            learning_rate=self._rate_of(self.total_steps - 1),
            train_loss_nats=float(self._loss_sum) / self.batches_per_epoch,
            validation_loss_nats=self.validation_loss_nats(),
            seconds=seconds,
        )
        self.history.records.append(record)
        self._keep_best(record)
        for callback in self.callbacks:
            callback.on_epoch_end(self)

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

    def _new_seed(self) -> int:
        draw = torch.randint(2**62, (), generator=self.generator, device=self.generator.device)
        return int(draw)

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on: copied tensors and JSON-able values.

        The data and the options are not in it: give the same ones again.
        """
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.kept,
            "best": self._best,
            "best_loss": None if math.isinf(self._best_loss) else self._best_loss,
            "loss_sum": self._loss_sum,
            "generator": self.generator.get_state(),
            "epoch": self.epoch,
            "step_in_epoch": self.step_in_epoch,
            "total_steps": self.total_steps,
            "epoch_seed": self._epoch_seed,
            "stop_because": self.stop_because,
            "history": self.history.to_dict(),
        }
        return copy.deepcopy(state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        state = copy.deepcopy(state)
        self.network.load_state_dict(state["network"])
        self.optimiser.kept = state["optimiser"]
        self._best = state["best"]
        self._best_loss = math.inf if state["best_loss"] is None else float(state["best_loss"])
        self._loss_sum = state["loss_sum"]
        self.generator.set_state(state["generator"])
        self.epoch = int(state["epoch"])
        self.step_in_epoch = int(state["step_in_epoch"])
        self.total_steps = int(state["total_steps"])
        self._epoch_seed = int(state["epoch_seed"])
        self.stop_because = str(state["stop_because"])
        self.history = FinetuneHistory.from_dict(state["history"])
