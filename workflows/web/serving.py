"""What all pages share: the folder, the door, the queue, and how a page is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from screening.errors import UserError
from workflows.web.assets import assets
from workflows.web.desk import Desk
from workflows.web.drafts import Drafts
from workflows.web.folder import Folder
from workflows.web.jobs import Queue
from workflows.web.safety import Door

# What the head of every page leads to.
PAGES = (("/", "Home"), ("/assay", "New model"), ("/screen", "Screen"), ("/draw", "Draw"))


@dataclass
class Serving:
    """What a server has.

    Attributes
    ----------
    folder : Folder
    door : Door
    queue : Queue
    drafts : Drafts
        Assays that are being looked at.
    most_bytes : int
        Of an upload.
    desk : Desk
        Where structures are scored while they are drawn.
    """

    folder: Folder
    door: Door
    queue: Queue
    drafts: Drafts
    most_bytes: int
    desk: Desk = field(default_factory=Desk)


FormPage = Callable[[Request, FormData], Response]


class ForeignFormError(UserError):
    """A form that was not made by a page of this session."""


def serving(request: Request) -> Serving:
    """Return what the server has that answers a request."""
    found: Serving = request.app.state.serving
    return found


def form_page(answer: FormPage) -> Callable[[Request], Any]:
    """Make an endpoint of what answers a form; forms of other pages are refused before it."""

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=200) as form:
            require_own_form(request, str(form.get("form_token", "")))
            return await run_in_threadpool(answer, request, form)

    return endpoint


def require_own_form(request: Request, token: str) -> None:
    """Raise ForeignFormError unless a token is that of the session's forms."""
    session = request.scope["session_id"]
    if not session or not serving(request).door.is_form_of(session, token):
        raise ForeignFormError(
            "This form does not come from a page of this server, or the server was started anew. "
            "Go back, load the page again, and repeat it."
        )


def show(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Return a page.

    Parameters
    ----------
    request
    template
        Extends page.html.
    status
        Of the answer.
    **content
        What the template shows; text is escaped.
    """
    served = serving(request)
    session = request.scope.get("session_id", "")
    html = (
        _environment()
        .get_template(template)
        .render(
            inside=bool(session),
            form_token=served.door.form_token(session) if session else "",
            here=request.url.path,
            folder_name=served.folder.root.name or str(served.folder.root),
            folder_path=str(served.folder.root),
            **content,
        )
    )
    return HTMLResponse(html.encode("utf-8", "replace"), status)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        # Pages of hits hold the report's own form, as `report/hits.html`.
        loader=ChoiceLoader(
            [
                PackageLoader("workflows.web"),
                PrefixLoader({"report": PackageLoader("screening.report")}),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets().address, pages=PAGES)
    environment.filters.update(path=path_in_address, age=age, count=count, size=size)
    return environment


def path_in_address(name: str) -> str:
    """Return the name of a file as a part of an address."""
    return quote(name, safe="/")


def age(when: float, now: float | None = None) -> str:
    """Return how long ago something was, in words.

    Examples
    --------
    >>> age(0, now=30), age(0, now=170), age(0, now=7200), age(0, now=200_000)
    ('just now', '3 minutes ago', '2 hours ago', '2 days ago')
    """
    seconds = max(0.0, (time.time() if now is None else now) - when)
    if seconds < 60:
        return "just now"
    for name, length, most in (("minute", 60, 60), ("hour", 3600, 24), ("day", 86400, 10**9)):
        number = round(seconds / length)
        if number < most:
            return f"{number} {name}{'' if number == 1 else 's'} ago"
    raise AssertionError("no age is that large")


def count(number: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{round(number):,}"


def size(number: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> size(0), size(1500), size(2_500_000)
    ('0 bytes', '2 kB', '2.5 MB')
    """
    if number < 1000:
        return f"{number:.0f} bytes"
    if number < 1e6:
        return f"{number / 1e3:.0f} kB"
    return f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"
