"""Templates, styles and script put together as one page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from screening.model import versions
from screening.model.archive import finite
from screening.tables import write_atomically

# Names longer than this are cut in the page; hits.csv has them whole.
LONGEST_TEXT = 2_000
STYLES = ("style.css", "hits.css", "print.css")
# One script of the page, in this order; each file has one idea and may use those before it.
SCRIPTS = (
    "dom draw smiles smarts marks browser_store filters substructure cards gallery table form "
    "viewer space export xlsx main"
).split()
# The one of them that keeps what the reader marks; a served page has another in its place.
STORE = "browser_store"
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def _text(folder: str, name: str) -> str:
    return files("screening.report").joinpath(folder, name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("screening.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure_text"] = figure_text
    return environment


def figure_text(value: Any) -> str:
    """Return a figure as a table shows it: three decimals below 10, one above, none for counts."""
    if value is None:
        return ""
    if isinstance(value, str | int):
        return str(value)
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def cut(text: object) -> str:
    """Return a text short enough for a page."""
    whole = str(text)
    if len(whole) <= LONGEST_TEXT:
        return whole
    return f"{whole[:LONGEST_TEXT]}… ({len(whole):,} characters)"


def assemble(template: str, *, title: str, data: dict[str, Any] | None, **content: Any) -> str:
    """Return the whole page.

    Parameters
    ----------
    template
        Name of the template that extends page.html.
    title
        Of the window.
    data
        What the script draws; None for a page without a script's work.
    **content
        What the template shows; text is escaped.
    """
    script = _script() if data is not None else ""
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            style=Markup("\n".join(_text("styles", name) for name in STYLES)),  # noqa: S704
            script=Markup(script),  # noqa: S704
            # The browser itself refuses any other script, and every request.
            script_hash=_digest(script),
            data=None if data is None else json_for_page(data),
            version=versions()["ebmscreen"],
            **content,
        )
    )


def script_digest(*, works: bool = True) -> str:
    """Return the digest of the one script that a report of this version has.

    Parameters
    ----------
    works
        False for that of a page on which no script has work: it is empty.
    """
    return _digest(_script() if works else "")


def _digest(script: str) -> str:
    """Return how a content security policy names the script between its tags."""
    digest = hashlib.sha256(f"\n{script}\n".encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _script() -> str:
    return _closed(script_part(name) for name in SCRIPTS)


def _closed(parts: Iterable[str]) -> str:
    whole = "\n".join(parts)
    return f'"use strict";\n(() => {{\n{whole}}})();'


def script_part(name: str) -> str:
    """Return one of the report's scripts, by its name in `SCRIPTS`."""
    return _text("scripts", f"{name}.js")


def hits_script(store: str, more: str) -> str:
    """Return the script of a served page of hits: the report's own, and what only a server can do.

    Parameters
    ----------
    store
        JavaScript with `recallMarks` and `keepMarks`.
    more
        JavaScript that runs last.
    """
    return _closed([*(store if name == STORE else script_part(name) for name in SCRIPTS), more])


def card_script(*more: str) -> str:
    """Return the script of a page that shows single compounds as the report's cards do."""
    parts = ("dom", "draw", "marks", "gallery", "cards", "export", "xlsx")
    return _closed([*map(script_part, parts), *more])


def data_of_page(html: str) -> dict[str, Any] | None:
    """Return what a report of this version draws; None of another page."""
    found = _DATA.search(html)
    if found is None or script_digest() not in html:
        return None
    try:
        data = json.loads(found[1])
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def write_page(html: str, path: Path) -> Path:
    """Write a page whole or not at all."""
    with write_atomically(path) as temporary:
        temporary.write_text(html, encoding="utf-8", errors="replace", newline="\n")
    return path


_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def json_for_page(data: Any) -> Markup:
    """Return JSON for a script element; signs that HTML or JavaScript would read are escaped."""
    text = json.dumps(finite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half of a surrogate pair cannot be written as UTF-8; a damaged name may hold one.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return Markup(text.translate(_ESCAPES))  # noqa: S704
