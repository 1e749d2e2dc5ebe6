"""The hash that RDKit's fingerprints are made with, on arrays.

References
----------
Boost's `hash_combine` with 32 bits, https://www.boost.org/doc/libs/release/libs/container_hash
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]


def combined(seed: Words, value: Words | np.uint32) -> Words:
    """Return the hash of what `seed` is the hash of, with one value more."""
    return seed ^ (value + np.uint32(0x9E3779B9) + (seed << np.uint32(6)) + (seed >> np.uint32(2)))
