"""`ebmscreen pick`: the next plate from the hits of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from workflows.config import write_config
from workflows.options import COMMON, Common
from workflows.plate import PLATE, PlateChoice


@dataclass(frozen=True, kw_only=True)
class PickRequest(Common, PlateChoice):
    """What the command line asks for."""

    n: int
    model: Path | None


@click.command(
    "pick", epilog="Example: ebmscreen pick run/ --n 80 --mode qpo --controls 8 --spare 8"
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--n",
    type=click.IntRange(min=1),
    default=96,
    show_default=True,
    help="Compounds to buy.",
)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The model file, when it was moved since the run.",
)
@PLATE
@COMMON
def command(run: Path, **given: Any) -> None:
    """Pick the next plate from the hits of a finished RUN, and lay it out.

    Writes plate.csv, plate.sdf and plate.xlsx into the run's folder, in place of those that are
    there, and prints the plate. Nothing is scored or ranked again.
    """
    asked = PickRequest(**given)
    options = asked.of(asked.n, asked.seed)
    from screening.turns import pick_plate_of, plate_text

    picked = pick_plate_of(run, options, asked.model)
    messages = asked.messages
    write_config(click.get_current_context(), run / "pick.toml")
    click.echo(plate_text(picked))
    messages.announce(f"{', '.join(str(path) for path in picked.files)} are written.")
    short = asked.n - len(picked.plate.picked())
    if short:
        messages.warn(
            f"{short} fewer than asked for: the other hits are barred, and the column pick_reason "
            "of the report's cards says why; loosen the limits, or list more hits with --top."
        )
    if (run / "report.html").is_file():
        messages.detail(
            f"{run / 'report.html'} shows what was suggested when it was written; `ebmscreen "
            f"report {run} --budget {asked.n}` with the same options writes both."
        )
