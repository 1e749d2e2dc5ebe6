"""RBMs, DBNs, DBMs and networks to and from a description and tensors, and files of them."""

import os
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from torch import Tensor

from ebm.dbm import DBM
from ebm.dbn import DBN
from ebm.errors import StorageError
from ebm.network import Network
from ebm.rbm import RBM
from ebm.storage.files import read_tensors, write_tensors
from ebm.units.registry import size_from_config

Storable: TypeAlias = RBM | DBN | DBM | Network

FORMAT_VERSION = 1
MODELS: dict[str, type[RBM] | type[DBN] | type[DBM] | type[Network]] = {
    "rbm": RBM,
    "dbn": DBN,
    "dbm": DBM,
    "network": Network,
}


def to_state(model: Storable) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Describe a model as a JSON-able dict and a dict of tensors (its own, not copies)."""
    for kind, cls in MODELS.items():
        if isinstance(model, cls):
            config = {"kind": kind, "version": FORMAT_VERSION, "config": model.to_config()}
            return config, dict(model.state_dict())
    raise TypeError(f"a {type(model).__name__} cannot be stored; known are {', '.join(MODELS)}")


def from_state(config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Storable:
    """Build the model that `to_state` described; the tensors are copied, their number type kept.

    Raises
    ------
    StorageError
        If the description is not understood, or the tensors do not fit it.
    """
    kind, version = config.get("kind"), config.get("version")
    if kind not in MODELS:
        raise StorageError(f"unknown kind of model {kind!r}; known are {', '.join(MODELS)}")
    if version != FORMAT_VERSION:
        raise StorageError(
            f"the model has format version {version!r}, and this program reads {FORMAT_VERSION}"
        )
    try:
        _require_shapes(_matrices(kind, config["config"]), tensors)
        model = MODELS[kind].from_config(config["config"])
        for tensor in tensors.values():
            if tensor.is_floating_point():
                model.to(tensor.dtype)
                break
        model.load_state_dict(dict(tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StorageError(
            f"the parts of the stored {kind} do not fit together: {error}"
        ) from error
    return model


def _require_shapes(shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor]) -> None:
    """Compare before anything is built: a description must not decide how much memory is taken."""
    for name, shape in shapes.items():
        stored = tuple(tensors[name].shape)
        if stored != shape:
            raise ValueError(f"{name} has the shape {stored}, and {shape} is described")


def _matrices(kind: str, config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every matrix of weights that a description calls for, by its name."""
    if kind == "rbm":
        return {
            "weights": tuple(size_from_config(config[layer]) for layer in ("visible", "hidden"))
        }
    if kind == "dbm":
        sizes = [size_from_config(layer) for layer in config["layers"]]
        return {f"weights.{number}": pair for number, pair in enumerate(pairwise(sizes))}
    if kind == "network":
        sizes = [*config["sizes"], config["n_outputs"]]
        names = [*(f"layers.{i}.weights" for i in range(len(sizes) - 2)), "head.weights"]
        return dict(zip(names, pairwise(sizes), strict=True))
    rbms = config["rbms"]
    stacks = {"rbms": rbms, "untied": rbms[:-1] if config["untied"] else []}
    return {
        f"{stack}.{number}.{name}": shape
        for stack, described in stacks.items()
        for number, rbm in enumerate(described)
        for name, shape in _matrices("rbm", rbm).items()
    }


def save(path: str | os.PathLike[str], model: Storable) -> None:
    """Write a model to one file, moved into place.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from ebm import RBM, Bernoulli, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder) / "rbm.safetensors", RBM(Bernoulli(6), Bernoulli(3)))
    ...     stored = load(Path(folder) / "rbm.safetensors")
    >>> stored.weights.shape
    torch.Size([6, 3])
    """
    write_tensors(path, *to_state(model))


def load(path: str | os.PathLike[str]) -> Storable:
    """Read a model that `save` wrote.

    Raises
    ------
    StorageError
        If the file is missing, damaged, or holds something else.
    """
    description, tensors = read_tensors(path)
    try:
        return from_state(description, tensors)
    except StorageError as error:
        raise StorageError(f"{path}: {error}") from error
