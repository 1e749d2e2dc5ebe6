"""Whether two files are the same."""

from __future__ import annotations

from pathlib import Path


def same_bytes(left: Path | bytes, right: Path | bytes) -> bool:
    """Compare files, or what was read of them, as a whole.

    An `==` of bytes in an assertion that fails is explained difference by difference, which takes
    hours for a file of megabytes.
    """
    contents = [side.read_bytes() if isinstance(side, Path) else side for side in (left, right)]
    return contents[0] == contents[1]
