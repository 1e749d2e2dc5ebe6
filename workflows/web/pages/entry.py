"""Coming in: with the printed address, or with the password."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workflows.web.serving import Serving, serving, show


def enter(request: Request) -> Response:
    """Let in whoever has the token of the address; tell others how to come in."""
    served = serving(request)
    if served.door.password is not None:
        return RedirectResponse("/login", 303)
    if served.door.knows_token(request.query_params.get("token", "")):
        return _let_in(served)
    if request.scope["session_id"]:
        return RedirectResponse("/", 303)
    return show(request, "enter.html", status=401)


def login(request: Request) -> Response:
    """Ask for the password."""
    if serving(request).door.password is None:
        return RedirectResponse("/enter", 303)
    return show(request, "login.html", sentence="")


async def log_in(request: Request) -> Response:
    """Let in whoever knows the password."""
    served = serving(request)
    password = served.door.password
    if password is None:
        return RedirectResponse("/enter", 303)
    async with request.form(max_files=0, max_fields=10) as form:
        given = str(form.get("password", ""))
    if password.wait():
        sentence = f"Too many tries; wait {password.wait():.0f} seconds."
        return show(request, "login.html", status=429, sentence=sentence)
    if not await run_in_threadpool(password.tell, given):
        return show(request, "login.html", status=403, sentence="That is not the password.")
    return _let_in(served)


def _let_in(served: Serving) -> Response:
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        served.door.cookie, served.door.let_in(), path="/", httponly=True, samesite="strict"
    )
    return answer


ROUTES = [
    Route("/enter", enter),
    Route("/login", login),
    Route("/login", log_in, methods=["POST"]),
]
