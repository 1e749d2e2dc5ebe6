"""One file of tensors with a JSON description, written beside its place and moved into it.

The file is a safetensors file (https://github.com/huggingface/safetensors). Its metadata have one
key, ``ebm``, with a JSON object of the description and a BLAKE2b hash of description and tensors:
safetensors itself notices a file cut short, but not a changed number.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ebm.errors import StorageError

KEY = "ebm"


def write_tensors(
    path: str | os.PathLike[str], description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    """Write description and tensors; the file appears at `path` whole or not at all.

    Parameters
    ----------
    path : path
        Replaced when it exists.
    description : mapping
        JSON-able.
    tensors : mapping of str to Tensor
        Copied to the CPU.
    """
    path = Path(path)
    text = json.dumps(description, sort_keys=True)
    # A clone each: safetensors refuses tensors that share memory.
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    # One key: safetensors writes several in a random order, and equal models shall be equal files.
    header = json.dumps({"checksum": checksum(text, own), "description": text})
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(own, temporary, metadata={KEY: header})
        with temporary.open("r+b") as file:  # Windows flushes only what may be written
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return description and tensors of a file that `write_tensors` wrote.

    Raises
    ------
    StorageError
        If the file is missing, cut short, changed, or of another origin.
    """
    path = Path(path)
    if not path.is_file():
        raise StorageError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if KEY not in metadata:
                raise StorageError(f"{path} is a safetensors file, but not one of this program's")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise StorageError(
            f"{path} is damaged or no file of this program ({error}); make it again, or restore "
            "it from a copy"
        ) from error
    try:
        header = json.loads(metadata[KEY])
        text, stated = header["description"], header["checksum"]
        right = stated == checksum(text, tensors)
    except (ValueError, KeyError, TypeError, AttributeError):
        right = False
    if not right:
        raise StorageError(
            f"{path} has been changed since it was written (its checksum is wrong); make it "
            "again, or restore it from a copy"
        )
    description: dict[str, Any] = json.loads(text)
    return description, tensors


def checksum(text: str, tensors: Mapping[str, Tensor]) -> str:
    """BLAKE2b over the description and every tensor's name, type, shape and bytes."""
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
