"""Stages of an experiment: each is computed once, kept, and taken from its file the next time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

import ebm
from ebm.storage.resume import Resumable
from screening.errors import UserError
from screening.progress import OnStep
from screening.tables import write_atomically

STEPS_BETWEEN_CHECKPOINTS = 2000
CPU = torch.device("cpu")

Model = TypeVar("Model", ebm.RBM, ebm.DBN, ebm.DBM, ebm.Network)


@dataclass(frozen=True)
class ExperimentFolder:
    """Where an experiment leaves `stages/` with results and models, and tables and figures.

    Attributes
    ----------
    path : Path
    say : callable
        Takes a line of result.
    on_step : callable
        Takes the name of a stage, the minibatches done, and how many there are.
    device : torch.device
        Where models are trained.
    """

    path: Path
    say: Callable[[str], None]
    on_step: OnStep
    device: torch.device = CPU

    def stage(self, name: str) -> Stage:
        """Return a stage by the name of its files."""
        return Stage(self, name)


@dataclass(frozen=True)
class Stage:
    """One stage of an experiment and its files, all of one name.

    Attributes
    ----------
    folder : ExperimentFolder
    name : str
    """

    folder: ExperimentFolder
    name: str

    def file(self, ending: str) -> Path:
        """Return the path of the stage's file that ends so; its folder is made."""
        stages = self.folder.path / "stages"
        stages.mkdir(parents=True, exist_ok=True)
        return stages / f"{self.name}{ending}"

    def result(self, settings: Mapping[str, Any], compute: Callable[[], Any]) -> Any:
        """Return the JSON-able result, computed unless its file is there.

        Parameters
        ----------
        settings : mapping
            Everything that decides the outcome; other settings for the same folder are refused.
        compute : callable
            Returns the result.

        Raises
        ------
        UserError
            The file was made with other settings, or is damaged.
        """
        known = self._known(settings)
        if known is not None:
            return known["result"]
        result = compute()
        _write_json(self.file(".json"), {"settings": self._complete(settings), "result": result})
        return json.loads(json.dumps(result))

    def model(
        self, settings: Mapping[str, Any], train: Callable[[], tuple[Model, Any]]
    ) -> tuple[Model, Any]:
        """Return the model and the JSON-able record of a training, trained unless it is there.

        Settings and errors are those of `result`; `train` returns the model and its record.
        """
        weights = self.file(".safetensors")
        known = self._known(settings)
        if known is not None and weights.is_file():
            stored: Any = ebm.load(weights)
            return stored.to(self.folder.device), known["result"]
        model, record = train()
        ebm.save(weights, model)
        _write_json(self.file(".json"), {"settings": self._complete(settings), "result": record})
        self.file(".resume").unlink(missing_ok=True)
        return model, json.loads(json.dumps(record))

    def run_with_checkpoints(self, training: Resumable) -> Any:
        """Run a training; one that was killed goes on from its last checkpoint."""
        return ebm.run_with_checkpoints(
            training,
            self.file(".resume"),
            every_steps=STEPS_BETWEEN_CHECKPOINTS,
            device=self.folder.device,
        )

    def tell_step(self, done: int, total: int) -> None:
        """Tell how many minibatches are done."""
        self.folder.on_step(f"{self.folder.path.name} {self.name}", done, total)

    def _complete(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Add the device, which decides the random numbers, unless it is the CPU."""
        device = self.folder.device.type
        return dict(settings) if device == "cpu" else {**settings, "device": device}

    def _known(self, settings: Mapping[str, Any]) -> Any:
        """Return what the file holds; None without a file."""
        path = self.file(".json")
        if not path.is_file():
            return None
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            stored = known["settings"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} is damaged ({error}); remove it to compute it anew."
            ) from error
        wanted = json.loads(json.dumps(self._complete(settings)))
        for key in sorted(stored.keys() | wanted.keys()):
            if stored.get(key) != wanted.get(key):
                raise UserError(
                    f"{path} was made with {key} = {stored.get(key)!r}, not {wanted.get(key)!r}; "
                    "choose another folder with -o, or remove this one."
                )
        return known


class StepProgress(ebm.Callback):
    """Tells the minibatches of a training, of whatever kind.

    Parameters
    ----------
    stage : Stage
    total : int
        Minibatches of the whole stage.
    before : int
        Those of the stage's earlier trainings.
    """

    def __init__(self, stage: Stage, total: int, before: int = 0) -> None:
        self._stage = stage
        self._total = total
        self._before = before

    def on_step_end(self, trainer: Any) -> None:
        """Tell."""
        self._stage.tell_step(self._before + trainer.total_steps, self._total)


def _write_json(path: Path, value: Any) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
