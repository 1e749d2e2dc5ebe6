"""A folder of stages: each is computed once, kept, and taken from its file the next time."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ebm
from ebm.storage.resume import Resumable
from screening.errors import UserError
from screening.tables import write_atomically

M = TypeVar("M", ebm.RBM, ebm.DBN, ebm.Network)

STEPS_BETWEEN_CHECKPOINTS = 2000
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Take no notice."""
    del stage, done, total


class StepProgress(ebm.Callback):
    """Tells the steps of a training, of an RBM or a network.

    Parameters
    ----------
    progress : callable
    stage : str
    total : int
        Minibatches of the whole stage.
    before : int
        Those of the stage's earlier trainings.
    """

    def __init__(self, progress: Progress, stage: str, total: int, before: int = 0) -> None:
        self._progress = progress
        self._stage = stage
        self._total = total
        self._before = before

    def on_step_end(self, trainer: Any) -> None:
        """Tell."""
        self._progress(self._stage, self._before + trainer.total_steps, self._total)


@dataclass
class Study:
    """What a workflow leaves: `stages/` with results and models, and figures and tables beside it.

    Attributes
    ----------
    folder : Path
    echo : callable
        Takes a line of result.
    progress : callable
        Told the name of a stage, the minibatches done, and how many there are.
    """

    folder: Path
    echo: Callable[[str], None] = print
    progress: Progress = no_progress

    @property
    def stages(self) -> Path:
        """Return the folder of the stages, made when it is not there."""
        path = self.folder / "stages"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def say(self, line: str) -> None:
        """Print a line of result."""
        self.echo(line)

    def result(self, name: str, settings: dict[str, Any], compute: Callable[[], Any]) -> Any:
        """Return the JSON-able result of a stage, computed unless its file is there.

        Raises
        ------
        UserError
            The file was made with other settings.
        """
        path = self.stages / f"{name}.json"
        known = self._known(path, settings)
        if known is not None:
            return known["result"]
        result = compute()
        self._write(path, settings, result)
        return json.loads(json.dumps(result))

    def model(
        self, name: str, settings: dict[str, Any], train: Callable[[], tuple[M, Any]]
    ) -> tuple[M, Any]:
        """Return the model and the JSON-able record of a training, trained unless it is there.

        Parameters
        ----------
        name : str
            Of the two files.
        settings : dict
            Everything that decides the outcome; other settings for the same folder are refused.
        train : callable
            Returns the model and its record.
        """
        path = self.stages / f"{name}.json"
        weights = self.stages / f"{name}.safetensors"
        known = self._known(path, settings)
        if known is not None and weights.is_file():
            stored: Any = ebm.load(weights)
            return stored, known["result"]
        model, record = train()
        ebm.save(weights, model)
        self._write(path, settings, record)
        (self.stages / f"{name}.resume").unlink(missing_ok=True)
        return model, json.loads(json.dumps(record))

    def run(self, name: str, training: Resumable) -> Any:
        """Run a training with checkpoints, so that a killed one continues where it was."""
        return ebm.run_with_checkpoints(
            training, self.stages / f"{name}.resume", every_steps=STEPS_BETWEEN_CHECKPOINTS
        )

    def note(self, name: str, value: Any) -> None:
        """Keep a JSON-able note of a stage that is not finished."""
        with write_atomically(self.stages / f"{name}.json") as temporary:
            temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")

    def notes(self, name: str) -> Any:
        """Return what `note` kept, or an empty list."""
        path = self.stages / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def _known(self, path: Path, settings: dict[str, Any]) -> Any:
        if not path.is_file():
            return None
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            stored = known["settings"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path} is damaged ({error}); remove it to compute it anew."
            ) from error
        wanted = json.loads(json.dumps(settings))
        for key in sorted(stored.keys() | wanted.keys()):
            if stored.get(key) != wanted.get(key):
                raise UserError(
                    f"{path} was made with {key} = {stored.get(key)!r}, not {wanted.get(key)!r}; "
                    "choose another folder with -o, or remove this one."
                )
        return known

    def _write(self, path: Path, settings: dict[str, Any], result: Any) -> None:
        with write_atomically(path) as temporary:
            text = json.dumps({"settings": settings, "result": result}, indent=1)
            temporary.write_text(text + "\n", encoding="utf-8")


class EpochNotes:
    """Epochs of a stage that is not finished: a killed training finds those before its checkpoint.

    Parameters
    ----------
    study : Study
    stage : str
    """

    def __init__(self, study: Study, stage: str) -> None:
        self._study = study
        self._name = f"{stage}-epochs"
        self._epochs = {int(row["epoch"]): row for row in study.notes(self._name)}

    def add(self, epoch: Any) -> None:
        """Keep a dataclass record that has an `epoch`."""
        self._epochs[epoch.epoch] = dataclasses.asdict(epoch)
        self._study.note(self._name, list(self._epochs.values()))

    def upto(self, epoch: int) -> list[dict[str, Any]]:
        """Return the records of the epochs up to this one, in order."""
        return [row for number, row in sorted(self._epochs.items()) if number <= epoch]
