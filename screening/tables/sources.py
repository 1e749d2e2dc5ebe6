"""Which files are meant, and their bytes: globs, gzip, stdin."""

from __future__ import annotations

import glob
import gzip
import io
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from screening.errors import UserError, is_text

STDIN = "-"
# Bytes whose rows are counted; those of larger files are estimated.
_COUNTED = 8 << 20
# Small, so that the position in the file tells how far the reader is.
_BUFFER = 1 << 16
_GZIP = b"\x1f\x8b"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"
# Old files of Excel and Word, and new ones under a password.
_OLE = b"\xd0\xcf\x11\xe0"
# The first bytes of files that people hand in by mistake.
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}
# No structure ends so; a file that is missing most often does.
_FILE = re.compile(
    r"\.(csv|tsv|tab|txt|smi|smiles|ism|can|sdf?|mol2?|parquet|pq|xlsx?|ods|json|ebm|gz|zip)$", re.I
)
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def expand(paths: Sequence[str]) -> list[str]:
    """Return the files and pipes that names and globs mean, in the order given; `-` is stdin.

    Raises
    ------
    UserError
        A file is missing or is a folder, its name is not UTF-8, or a glob matches nothing.
    """
    found: list[str] = []
    for path in paths:
        if Path(path).is_dir():
            raise UserError(f"{path} is a folder; name its files, for instance {path}/*.csv.")
        if path == STDIN or Path(path).exists():
            found.append(path)
        elif glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - absolute patterns
            if not matches:
                raise UserError(f"{path} matches no file.")
            found.extend(matches)
        else:
            raise UserError(f"{path}: there is no such file.")
    for name in found:
        if not is_text(name):
            raise UserError(
                f"the name of the file {name!a} is not UTF-8, and no table could hold it; "
                "rename the file."
            )
    return found


def names_a_table(word: str) -> bool:
    """Tell whether a word means a file (there or missing), several, or stdin, and no structure."""
    path = Path(word)
    there = path.exists() and not path.is_dir()
    return word == STDIN or there or word.endswith("/") or bool(_FILE.search(word))


@dataclass(frozen=True)
class OpenedSource:
    """A file that is being read.

    Attributes
    ----------
    stream : BufferedReader
        Its bytes, unpacked, from the first.
    head : bytes
        The first bytes, to look at; the stream still has them.
    position : callable
        Tells how many bytes of the file itself were read.
    """

    stream: io.BufferedReader[Any]
    head: bytes
    position: Callable[[], int]


class _Rejoined(io.RawIOBase):
    """A stream of which the first bytes were read to look at them."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._rest.close()
        super().close()


def _look(stream: BinaryIO) -> tuple[bytes, io.BufferedReader[Any]]:
    # A pipe gives what is there; reading waits until there is enough to judge by.
    head = stream.read(_BUFFER)
    return head, io.BufferedReader(_Rejoined(head, stream), _BUFFER)


def source_size(path: str) -> int | None:
    """Return the size of a file in bytes, or None for what has none: stdin and pipes."""
    return Path(path).stat().st_size if Path(path).is_file() else None


def open_bytes(path: str) -> OpenedSource:
    """Open a file, pipe or stdin for reading bytes, unpacking gzip whatever its name says.

    Raises
    ------
    UserError
        The file cannot be read, or is of a kind that holds no table.
    """
    try:
        raw = sys.stdin.buffer if path == STDIN else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    size = source_size(path)

    def position() -> int:
        # The reader closes the file when it has come to its end.
        return size or 0 if raw.closed or size is None else raw.tell()

    try:
        head, stream = _look(raw)
        if head.startswith(_GZIP):
            head, stream = _look(cast("BinaryIO", gzip.GzipFile(fileobj=stream)))
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is a damaged gzip file: {error}.") from error
    _refuse_foreign(path, head)
    return OpenedSource(stream, head, position)


def rows_about(path: Path) -> tuple[int | None, bool]:
    """Return how many rows a file has, from its first bytes, and whether that is exact.

    Lines are counted, or records of an SDF file; a header is a row, quoted line breaks make more.

    Parameters
    ----------
    path
        A file, gzipped or not.

    Returns
    -------
    rows : int or None
        None for an Excel file, whose rows cannot be told without reading it.
    exact : bool
        Whether every row was counted; larger files are judged by their first part.

    Raises
    ------
    UserError
        The file cannot be read, or is of a kind that holds no table.
    """
    opened = open_bytes(str(path))
    with opened.stream as stream:
        if opened.head.startswith(ZIP):
            return None, False
        if opened.head.startswith(PARQUET):
            return _parquet_rows(path), True
        try:
            first = stream.read(_COUNTED)
            ended = not stream.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{path} is a damaged gzip file: {error}.") from error
        size, position = source_size(str(path)) or 0, opened.position()
    records = first.count(b"$$$$")
    rows = records or first.count(b"\n") + (not first.endswith(b"\n") and bool(first))
    if ended:
        return rows, True
    return round(rows * size / max(position, 1)), False


def _parquet_rows(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path} is a damaged Parquet file.") from error


def _refuse_foreign(path: str, head: bytes) -> None:
    if head.startswith(_OLE):
        raise UserError(
            f"{path} is an Excel file of the old kind (.xls), or under a password; save it in "
            "Excel as .xlsx, without a password."
        )
    for magic, kind in _FOREIGN.items():
        if head[: len(magic)].upper() == magic.upper():
            raise UserError(f"{path} is {kind}, not a table; save it as CSV.")
    for magic, kind in _PACKED.items():
        if head.startswith(magic):
            raise UserError(f"{path} is packed with {kind}; unpack it, or pack it with gzip.")
    if b"\0" in head and not head.startswith((*_UTF_16_MARKS, PARQUET, ZIP)):
        raise UserError(f"{path} is a binary file, not a table; save it as CSV.")


@contextmanager
def seekable(path: str, opened: OpenedSource) -> Iterator[BinaryIO]:
    """Give the bytes of a file that is to be read in any order; what cannot be is copied first."""
    # A pipe gives its bytes once.
    if source_size(path) is not None and opened.head.startswith(_first_bytes(path)):
        opened.stream.close()
        with Path(path).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as copy, opened.stream:
        shutil.copyfileobj(opened.stream, copy)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _first_bytes(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(len(PARQUET))
