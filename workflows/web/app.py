"""The application: every address with the page that answers it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from threading import Thread

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from screening.errors import UserError
from workflows.web.assets import send_asset
from workflows.web.drafts import Drafts
from workflows.web.folder import Folder, OutsideError, TooLargeError
from workflows.web.jobs import Queue
from workflows.web.pages import assay, draw, entry, hits, home, jobs, results, screen, upload
from workflows.web.safety import Door, Guard
from workflows.web.serving import ForeignFormError, Serving, show

# Seconds between looks at the queue.
_TURN = 0.5
# What is answered while models and drawings are still being loaded.
_AT_ONCE = ("/static/", "/enter", "/login", "/upload", "/samples")
# All that pages import when they need it.
_NEEDED = ("screening.model", "screening.assay", "screening.predictions", "screening.report")


def routes() -> list[BaseRoute]:
    """Return every address."""
    pages = [
        entry.ROUTES,
        home.ROUTES,
        upload.ROUTES,
        assay.ROUTES,
        screen.ROUTES,
        jobs.ROUTES,
        results.ROUTES,
        hits.ROUTES,
        draw.ROUTES,
    ]
    return [
        Route("/static/{version}/{name:path}", send_asset),
        *(route for page in pages for route in page),
    ]


def make_app(
    folder: Folder, door: Door, *, cores: int, most_bytes: int, take_over: bool = True
) -> Starlette:
    """Return the application that serves a folder.

    Parameters
    ----------
    folder
    door
        Who is let in.
    cores
        Worker processes of all jobs together.
    most_bytes
        Of an upload.
    take_over
        Whether jobs that were interrupted go on when the server begins.
    """
    queue, loaded = Queue(folder, cores), asyncio.Event()
    app = Starlette(
        routes=routes(),
        middleware=[
            Middleware(Guard, door=door, most_bytes=most_bytes),
            Middleware(_WhenLoaded, loaded=loaded),
        ],
        exception_handlers={
            UserError: _say,
            HTTPException: _say_http,
            ClientDisconnect: _say_too_much,
        },
        lifespan=_life(queue, take_over, loaded),
    )
    app.state.serving = Serving(folder, door, queue, Drafts(), most_bytes)
    return app


class _WhenLoaded:
    """Has pages wait until all is loaded that they import; how one comes in does not wait.

    Two threads that import modules of one circle at a time get them half made.
    """

    def __init__(self, app: ASGIApp, loaded: asyncio.Event) -> None:
        self._app, self._loaded = app, loaded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request when it can be."""
        if scope["type"] == "http" and not scope["path"].startswith(_AT_ONCE):
            await self._loaded.wait()
        await self._app(scope, receive, send)


def _life(queue: Queue, take_over: bool, loaded: asyncio.Event):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        if take_over:
            await run_in_threadpool(queue.take_over)
            await run_in_threadpool(queue.turn)
        # What models need takes seconds to load: most of it is there when a page asks for it.
        loop = asyncio.get_running_loop()
        Thread(target=_load, args=(loop, loaded), daemon=True).start()
        turning = asyncio.create_task(_turn(queue))
        yield
        await run_in_threadpool(app.state.serving.desk.close)
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning

    return life


async def _turn(queue: Queue) -> None:
    while True:
        with suppress(OSError, UserError):
            await run_in_threadpool(queue.turn)
        await asyncio.sleep(_TURN)


def _load(loop: asyncio.AbstractEventLoop, loaded: asyncio.Event) -> None:
    try:
        for name in _NEEDED:
            import_module(name)
    finally:  # without it pages would wait for good; they say what is wrong
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(loaded.set)


def _status(error: UserError) -> int:
    if isinstance(error, ForeignFormError):
        return 403
    if isinstance(error, TooLargeError):
        return 413
    return 404 if isinstance(error, OutsideError) else 400


async def _say(request: Request, error: Exception) -> Response:
    """Show the sentence of an error on a page, or send it to a script."""
    assert isinstance(error, UserError)
    return _answer(request, str(error), _status(error))


async def _say_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _answer(request, sentence, error.status_code)


async def _say_too_much(request: Request, error: Exception) -> Response:
    del request, error
    return PlainTextResponse("That is more than is taken here.", 413)


def _answer(request: Request, sentence: str, status: int) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": sentence}, status)
    return show(request, "error.html", status=status, sentence=sentence)
