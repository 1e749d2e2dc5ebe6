"""Models and runs: their reports as they are, and what else they leave, to be saved."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from screening.errors import UserError
from workflows.web.folder import Folder
from workflows.web.serving import path_in_address, serving

# Of a run's folder, these are sent.
FILES = {
    "hits.csv": "text/csv",
    "rejects.csv": "text/csv",
    "hits.parquet": "application/octet-stream",
    "plate.csv": "text/csv",
    "plate.sdf": "chemical/x-mdl-sdfile",
    "plate.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def model(request: Request) -> Response:
    """Show a model's report; it is written when it is first asked for."""
    folder = serving(request).folder
    path = folder.existing(request.path_params["name"])
    report = path.with_suffix(".report.html")
    query = urlencode({"model": request.path_params["name"]})
    if path.suffix != ".ebm" or not path.is_file():
        raise UserError(f"{path.name} is no model.")
    if not report.is_file() or report.stat().st_mtime < path.stat().st_mtime:
        from screening.report import write_model_report

        write_model_report(path, report)
    return send_report(report, {"Home": "/", "Screen a library with it": f"/screen?{query}"})


def run(request: Request) -> Response:
    """Go to what a run has to show."""
    name = request.path_params["name"]
    run_folder(serving(request).folder, name)
    return RedirectResponse(f"/hits/{path_in_address(name)}", 303)


def report(request: Request) -> Response:
    """Show the report of a run."""
    path = run_folder(serving(request).folder, request.path_params["name"]) / "report.html"
    if not path.is_file():
        raise UserError(f"{path.parent.name} has no report yet.")
    return send_report(path, {"Home": "/"})


def file(request: Request) -> Response:
    """Send one of the files of a run."""
    name, _, last = request.path_params["name"].rpartition("/")
    path = run_folder(serving(request).folder, name) / last
    if last not in FILES or path.is_symlink() or not path.is_file():
        raise UserError("there is no such file in this run.")
    return FileResponse(path, media_type=FILES[last], filename=last)


def run_folder(folder: Folder, name: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    UserError
        There is none of that name.
    """
    path = folder.existing(name)
    if not path.is_dir() or not ((path / "run.json").is_file() or (path / "shards").is_dir()):
        raise UserError(f"{path.name} is no run.")
    return path


def send_report(path: Path, links: dict[str, str]) -> Response:
    """Send a report under rules of its own: its style and its script, and no request at all.

    A report that this version has not written may be anybody's page: its script runs, if at all,
    apart from the pages of this server.

    Parameters
    ----------
    path
        Of the report.
    links
        What is put above it: texts and addresses.
    """
    if path.is_symlink():
        raise UserError(f"{path.name} leads out of this folder.")
    html = path.read_text(encoding="utf-8", errors="replace")
    bar = " · ".join(
        f'<a href="{escape(address)}">{escape(text)}</a>' for text, address in links.items()
    )
    return HTMLResponse(
        html.replace("<body>", f"<body>\n<p>{bar}</p>", 1).encode("utf-8", "replace"),
        headers={"Content-Security-Policy": f"{report_policy(html)}; frame-ancestors 'none'"},
    )


def report_policy(html: str) -> str:
    """Return what the browser is told of a report: only the script of this version is trusted."""
    from screening.report import script_digest

    ours = {script_digest(), script_digest(works=False)}
    scripts = _SCRIPT.findall(html)
    digests = (hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in scripts)
    found = {f"sha256-{base64.b64encode(digest).decode()}" for digest in digests}
    rules = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"
    rules += "; form-action 'none'"
    if found <= ours:
        trusted = " ".join(f"'{digest}'" for digest in sorted(ours))
        return f"{rules}; script-src {trusted}"
    return f"{rules}; script-src 'unsafe-inline'; sandbox allow-scripts allow-downloads"


ROUTES = [
    Route("/model/{name:path}", model),
    Route("/run/{name:path}", run),
    Route("/report/{name:path}", report),
    Route("/file/{name:path}", file),
]
