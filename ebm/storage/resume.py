"""Stopped trainings in files, so that they go on bit for bit.

Works for everything with `state_dict`, `load_state_dict` and `run(max_steps)`: each
`ebm.loop.ResumableLoop`, and `GreedyPretrainer`. The data are not stored, the options are only
compared.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from ebm.errors import StorageError
from ebm.storage.files import read_tensors, write_tensors

TENSOR = "__tensor__"


class Resumable(Protocol):
    """What a training must offer to be stored."""

    options: Any

    @property
    def total_steps(self) -> int:
        """Minibatches done."""

    def run(self, max_steps: int | None = None) -> Any:
        """Train to the end, or for at most so many more minibatches."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""


def save_resume(path: str | os.PathLike[str], training: Resumable) -> None:
    """Write the state of a training to one file, moved into place."""
    tensors: dict[str, Tensor] = {}
    state = _take_tensors(training.state_dict(), "state", tensors)
    write_tensors(path, {**_identity(training), "state": state}, tensors)


def load_resume(
    path: str | os.PathLike[str], training: Resumable, device: torch.device | str = "cpu"
) -> None:
    """Put a training, made with the same arguments, where `save_resume` left the stored one.

    Parameters
    ----------
    path : path
    training : Trainer, GreedyPretrainer, FineTuner or UpDownTrainer
    device : torch.device or str
        Where the training runs.

    Raises
    ------
    StorageError
        If the file is missing or damaged, or belongs to another kind of training or other options.
    """
    description, tensors = read_tensors(path)
    for key, value in _identity(training).items():
        if description.get(key) != value:
            raise StorageError(
                f"{path} belongs to another training: its {key} is {description.get(key)!r}, not "
                f"{value!r}; use the settings it was started with, or begin anew"
            )
    # States of random generators (bytes) live on the CPU, whatever the generator's device.
    placed = {
        name: tensor.to(device) if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }
    try:
        training.load_state_dict(_put_tensors(description["state"], placed))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StorageError(
            f"{path} does not fit this training ({error}); it was written by another version or "
            "for other data: remove it to begin anew"
        ) from error


def run_with_checkpoints(
    training: Resumable,
    path: str | os.PathLike[str],
    *,
    every_steps: int,
    device: torch.device | str = "cpu",
) -> Any:
    """Run a training to its end and store it every so many minibatches; go on where a file is.

    Parameters
    ----------
    training : Trainer, GreedyPretrainer, FineTuner or UpDownTrainer
        Not begun yet.
    path : path
        When it exists, the training continues from it.
    every_steps : int
        Minibatches between two writes.
    device : torch.device or str
        Where the training runs.

    Returns
    -------
    What the training's `run` returns.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import torch
    >>> from ebm import RBM, Bernoulli, Trainer, TrainingOptions, run_with_checkpoints
    >>> options, bits = TrainingOptions(epochs=2, batch_size=50), torch.eye(8).repeat(50, 1)
    >>> generator = torch.Generator().manual_seed(1)
    >>> trainer = Trainer(RBM(Bernoulli(8), Bernoulli(4)), bits, options, generator=generator)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "training.safetensors"
    ...     history = run_with_checkpoints(trainer, file, every_steps=5)
    >>> history.column("step")
    [8, 16]
    """
    if every_steps < 1:
        raise ValueError(f"every_steps must be >= 1, not {every_steps}")
    if Path(path).exists():
        load_resume(path, training, device)
    while True:
        before = training.total_steps
        result = training.run(every_steps)
        save_resume(path, training)
        if training.total_steps - before < every_steps:
            return result


def _identity(training: Resumable) -> dict[str, Any]:
    options = training.options
    listed = options if isinstance(options, list) else [options]
    return {
        "kind": type(training).__name__,
        # Tuples become lists on the way through JSON.
        "options": [_as_json(part.to_dict()) for part in listed],
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_as_json(part) for part in value]
    return value


def _take_tensors(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Nested dicts and lists with every tensor moved to `tensors` and a name left in its place."""
    if isinstance(value, Tensor):
        tensors[name] = value
        return {TENSOR: name}
    if isinstance(value, Mapping):
        return {key: _take_tensors(part, f"{name}/{key}", tensors) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_take_tensors(part, f"{name}/{i}", tensors) for i, part in enumerate(value)]
    return value


def _put_tensors(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if set(value) == {TENSOR}:
            return tensors[value[TENSOR]]
        return {key: _put_tensors(part, tensors) for key, part in value.items()}
    if isinstance(value, list):
        return [_put_tensors(part, tensors) for part in value]
    return value
