"""`ebmscreen report`: the HTML report of a run."""

from __future__ import annotations

from pathlib import Path

import click

from workflows.options import COMMON, FOLDER
from workflows.talk import talk_of


@click.command("report", epilog="Example: ebmscreen report run/")
@click.argument("run", type=FOLDER)
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The model file, when it was moved since the run.",
)
@COMMON
def command(
    run: Path,
    model: Path | None,
    config: Path | None,
    seed: int,
    num_workers: int,
    quiet: bool,
    verbose: int,
) -> None:
    """Write RUN/report.html again, from the files that `screen` left in RUN."""
    del config, seed, num_workers
    from screening.report import write_report

    talk = talk_of(quiet, verbose)
    talk.detail(f"reading {run}")
    click.echo(write_report(run, model))
