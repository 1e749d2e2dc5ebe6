"""The versions of what decides a score. Light to import."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

_DECIDING = ("ebmscreen", "torch", "rdkit", "numpy", "scikit-learn", "scipy")


def versions() -> dict[str, str]:
    """Return the versions of what decides a score; nothing is imported for it."""
    found = {"python": platform.python_version()}
    for name in _DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a checkout that was never installed
            found[name] = "not installed"
    return found
