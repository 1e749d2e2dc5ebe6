"""Where the bundled data lies: in the checkout, or where the wheel was installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from screening.errors import UserError


def sample(name: str) -> Path:
    """Return the path of a bundled sample.

    Raises
    ------
    UserError
        This installation came without the samples.

    Examples
    --------
    >>> from screening import sample
    >>> sample("bace.csv").name
    'bace.csv'
    """
    place = Path(__file__).resolve().parents[1] / "data" / "samples" / name
    for path in (place, *_installed(name)):
        if path.is_file():
            return path
    raise UserError(
        f"the bundled sample {name} is neither at {place} nor among the files of an installed "
        "wheel; install ebmscreen from its repository or its wheel."
    )


def _installed(name: str) -> list[Path]:
    """Return where the wheel put a sample: under share/ of the environment, or of the user."""
    try:
        there = files("ebmscreen") or []
    except PackageNotFoundError:  # run from a checkout that was never installed
        return []
    return [
        Path(str(file.locate())).resolve()
        for file in there
        if file.match(f"share/ebmscreen/samples/{name}")
    ]
