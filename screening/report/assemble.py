"""Templates, styles and script put together as one page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from screening.model import versions
from screening.report.island import island
from screening.tables import write_atomically

STYLES = ("style.css", "hits.css", "print.css")
SCRIPTS = "start dom draw cards table filters export main".split()


def resource(name: str) -> str:
    """Return the text of a file of the templates folder."""
    return files("screening.report").joinpath("templates", name).read_text(encoding="utf-8")


class _Loader(BaseLoader):
    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        del environment
        try:
            return resource(template), template, lambda: True
        except OSError as error:
            raise TemplateNotFound(template) from error


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=_Loader(),
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
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            style=Markup("\n".join(resource(name) for name in STYLES)),  # noqa: S704
            script=Markup(script),  # noqa: S704
            # The browser itself refuses any other script, and every request.
            script_hash=f"sha256-{digest}",
            data=None if data is None else island(data),
            version=versions()["ebmscreen"],
            **content,
        )
    )


def _script() -> str:
    parts = "\n".join(resource(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();'


def write_page(html: str, path: Path) -> Path:
    """Write a page whole or not at all."""
    with write_atomically(path) as temporary:
        temporary.write_text(html, encoding="utf-8", errors="replace", newline="\n")
    return path
