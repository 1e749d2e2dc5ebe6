"""Styles and scripts of the pages, sent under an address that changes when they do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

# Name in addresses -> package and folders of it. The report's own style and scripts are shared.
_PLACES = {
    "web": ("workflows.web", ("styles", "scripts", "vendor")),
    "report": ("screening.report", ("styles", "scripts")),
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Assets:
    """What is sent as it is.

    Attributes
    ----------
    files : dict of str to bytes
        By name: `web/web.css`, `web/job.js`, `report/style.css`.
    version : str
        Changes with any of them, so that browsers may keep them for good.
    """

    files: dict[str, bytes]
    version: str

    def address(self, name: str) -> str:
        """Return where a file is sent; KeyError when there is none."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"


@lru_cache(maxsize=1)
def assets() -> Assets:
    """Return all assets, read once."""
    found: dict[str, bytes] = {}
    for place, (package, folders) in _PLACES.items():
        for folder in folders:
            for entry in files(package).joinpath(folder).iterdir():
                if _type(entry.name):
                    found[f"{place}/{entry.name}"] = entry.read_bytes()
    found |= _page_scripts()
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name])
    return Assets(found, digest.hexdigest()[:16])


def _page_scripts() -> dict[str, bytes]:
    """Return the scripts of pages that show compounds as the report does, with its own parts."""
    from screening.report import card_script, hits_script

    folder = files("workflows.web").joinpath("scripts", "parts")

    def part(name: str) -> str:
        return folder.joinpath(name).read_text(encoding="utf-8")

    return {
        "web/hits_page.js": hits_script(part("folder_store.js"), part("hits.js")).encode(),
        "web/draw_page.js": card_script(part("draw.js")).encode(),
    }


def _type(name: str) -> str:
    return next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), "")


async def send_asset(request: Request) -> Response:
    """Send one asset."""
    name, known = request.path_params["name"], assets()
    if name not in known.files or request.path_params["version"] != known.version:
        return PlainTextResponse("There is no such file.", 404)
    return Response(
        known.files[name],
        media_type=_type(name),
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
