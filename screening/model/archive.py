"""The container of model files and of pretrained ones: a zip of parts, read with suspicion."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ebm.errors import StorageError
from screening.errors import UserError
from screening.tables import write_atomically

# No model comes near this; an archive that claims more is a mistake or an attack.
MAX_BYTES = 4 << 30
# What the parts' readers raise when a part is not what it should be.
_DAMAGE = (
    StorageError,
    SafetensorError,
    LookupError,
    AttributeError,
    ValueError,
    TypeError,
    RuntimeError,
    OSError,
)

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes
    ----------
    name : str
        For the sentences.
    parts : tuple of str
        The parts that it must have: description, weights, and what else there is.
    schema : int
    again : str
        What to do when one cannot be read.
    """

    name: str
    parts: tuple[str, ...]
    schema: int
    again: str


MODEL = Kind(
    "model",
    ("model.json", "weights.safetensors", "training.parquet", "canary.json"),
    3,
    "train the model again",
)
PRETRAINED = Kind("pretrained", ("pretrained.json", "weights.safetensors"), 2, "pretrain again")


def write_archive(
    path: Path, kind: Kind, description: dict[str, Any], arrays: Arrays, *further: str | bytes
) -> str:
    """Write the parts to one file, whole or not at all, and return its SHA-256.

    Parameters
    ----------
    path : Path
    kind : Kind
    description : dict
        JSON-able; the schema is put before it.
    arrays : mapping of str to array
        The weights.
    *further : str or bytes
        The parts after these two.
    """
    # safetensors writes an array as it lies in memory: transposed ones are laid out first.
    weights = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    parts = (as_json({"schema": kind.schema, **description}), weights, *further)
    with write_atomically(path) as temporary:
        # Stored, not packed: weights hardly shrink, and packed bytes depend on zlib's version.
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name, data in zip(kind.parts, parts, strict=True):
                # A fixed date: the same model is the same file.
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
        return file_hash(temporary)


@contextmanager
def opened(path: Path, kind: Kind) -> Iterator[tuple[dict[str, Any], Arrays, list[bytes]]]:
    """Give description, arrays and further parts of a file to whoever builds something of them.

    Raises
    ------
    UserError
        The file is missing, cut short, too large, no archive, or of another kind or schema; or what
        is built of it within the context fails, as it does where the file is damaged.
    """
    first, weights, *further = _read(path, kind)
    try:
        description = json.loads(first)
        _require_schema(path, description.get("schema"), kind)
        yield description, load(weights), further
    except _DAMAGE as error:
        what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
        raise UserError(
            f"{path} is a damaged {kind.name} file ({what}); "
            f"copy it again from where it came, or {kind.again}."
        ) from error


def _read(path: Path, kind: Kind) -> list[bytes]:
    if not path.is_file():
        raise UserError(f"{path}: there is no such {kind.name} file.")
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if not set(kind.parts) <= sizes.keys():
                raise UserError(_wrong_kind(path, kind, sizes.keys()))
            if sum(sizes[name] for name in kind.parts) > MAX_BYTES:
                raise UserError(f"{path} unpacks to more than {MAX_BYTES >> 30} GiB; refused.")
            return [archive.read(name) for name in kind.parts]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a whole {kind.name} file ({error}); it was cut short, or is no .ebm "
            "file. Copy it again from where it came, or make it again."
        ) from error


def _require_schema(path: Path, found: Any, kind: Kind) -> None:
    """Refuse a file of another schema; an older one needs no update, but to be made again."""
    if found == kind.schema:
        return
    older = isinstance(found, int) and found < kind.schema
    raise UserError(
        f"{path} has schema {found!r} and this version of ebmscreen reads {kind.schema}; "
        f"{kind.again if older else f'update ebmscreen, or {kind.again}'}."
    )


def _wrong_kind(path: Path, kind: Kind, parts: Collection[str]) -> str:
    if kind is MODEL and set(PRETRAINED.parts) <= set(parts):
        return (
            f"{path} is a pretrained stack, not a model; train one from it with "
            f"`ebmscreen train ASSAY --pretrained {path.name} -o model.ebm`."
        )
    if kind is PRETRAINED and set(MODEL.parts) <= set(parts):
        return (
            f"{path} is a trained model, not a pretrained stack; make one with "
            "`ebmscreen pretrain LIBRARY -o pretrained.ebm`."
        )
    return f"{path} is a zip archive but no ebmscreen {kind.name} (.ebm)."


def is_pretrained_file(path: Path) -> bool:
    """Tell whether a file holds a pretrained stack, and no model."""
    try:
        with zipfile.ZipFile(path) as archive:
            return PRETRAINED.parts[0] in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_json(value: Any) -> str:
    """Return a value as JSON; NaN and infinity as null."""
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False, indent=1)


def finite(value: Any) -> Any:
    """Return a value with NaN and infinity, which JSON does not have, as None.

    Numbers of numpy become Python's, tuples lists, and keys text.
    """
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        return finite(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def named(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays with the prefix before their names."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with the prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
