"""Which compounds are taken, and what the report is called: options of `screen` and `report`."""

from __future__ import annotations

from dataclasses import dataclass

import click

from workflows.options import several

CHOICE = several(
    click.option(
        "--require",
        multiple=True,
        metavar="SMARTS",
        help="Only hits that have this substructure; several times: all of them. `SMARTS name` "
        "gives it a name, @FILE takes one of these a line.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="SMARTS",
        help="No hits that have this substructure; several times: none of them. Or @FILE.",
    ),
    click.option("--title", default="", metavar="TEXT", help="Title of the report."),
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Values of `CHOICE`."""

    require: tuple[str, ...]
    exclude: tuple[str, ...]
    title: str
