"""A password: kept as a hash, compared in constant time, tried seldom."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque

# Tries in a minute, of everybody together: one owner needs few, and a guesser gets no further.
_TRIES = 5
_SECONDS = 60.0
_COST = {"n": 1 << 14, "r": 8, "p": 1}
SHORTEST = 8


class Password:
    """The password of a server.

    Parameters
    ----------
    text
        At least 8 characters; not kept.

    Raises
    ------
    ValueError
        It is shorter.

    Examples
    --------
    >>> password = Password("correct horse")
    >>> password.tell("wrong horse"), password.tell("correct horse")
    (False, True)
    """

    def __init__(self, text: str) -> None:
        if len(text) < SHORTEST:
            raise ValueError(f"a password has at least {SHORTEST} characters")
        self._salt = secrets.token_bytes(16)
        self._hash = self._hashed(text)
        self._failed: deque[float] = deque(maxlen=_TRIES)
        self._lock = threading.Lock()

    def _hashed(self, text: str) -> bytes:
        return hashlib.scrypt(text.encode("utf-8", "replace"), salt=self._salt, **_COST)

    def wait(self) -> float:
        """Return the seconds until the next try is heard; 0 when it may be made now."""
        if len(self._failed) < _TRIES:
            return 0.0
        return max(0.0, self._failed[0] + _SECONDS - time.monotonic())

    def tell(self, text: str) -> bool:
        """Tell whether this is the password; while `wait` is above 0, nothing is."""
        # One at a time: many tries at once would all be heard before the first one is counted.
        with self._lock:
            if self.wait():
                return False
            right = hmac.compare_digest(self._hashed(text[:1000]), self._hash)
            if not right:
                self._failed.append(time.monotonic())
            return right
