"""Checks that cost nothing and come before work that costs hours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from screening.errors import UserError


def writable_file(path: Path) -> None:
    """Raise UserError when a file cannot be written there."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; give the name of a file.")
    writable_folder(path.parent)


def new_file(path: Path, *, force: bool) -> None:
    """Raise UserError when the file is there and may not be replaced, or cannot be written."""
    if path.is_file() and not force:
        raise UserError(f"{path} is there already; give another name, or --force to replace it.")
    writable_file(path)


def writable_folder(path: Path) -> None:
    """Make the folder; raise UserError when nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(
            f"nothing can be written to {path} ({error.strerror}); "
            "choose another place or mend its permissions."
        ) from error
