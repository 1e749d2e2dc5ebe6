"""What every request must pass: it is meant for us, from our pages, by somebody let in."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflows.web.safety.door import Door

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With none at all, browsers do not say either which page a form comes from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
# What is shown to whoever is not in: how to come in, and its style.
_OPEN = ("/enter", "/login", "/static/")
UPLOAD = "/upload"
_MOST_FORM_BYTES = 1 << 20
_MOST_URL_BYTES = 8192
_METHODS = ("GET", "HEAD", "POST")


class Guard:
    """Refuses what is not meant for this server, and sends the headers that keep pages apart.

    Parameters
    ----------
    app
        What answers.
    door
        Who is let in.
    most_bytes
        Of an upload.
    """

    def __init__(self, app: ASGIApp, door: Door, most_bytes: int) -> None:
        self._app, self._door, self._most_bytes = app, door, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope) or self._not_in(scope)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, self._counted(scope, receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._door.is_called(hosts[0]):
            return PlainTextResponse("This server is not called so.", 421)
        if scope["method"] not in _METHODS:
            return PlainTextResponse("There is no such method here.", 405)
        origin = headers.get("origin")
        if origin is not None and not self._door.is_own(origin, hosts[0]):
            return PlainTextResponse("Pages of other servers may ask nothing here.", 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_visit(
            scope, headers
        ):
            return PlainTextResponse("Pages of other servers may ask nothing here.", 403)
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > _MOST_URL_BYTES:
            return PlainTextResponse("The address is too long.", 414)
        if _length(headers) > self._limit(scope):
            return PlainTextResponse("That is more than is taken here.", 413)
        return None

    def _not_in(self, scope: Scope) -> Response | None:
        request = Request(scope)
        session = request.cookies.get(self._door.cookie, "")
        if self._door.is_in(session):
            scope["session_id"] = session
            return None
        if scope["path"].startswith(_OPEN):
            scope["session_id"] = ""
            return None
        if self._door.password is not None and scope["method"] == "GET":
            return RedirectResponse("/login", 303)
        if scope["method"] == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/enter", 303)
        return PlainTextResponse("Open the address that `ebmscreen serve` has printed.", 401)

    def _limit(self, scope: Scope) -> int:
        return self._most_bytes if scope["path"] == UPLOAD else _MOST_FORM_BYTES

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """Return what gives the body, and ends it when it is more than is taken."""
        left = self._limit(scope)

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            if message["type"] == "http.request":
                left -= len(message.get("body", b""))
                if left < 0:
                    return {"type": "http.disconnect"}
            return message

        return counted


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Tell whether somebody follows a link: a whole page is asked for, and nothing is changed."""
    return scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"


def _length(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
