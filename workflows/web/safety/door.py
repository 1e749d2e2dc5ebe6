"""The door of the server: where it is, who comes in, and what tells its own forms from others."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Iterable

from workflows.web.safety.password import Password

_LOCAL = ("127.0.0.1", "localhost", "[::1]")
# Browsers that are let in at a time; of more, the oldest comes in again by the address.
_MOST_SESSIONS = 200


def is_local(host: str) -> bool:
    """Tell whether an address to bind to is reached from this machine alone.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Door:
    """Where the server is, and who is inside.

    Parameters
    ----------
    port
        Of the server.
    password
        Asked of everybody; with None the token of the address lets in.
    names
        Further names by which the server may be called.
    """

    def __init__(self, port: int, password: Password | None = None, names: Iterable[str] = ()):
        self.port = port
        self.password = password
        self._names = {name.lower() for name in (*_LOCAL, *names)}
        self._token = secrets.token_urlsafe(32)
        self._key = secrets.token_bytes(32)
        self._sessions: OrderedDict[str, None] = OrderedDict()

    @property
    def cookie(self) -> str:
        """Name of the cookie; ports share cookies, so it has the number."""
        return f"ebmscreen-{self.port}"

    def address(self, host: str = "127.0.0.1") -> str:
        """Return the address to open; it lets in whoever has it, unless there is a password."""
        start = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        return start if self.password else f"{start}enter?token={self._token}"

    def knows_token(self, token: str) -> bool:
        """Tell whether a token is that of the address, and lets in."""
        given, own = token.encode("utf-8", "replace"), self._token.encode()
        return self.password is None and hmac.compare_digest(given, own)

    def is_called(self, host: str) -> bool:
        """Tell whether a Host header means this server, and not a name that was turned to it.

        A page elsewhere can have its own name answered with this machine's address; then the
        browser would take that page and the server for one. An address is no such name.
        """
        name, colon, port = host.lower().rpartition(":")
        if not colon or port != str(self.port):
            return False
        return name in self._names or (self.password is not None and _is_address(name))

    def is_own(self, origin: str, host: str) -> bool:
        """Tell whether a page of an origin is one of this server's, as it was called."""
        return origin.lower() == f"http://{host.lower()}"

    def let_in(self) -> str:
        """Return a new session, the value of the cookie."""
        session = secrets.token_urlsafe(32)
        self._sessions[session] = None
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def is_in(self, session: str) -> bool:
        """Tell whether a session is one of this server's."""
        return session in self._sessions

    def form_token(self, session: str) -> str:
        """Return what the forms of a session carry."""
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()

    def is_form_of(self, session: str, token: str) -> bool:
        """Tell whether a form comes from a page of this session."""
        given = token.encode("utf-8", "replace")
        return hmac.compare_digest(self.form_token(session).encode(), given)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
