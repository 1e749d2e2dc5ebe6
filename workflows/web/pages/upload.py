"""Files that come from the browser, as they are: the body of a request is the file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workflows.web.folder import receive
from workflows.web.serving import require_own_form, serving


async def upload(request: Request) -> Response:
    """Write the body to a file of the folder; answer with its name."""
    require_own_form(request, request.headers.get("x-form-token", ""))
    served = serving(request)
    given = request.query_params.get("name", "")
    path = await receive(served.folder, given, request.stream(), served.most_bytes)
    return JSONResponse({"name": served.folder.name(path)})


ROUTES = [Route("/upload", upload, methods=["POST"])]
