"""One job: how far it is, what it has found, and the buttons to stop it and have it go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from screening.errors import UserError
from workflows.web.jobs import ACTIVE, Job, Progress, State, progress_of
from workflows.web.pages.best import best_html
from workflows.web.serving import Serving, form_page, path_in_address, serving, show

# Between two looks at a job's files, seconds; and between signs of life where nothing changes.
_LOOK, _SIGN = 0.5, 15.0


def page(request: Request) -> Response:
    """Show a job."""
    served = serving(request)
    job = served.queue.job(request.path_params["id"])
    now = told(served, job)
    return show(
        request,
        "job.html",
        job=job,
        now=now,
        result=result_of(job),
        active=now["active"],
        best=Markup(now["best"]),  # noqa: S704 - escaped where it is made
    )


def told(served: Serving, job: Job) -> dict[str, Any]:
    """Return what the page of a job shows of it now, as JSON-able values."""
    progress = progress_of(job)
    state = served.queue.state(job)
    return {
        "state": str(state),
        "active": state in ACTIVE,
        "sentence": sentence_of(job, state, progress),
        "figures": figures_of(progress) if state is State.RUNNING else "",
        "share": progress.share if state is State.RUNNING else None,
        "said": job.said(),
        "best": best_html(served.folder.root / job.output) if job.kind == "screen" else "",
    }


def sentence_of(job: Job, state: State, progress: Progress) -> str:
    """Say how a job stands."""
    if state is State.RUNNING:
        if progress.stage == "screening" and progress.share is not None and progress.share >= 1:
            return "Ranking and describing the best."
        return (
            f"Running: {progress.stage}."
            if progress.stage
            else "Running: it loads what it needs, and reads its files."
        )
    if state is State.FAILED:
        said = job.said(1)
        return f"Failed. {said[0] if said else ''}".strip()
    return {
        State.WAITING: "Waiting until other jobs have left it cores.",
        State.DONE: "Done.",
        State.STOPPED: "Stopped.",
        State.INTERRUPTED: "Its process ended without a word; there may be too little memory.",
    }[state]


def figures_of(progress: Progress) -> str:
    """Say how much is done, how fast, and how long it still takes."""
    ends = progress.share is not None and progress.share >= 1
    rows = progress.total is None
    parts = []
    if progress.stage:
        whole = f" of {progress.total:,}" if progress.total else ""
        parts.append(f"{progress.done:,}{whole} {'rows' if rows else 'steps'}")
    if rows and progress.stage:
        parts.append(f"{progress.rejects:,} rejected so far")
    if progress.rate is not None and not ends:
        parts.append(f"{progress.rate:,.{0 if progress.rate >= 10 else 1}f} a second")
    if progress.left is not None and not ends:
        parts.append(f"about {duration(progress.left)} left of this stage")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(0.4), duration(12), duration(200), duration(9000)
    ('a moment', '12 seconds', '3 minutes', '2.5 hours')
    """
    if seconds < 2:
        return "a moment"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def result_of(job: Job) -> str:
    """Return the address of what a job has made."""
    kind = {"train": "model", "screen": "run"}.get(job.kind)
    return f"/{kind}/{path_in_address(job.output)}" if kind else "/"


async def events(request: Request) -> Response:
    """Send how a job stands whenever that changes, until it has ended."""
    served = serving(request)
    job = await run_in_threadpool(served.queue.job, request.path_params["id"])
    return StreamingResponse(
        _events(request, served, job),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(request: Request, served: Serving, job: Job) -> AsyncIterator[str]:
    last, quiet = "", 0.0
    while not await request.is_disconnected():
        try:
            now = await run_in_threadpool(told, served, job)
        except UserError:  # somebody has removed it
            return
        text = json.dumps(now)
        if text != last:
            yield f"data: {text}\n\n"
            last, quiet = text, 0.0
        elif quiet >= _SIGN:
            yield ": still here\n\n"
            quiet = 0.0
        if not now["active"]:
            return
        await asyncio.sleep(_LOOK)
        quiet += _LOOK


def stop(request: Request, form: FormData) -> Response:
    """Stop a job."""
    del form
    queue = serving(request).queue
    queue.stop(queue.job(request.path_params["id"]))
    return RedirectResponse(f"/job/{request.path_params['id']}", 303)


def go_on(request: Request, form: FormData) -> Response:
    """Have a job that was stopped go on."""
    del form
    queue = serving(request).queue
    queue.go_on(queue.job(request.path_params["id"]))
    return RedirectResponse(f"/job/{request.path_params['id']}", 303)


def forget(request: Request, form: FormData) -> Response:
    """Take a job that has ended off the list; what it made stays."""
    del form
    queue = serving(request).queue
    job = queue.job(request.path_params["id"])
    if queue.state(job) in (State.WAITING, State.RUNNING):
        raise UserError("stop the job first.")
    job.forget()
    return RedirectResponse("/", 303)


ROUTES = [
    Route("/job/{id}", page),
    Route("/job/{id}/events", events),
    Route("/job/{id}/stop", form_page(stop), methods=["POST"]),
    Route("/job/{id}/continue", form_page(go_on), methods=["POST"]),
    Route("/job/{id}/forget", form_page(forget), methods=["POST"]),
]
