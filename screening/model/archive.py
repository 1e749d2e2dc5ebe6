"""The container of model files and of pretrained ones: a zip of parts, read with suspicion.

The first part describes the others and has the SHA-256 of each, and of itself without these sums:
what is read is what was written, whatever happened to the file on its way.
"""

from __future__ import annotations

import hashlib
import json
import math
import textwrap
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ebm.errors import StorageError
from screening.errors import UserError
from screening.learners.voices.arrays import Arrays
from screening.tables import write_atomically
from screening.versions import versions

# No description comes near this; one that is longer is a mistake or an attack.
MAX_JSON_BYTES = 64 << 20
# Molecules that a file is tried with.
CANARIES = 8
# Of what a library says about damage: two lines hold it.
_WORDS = 120
# What the parts' readers raise when a part is not what it should be.
_DAMAGE = (
    StorageError,
    SafetensorError,
    LookupError,
    AttributeError,
    ValueError,
    TypeError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    OSError,
)

Item = TypeVar("Item")


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
        Of the files that are written.
    again : str
        What to do when one cannot be read.
    oldest : int
        Schema of the oldest files that are read.
    """

    name: str
    parts: tuple[str, ...]
    schema: int
    again: str
    oldest: int


MODEL = Kind(
    "model",
    ("model.json", "weights.safetensors", "training.parquet", "canary.json"),
    6,
    "train the model again",
    oldest=5,
)
PRETRAINED = Kind(
    "pretrained", ("pretrained.json", "weights.safetensors"), 3, "pretrain again", oldest=3
)
VALUES = Kind(
    "model of values",
    ("values.json", "weights.safetensors", "training.parquet", "canary.json"),
    1,
    "train the model again",
    oldest=1,
)


def write_archive(
    path: Path, kind: Kind, description: dict[str, Any], arrays: Arrays, *further: str | bytes
) -> str:
    """Write the parts to one file, whole or not at all, and return its SHA-256.

    Parameters
    ----------
    path : Path
    kind : Kind
    description : dict
        JSON-able; schema and sums are added.
    arrays : mapping of str to array
        The weights.
    *further : str or bytes
        The parts after these two.
    """
    # safetensors writes an array as it lies in memory: transposed ones are laid out first.
    weights = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    described = {"schema": kind.schema, **description}
    sums = sums_of(kind, described, weights, *further)
    parts = (as_json({**described, "sha256": sums}), weights, *further)
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
        description = from_json(first)
        _require_schema(path, description.get("schema"), kind)
        _require_sums(description, kind, weights, *further)
        yield description, load(weights), further
    except _DAMAGE as error:
        what = _few_words(f"{type(error).__name__}: {error}")
        raise UserError(
            f"{path} is a damaged {kind.name} file ({what}); "
            f"copy it again from where it came, or {kind.again}."
        ) from error


def describe_model(path: Path) -> dict[str, Any]:
    """Return the description of a model file without reading the model, and without its sums.

    Raises
    ------
    UserError
        The file is missing, cut short, no model, or of another schema.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if MODEL.parts[0] not in names:
                raise UserError(_wrong_kind(path, MODEL, names))
            _require_modest(path, MODEL, archive.getinfo(MODEL.parts[0]))
            description = from_json(archive.read(MODEL.parts[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{path} is not a whole model file ({_few_words(str(error))}).") from error
    if not isinstance(description, dict):
        raise UserError(f"{path} is a damaged model file (its description is no object).")
    _require_schema(path, description.get("schema"), MODEL)
    return description


def _read(path: Path, kind: Kind) -> list[bytes]:
    if not path.is_file():
        raise UserError(f"{path}: there is no such {kind.name} file.")
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            if not set(kind.parts) <= infos.keys():
                raise UserError(_wrong_kind(path, kind, infos.keys()))
            for name in kind.parts:
                _require_modest(path, kind, infos[name])
            return [archive.read(name) for name in kind.parts]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a whole {kind.name} file ({_few_words(str(error))}); it was cut "
            "short, or is no .ebm file. Copy it again from where it came, or make it again."
        ) from error


def _few_words(text: str) -> str:
    return textwrap.shorten(text, _WORDS, placeholder=" ...").rstrip(".")


def _require_modest(path: Path, kind: Kind, part: zipfile.ZipInfo) -> None:
    """Refuse a part that would take more memory than the file takes disk, before it is read."""
    size = path.stat().st_size
    most = min(size, MAX_JSON_BYTES) if part.filename.endswith(".json") else size
    if part.file_size > most:
        raise UserError(
            f"{path} claims {part.file_size:,} bytes of {part.filename}, and no more than {most:,} "
            f"can be right; copy the {kind.name} file from where it came, or {kind.again}."
        )
    if part.compress_type != zipfile.ZIP_STORED:
        raise UserError(
            f"{path} was packed anew ({part.filename} is compressed); copy the {kind.name} file "
            f"from where it came, or {kind.again}."
        )


def sums_of(kind: Kind, description: Mapping[str, Any], *further: str | bytes) -> dict[str, str]:
    """Return the SHA-256 of each part by name; of the description, as it is without sums."""
    parts = (as_json(description), *further)
    return {
        name: hashlib.sha256(part.encode() if isinstance(part, str) else part).hexdigest()
        for name, part in zip(kind.parts, parts, strict=True)
    }


def _require_sums(description: dict[str, Any], kind: Kind, *further: bytes) -> None:
    stated = description.pop("sha256", None)
    for name, found in sums_of(kind, description, *further).items():
        if not isinstance(stated, dict) or stated.get(name) != found:
            raise ValueError(f"{name} is not what was written: its SHA-256 is another")


def _require_schema(path: Path, found: Any, kind: Kind) -> None:
    """Refuse a file of another schema; an older one needs no update, but to be made again."""
    if isinstance(found, int) and kind.oldest <= found <= kind.schema:
        return
    older = isinstance(found, int) and found < kind.schema
    reads = f"{kind.oldest} to {kind.schema}" if kind.oldest < kind.schema else f"{kind.schema}"
    raise UserError(
        f"{path} has schema {found!r} and this version of ebmscreen reads {reads}; "
        f"{kind.again if older else f'update ebmscreen, or {kind.again}'}."
    )


def _wrong_kind(path: Path, kind: Kind, parts: Collection[str]) -> str:
    if kind is MODEL and set(PRETRAINED.parts) <= set(parts):
        return (
            f"{path} is a pretrained stack, not a model; train one from it with "
            f"`ebmscreen train ASSAY --pretrained {path.name} -o model.ebm`."
        )
    if kind is not VALUES and set(VALUES.parts) <= set(parts):
        return (
            f"{path} predicts measured values and knows no classes; load it in Python with "
            "screening.load_model."
        )
    if kind is PRETRAINED and set(MODEL.parts) <= set(parts):
        return (
            f"{path} is a trained model, not a pretrained stack; make one with "
            "`ebmscreen pretrain LIBRARY -o pretrained.ebm`."
        )
    return f"{path} is a zip archive but no ebmscreen {kind.name} (.ebm)."


def is_pretrained_file(path: Path) -> bool:
    """Tell whether a file holds a pretrained stack, and no model."""
    return _is_of(PRETRAINED, path)


def is_values_file(path: Path) -> bool:
    """Tell whether a file holds a model of values, which knows no classes."""
    return _is_of(VALUES, path)


def _is_of(kind: Kind, path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return kind.parts[0] in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evenly(items: Sequence[Item]) -> list[Item]:
    """Return a few items, the first and the last among them: what a file is tried with."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, CANARIES).astype(int))]


def not_reproduced(path: Path, what: str, then: Mapping[str, str]) -> UserError:
    """Return what is said of a file that gives other results than it was stored with.

    Parameters
    ----------
    path
    what
        The results: scores or values.
    then
        Versions that it was stored with.
    """
    here = versions()
    changed = [f"{k} {v} -> {here.get(k)}" for k, v in then.items() if here.get(k) != v]
    return UserError(
        f"{path} gives other {what} here than when it was trained "
        f"({', '.join(changed) or 'with the same versions: the file was altered'}); "
        "install the versions it was trained with, or train it again."
    )


def as_json(value: Any) -> str:
    """Return a value as JSON; NaN and infinity as null."""
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False, indent=1)


def from_json(data: bytes) -> Any:
    """Return what strict JSON says; it has no NaN and no infinity.

    Raises
    ------
    ValueError
        It is no JSON.
    """
    return json.loads(data, parse_constant=_no_number)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


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
