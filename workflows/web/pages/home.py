"""Home: what lies in the folder, and what goes on."""

from __future__ import annotations

import shutil

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from screening.samples import sample
from workflows.web.folder import look
from workflows.web.serving import form_page, serving, show

# The bundled assay and library, under the names that they get.
SAMPLES = {"bace.csv": "bace.csv", "wehi.csv.gz": "library.csv.gz"}


def home(request: Request) -> Response:
    """Show models, runs, libraries, tables and jobs."""
    served = serving(request)
    jobs = [(job, served.queue.state(job)) for job in served.queue.jobs()]
    return show(request, "home.html", found=look(served.folder), jobs=jobs)


def take_samples(request: Request, form: FormData) -> Response:
    """Copy the bundled assay and library into the folder, and begin with the assay."""
    del form
    served = serving(request)
    for name, new in SAMPLES.items():
        path = served.folder.root / new
        if not path.exists():
            shutil.copyfile(sample(name), path)
    return RedirectResponse("/assay?file=bace.csv", 303)


ROUTES = [
    Route("/", home),
    Route("/samples", form_page(take_samples), methods=["POST"]),
]
