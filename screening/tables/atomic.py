"""Files that are whole or not there: written to a temporary name, then moved into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from screening.systems import flush, move_into_place

# What a file that is not yet whole is called, behind the name that it will have.
_UNFINISHED = ".part"


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it into place when the block ends well.

    What was written is on the disk before it has its name, and the name when this returns, as far
    as the system can promise it: a machine that loses power has the whole file or none.

    Raises
    ------
    OSError
        The folder cannot be made or written; nothing is left behind. An error without a file's
        name, as of a full disk, gets that of `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    os.close(handle)
    temporary = Path(name)
    try:
        # mkstemp makes files that only the owner reads; a result is like any other file.
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        flush(temporary)
        move_into_place(temporary, path)
        flush(path.parent)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder and in the folders in it.

    Nobody else may be writing there.
    """
    for path in folder.rglob(f".*{_UNFINISHED}"):
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
