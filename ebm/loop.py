"""The loop that every training here is: epochs of minibatches, stopped anywhere and continued.

`ebm.train.Trainer`, `ebm.finetune.FineTuner` and `ebm.dbn.UpDownTrainer` say what a minibatch and a
step are. Counting, the order of the rows, callbacks, the history and the state that a stopped
training goes on from are the same for all of them, and are here.
"""

import copy
import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import torch

Record = TypeVar("Record")
Minibatch = TypeVar("Minibatch")
HistoryOfLoop = TypeVar("HistoryOfLoop", bound="EpochHistory[Any]")


@dataclass
class EpochHistory(Generic[Record]):
    """Records of a training, oldest first, and why it ended.

    Attributes
    ----------
    records : list
        Of dataclasses, one for each epoch that was measured.
    stopped_because : str
        Empty when all epochs were done or it still runs.
    """

    record_type: ClassVar[type[Any]]

    records: list[Record] = field(default_factory=list)
    stopped_because: str = ""

    def column(self, name: str) -> list[Any]:
        """One measurement over the epochs."""
        return [getattr(record, name) for record in self.records]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as a JSON-able dict."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Build a history from what `to_dict` returned."""
        values = {part.name: state[part.name] for part in dataclasses.fields(cls)}
        values["records"] = [cls.record_type(**row) for row in state["records"]]
        return cls(**values)


class Callback:
    """Does nothing; override what you need. Set `trainer.stop_because` to end the training.

    One class serves every training. `trainer` is the `Trainer` of an RBM, the `FineTuner` of a
    network or the `UpDownTrainer` of a DBN: all have `epoch`, `step_in_epoch`, `total_steps`,
    `options` and `history`.

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, Callback, TrainingOptions, fit_rbm
    >>> class StopAfter(Callback):
    ...     def on_step_end(self, trainer):
    ...         if trainer.total_steps == 3:
    ...             trainer.stop_because = "three steps are enough"
    >>> bits = torch.eye(8).repeat(50, 1)
    >>> rbm, generator = RBM(Bernoulli(8), Bernoulli(2)), torch.Generator().manual_seed(1)
    >>> history = fit_rbm(rbm, bits, generator=generator, callbacks=[StopAfter()])
    >>> history.stopped_because
    'three steps are enough'
    """

    def on_train_start(self, trainer: Any) -> None:
        """Before the first step of a `run` (also when a stopped training goes on)."""

    def on_step_end(self, trainer: Any) -> None:
        """After each minibatch. Reading a number from the device here costs speed."""

    def on_epoch_end(self, trainer: Any) -> None:
        """After each epoch; the newest record is `trainer.history.records[-1]`."""

    def on_train_end(self, trainer: Any) -> None:
        """After the last step of a `run`."""

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state, stored with that of the training."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""


class LoopOptions(Protocol):
    """What the settings of every training have."""

    @property
    def epochs(self) -> int:
        """Passes over the data."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a JSON-able dict."""


class ResumableLoop(ABC, Generic[Minibatch, HistoryOfLoop]):
    """A training that can be stopped after any step and continued bit for bit.

    Build a second one with the same arguments, give it the first one's `state_dict()`, and `run`.

    Parameters
    ----------
    options : LoopOptions
    history : EpochHistory
        An empty one; records are added to it.
    generator : torch.Generator
        The only source of randomness.
    callbacks : sequence of Callback

    Attributes
    ----------
    epoch, step_in_epoch, total_steps : int
        Epochs done, minibatches done of the epoch that runs, minibatches done of all epochs.
    epoch_seed : int
        Decides the order of the rows of the epoch that runs.
    stop_because : str
        Set by a callback to end the training.
    """

    def __init__(
        self,
        options: LoopOptions,
        history: HistoryOfLoop,
        generator: torch.Generator,
        callbacks: Sequence[Callback],
    ) -> None:
        self.options = options
        self.history = history
        self.generator = generator
        self.callbacks = tuple(callbacks)
        self.epoch = self.step_in_epoch = self.total_steps = self.epoch_seed = 0
        self.stop_because = ""

    # What a training is made of.

    @abstractmethod
    def batches(self) -> Iterable[Minibatch]:
        """Minibatches of the epoch, from number `step_in_epoch` on."""

    @abstractmethod
    def step(self, batch: Minibatch) -> None:
        """Learn from one minibatch."""

    @abstractmethod
    def end_epoch(self, seconds: float) -> None:
        """Measure, and add to the history; `epoch` counts the epoch that has just ended.

        Parameters
        ----------
        seconds : float
            Wall clock since the epoch began, or since the training went on within it.
        """

    def finish(self) -> None:
        """Do what is left when the training is over."""

    @abstractmethod
    def learned_state(self) -> dict[str, Any]:
        """Everything of this kind of training that decides how it goes on."""

    @abstractmethod
    def load_learned_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `learned_state` returned."""

    # What all have in common.

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or a callback has ended the training."""
        return bool(self.stop_because) or self.epoch >= self.options.epochs

    def run(self, max_steps: int | None = None) -> HistoryOfLoop:
        """Train to the end, or for at most `max_steps` more minibatches."""
        last = None if max_steps is None else self.total_steps + max_steps
        for callback in self.callbacks:
            callback.on_train_start(self)
        while not self.is_over and self.total_steps != last:
            self._run_epoch(last)
        if self.is_over:
            self.history.stopped_because = self.stop_because
            self.finish()
        for callback in self.callbacks:
            callback.on_train_end(self)
        return self.history

    def _run_epoch(self, last: int | None) -> None:
        """Do (the rest of) an epoch, up to step number `last`."""
        started = time.perf_counter()
        if self.step_in_epoch == 0:
            self.epoch_seed = self.new_seed()
        for batch in self.batches():
            if self.total_steps == last:
                return
            self.step(batch)
            self.step_in_epoch += 1
            self.total_steps += 1
            for callback in self.callbacks:
                callback.on_step_end(self)
            if self.stop_because:
                return
        self.epoch += 1
        self.step_in_epoch = 0
        self.end_epoch(time.perf_counter() - started)
        for callback in self.callbacks:
            callback.on_epoch_end(self)

    def new_seed(self) -> int:
        """Draw a seed from the generator."""
        draw = torch.randint(2**62, (), generator=self.generator, device=self.generator.device)
        return int(draw)

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on: copied tensors and JSON-able values.

        The data and the options are not in it: give the same ones again.
        """
        state = {
            **self.learned_state(),
            "generator": self.generator.get_state(),
            "epoch": self.epoch,
            "step_in_epoch": self.step_in_epoch,
            "total_steps": self.total_steps,
            "epoch_seed": self.epoch_seed,
            "stop_because": self.stop_because,
            "history": self.history.to_dict(),
            "callbacks": [callback.state_dict() for callback in self.callbacks],
        }
        return copy.deepcopy(state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        state = copy.deepcopy(state)
        self.load_learned_state(state)
        self.generator.set_state(state["generator"])
        self.epoch = int(state["epoch"])
        self.step_in_epoch = int(state["step_in_epoch"])
        self.total_steps = int(state["total_steps"])
        self.epoch_seed = int(state["epoch_seed"])
        self.stop_because = str(state["stop_because"])
        self.history = type(self.history).from_dict(state["history"])
        for callback, saved in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(saved)
