"""Epochs of a training: measured, kept with its checkpoints, and said once."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ebm import Callback
from workflows.mnist.training.stages import Stage


class MeasuredEpoch(Protocol):
    """A dataclass of what was measured after one epoch."""

    @property
    def epoch(self) -> int:
        """Its number, from 1."""

    def line(self, epochs: int) -> str:
        """Return the epoch as a line of result, out of so many."""


E = TypeVar("E", bound=MeasuredEpoch)


def as_rows(epochs: Iterable[Any]) -> list[dict[str, Any]]:
    """Return epochs as JSON-able dicts, the columns of a table."""
    return [dataclasses.asdict(epoch) for epoch in epochs]


class EpochMonitor(Callback, ABC, Generic[E]):
    """Measures each epoch of a training; a training that was killed finds the earlier ones again.

    Parameters
    ----------
    kind : type
        Of the epochs.
    on_epoch : callable
        Told of each epoch.

    Attributes
    ----------
    epochs : list
        What was measured, kept with the checkpoints of the training.
    """

    def __init__(self, kind: type[E], on_epoch: Callable[[E], None]) -> None:
        self.epochs: list[E] = []
        self._kind = kind
        self._on_epoch = on_epoch

    @abstractmethod
    def measure(self, trainer: Any) -> E:
        """Return what there is to say of the epoch that has just ended."""

    def on_epoch_end(self, trainer: Any) -> None:
        """Measure and tell."""
        epoch = self.measure(trainer)
        self.epochs.append(epoch)
        self._on_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return what was measured."""
        return {"epochs": as_rows(self.epochs)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        self.epochs = [self._kind(**epoch) for epoch in state["epochs"]]


class EpochLines(Generic[E]):
    """Says the epochs of a stage: as they are measured, or all when the stage is in its file.

    Parameters
    ----------
    stage : Stage
    kind : type
        Of the epochs.
    epochs : int
        How many there will be.
    """

    def __init__(self, stage: Stage, kind: type[E], epochs: int) -> None:
        self._say = stage.folder.say
        self._kind = kind
        self._total = epochs
        self._was_trained = False

    def add(self, epoch: E) -> None:
        """Say an epoch that was measured now."""
        self._was_trained = True
        self._say(epoch.line(self._total))

    def finished(self, stored: Sequence[Mapping[str, Any]]) -> list[E]:
        """Return the epochs of the finished stage; say them unless they were said."""
        epochs = [self._kind(**row) for row in stored]
        if not self._was_trained:
            for epoch in epochs:
                self._say(epoch.line(self._total))
        return epochs
