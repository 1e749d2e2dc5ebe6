"""The container of model files and of pretrained ones: a zip of parts, read with suspicion."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from ebm.errors import StorageError
from screening.errors import UserError
from screening.tables import write_atomically

MODEL_PARTS = ("model.json", "weights.safetensors", "training.parquet", "canary.json")
PRETRAINED_PARTS = ("pretrained.json", "weights.safetensors")
# No model comes near this; an archive that claims more is a mistake or an attack.
MAX_BYTES = 4 << 30
# What the parts' readers raise when a part is not what it should be.
DAMAGE = (
    StorageError,
    SafetensorError,
    LookupError,
    AttributeError,
    ValueError,
    TypeError,
    RuntimeError,
    OSError,
)


def write_archive(path: Path, parts: Mapping[str, str | bytes]) -> str:
    """Write the parts to one file, whole or not at all, and return its SHA-256."""
    with write_atomically(path) as temporary:
        # Stored, not packed: weights hardly shrink, and packed bytes depend on zlib's version.
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name, data in parts.items():
                # A fixed date: the same model is the same file.
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
        return file_hash(temporary)


def read_archive(
    path: Path, names: Sequence[str], kind: str, other: Sequence[str]
) -> dict[str, bytes]:
    """Return the parts of a file.

    Parameters
    ----------
    path : Path
    names : sequence of str
        The parts it must have.
    kind : str
        'model' or 'pretrained', for the sentences.
    other : sequence of str
        The parts of the other kind, to say which one was given.

    Raises
    ------
    UserError
        The file is missing, cut short, too large, no archive, or of another kind.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such {kind} file.")
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if not set(names) <= sizes.keys():
                raise UserError(_wrong_kind(path, kind, is_other=set(other) <= sizes.keys()))
            if sum(sizes[name] for name in names) > MAX_BYTES:
                raise UserError(f"{path} unpacks to more than {MAX_BYTES >> 30} GiB; refused.")
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a whole {kind} file ({error}); it was cut short, or is no .ebm file. "
            "Copy it again from where it came, or make it again."
        ) from error


def is_pretrained_file(path: Path) -> bool:
    """Tell whether a file holds a pretrained stack, and no model."""
    try:
        with zipfile.ZipFile(path) as archive:
            return PRETRAINED_PARTS[0] in archive.namelist()
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


def _wrong_kind(path: Path, kind: str, *, is_other: bool) -> str:
    if not is_other:
        return f"{path} is a zip archive but no ebmscreen {kind} (.ebm)."
    if kind == "model":
        return (
            f"{path} is a pretrained stack, not a model; train one from it with "
            f"`ebmscreen train ASSAY --pretrained {path.name} -o model.ebm`."
        )
    return (
        f"{path} is a trained model, not a pretrained stack; make one with "
        "`ebmscreen pretrain LIBRARY -o pretrained.ebm`."
    )


def require_schema(path: Path, found: Any, reads: int, again: str) -> None:
    """Refuse a file of another schema; an older one needs no update, but to be made again."""
    if found == reads:
        return
    older = isinstance(found, int) and found < reads
    raise UserError(
        f"{path} has schema {found!r} and this version of ebmscreen reads {reads}; "
        f"{again if older else f'update ebmscreen, or {again}'}."
    )
