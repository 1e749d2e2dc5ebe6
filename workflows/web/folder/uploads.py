"""Files that come from a browser: a safe name, streamed to the disk, whole or not there."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

from screening.errors import UserError
from screening.systems import fits_everywhere
from workflows.web.folder.paths import Folder

# Between what people write and what every system takes.
_UNSAFE = re.compile(r"[^\w.+ ()-]")
_LONGEST = 100
_KINDS = (".csv", ".tsv", ".txt", ".smi", ".smiles", ".sdf", ".sd", ".xlsx", ".parquet", ".ebm")


class TooLargeError(UserError):
    """A file is larger than the server takes."""


def safe_name(given: str) -> str:
    """Return a name that no system reads as anything but a file in this folder.

    Raises
    ------
    UserError
        It is of no kind that holds a table or a model.

    Examples
    --------
    >>> safe_name("../../etc/pass wd.csv")
    'pass wd.csv'
    >>> safe_name("-rf <b>.SMI.gz")
    'rf _b_.SMI.gz'
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", last).strip(" .-_")
    packed = name.lower().removesuffix(".gz")
    kind = next((kind for kind in _KINDS if packed.endswith(kind)), None)
    if kind is None or packed == kind.lstrip("."):
        raise UserError(
            f"{given[:100]!r} is no table and no model by its name; it ends in one of "
            f"{', '.join(_KINDS)}, all but the last also with .gz."
        )
    ending = name[len(packed) - len(kind) :]
    stem = name[: -len(ending)].replace(".", "_")[: _LONGEST - len(ending)] or "file"
    return f"{stem}{ending}" if fits_everywhere(f"{stem}{ending}") else f"_{stem}{ending}"


async def receive(folder: Folder, given: str, parts: AsyncIterator[bytes], most: int) -> Path:
    """Write a file of the folder as its bytes come; return its path.

    Parameters
    ----------
    folder
    given
        The name that the sender gives it.
    parts
        Its bytes.
    most
        Bytes that are taken.

    Raises
    ------
    TooLargeError
        There are more.
    UserError
        The name is of no kind that is taken.
    """
    name = safe_name(given)
    folder.own.mkdir(exist_ok=True)
    handle, text = tempfile.mkstemp(dir=folder.own, suffix=".upload")
    temporary = Path(text)
    try:
        written = 0
        with os.fdopen(handle, "wb") as file:
            async for part in parts:
                written += len(part)
                if written > most:
                    raise TooLargeError(
                        f"{name} is larger than {most / 1e6:,.0f} MB; copy it into the folder, "
                        "or start `ebmscreen serve` with a larger --max-upload."
                    )
                file.write(part)
        path = folder.root / folder.fresh(name)
        temporary.chmod(0o644)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
