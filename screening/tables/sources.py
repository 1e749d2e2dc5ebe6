"""Which files are meant, and their bytes: globs, gzip, stdin."""

from __future__ import annotations

import glob
import gzip
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from screening.errors import UserError

STDIN = "-"
# Small, so that the position in the file tells how far the reader is.
_BUFFER = 1 << 16
_GZIP = b"\x1f\x8b"
# The first bytes of files that people hand in by mistake.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive (an .xlsx or .ebm file, perhaps)",
    b"\x89PNG": "a PNG picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"\x7fELF": "a program",
}


def expand(paths: Sequence[str]) -> list[str]:
    """Return the files that names and globs mean, in the order given; `-` is stdin.

    Raises
    ------
    UserError
        A file is missing or is a folder, or a glob matches nothing.
    """
    found: list[str] = []
    for path in paths:
        if path == STDIN or Path(path).is_file():
            found.append(path)
        elif Path(path).is_dir():
            raise UserError(f"{path} is a folder; name its files, for instance {path}/*.csv.")
        elif glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - absolute patterns
            if not matches:
                raise UserError(f"{path} matches no file.")
            found.extend(matches)
        else:
            raise UserError(f"{path}: there is no such file.")
    return found


@dataclass(frozen=True)
class OpenedSource:
    """A file that is being read.

    Attributes
    ----------
    stream : BufferedReader
        Its bytes, unpacked.
    position : callable
        Tells how many bytes of the file itself were read.
    """

    stream: io.BufferedReader[Any]
    position: Callable[[], int]


def source_size(path: str) -> int | None:
    """Return the size of a file in bytes, or None for what has none."""
    return Path(path).stat().st_size if Path(path).is_file() else None


def open_bytes(path: str) -> OpenedSource:
    """Open a file or stdin for reading bytes, unpacking gzip whatever its name says.

    Raises
    ------
    UserError
        The file cannot be read, or is of a kind that holds no table of text.
    """
    try:
        raw = sys.stdin.buffer if path == STDIN else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    size = source_size(path) or 0

    def position() -> int:
        # The reader closes the file when it has come to its end.
        return size if raw.closed or path == STDIN else raw.tell()

    stream: io.BufferedReader[Any] = io.BufferedReader(cast("io.RawIOBase", raw), _BUFFER)
    if stream.peek(2)[:2] == _GZIP:
        stream = io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)), _BUFFER)
    try:
        head = stream.peek(8192)
    except (OSError, EOFError) as error:
        raise UserError(f"{path} is a damaged gzip file: {error}.") from error
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise UserError(f"{path} is {kind}, not a table; save it as CSV.")
    if b"\0" in head[:8192] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{path} is a binary file, not a table; save it as CSV.")
    return OpenedSource(stream, position)
