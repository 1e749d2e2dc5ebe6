"""Where the bundled data lies: in the checkout, or under share/ of an installed wheel."""

from __future__ import annotations

import sys
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
    places = [
        Path(__file__).resolve().parents[1] / "data" / "samples",
        Path(sys.prefix) / "share" / "ebmscreen" / "samples",
    ]
    for place in places:
        if (place / name).is_file():
            return place / name
    raise UserError(
        f"the bundled sample {name} is not in {' or '.join(map(str, places))}; "
        "install ebmscreen from its repository or its wheel."
    )
